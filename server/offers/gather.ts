/** Questions that come while others are being answered are asked together: a round trip costs as much for one as for many. */

/** How they are asked. */
export type GatherOptions<Question, Answer> = {
  /** Answers in the order of the questions. */
  readonly ask: (questions: readonly Question[]) => Promise<readonly Answer[]>;
  /** Whether such a failure is one question's own; then each is asked alone, and fails alone. */
  readonly isOwn: (error: unknown) => boolean;
  /** Asked together at most; default 64. */
  readonly most?: number;
};

type Waiting<Question, Answer> = {
  readonly question: Question;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
};

/** One batch is under way at a time, so what it brings is newer than what all before it brought. */
export function openGather<Question, Answer>({
  ask,
  isOwn,
  most = 64,
}: GatherOptions<Question, Answer>): (question: Question) => Promise<Answer> {
  let waiting: Waiting<Question, Answer>[] = [];
  let isAsking = false;

  return (question) => {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    waiting.push({ question, resolve, reject });
    if (!isAsking) {
      isAsking = true;
      // What comes with the same reading of the sockets is asked with it.
      setImmediate(() => void askNext());
    }
    return promise;
  };

  async function askNext(): Promise<void> {
    const batch = waiting.slice(0, most);
    isAsking = batch.length > 0;
    if (!isAsking) return;
    waiting = waiting.slice(most);
    let settle: () => void;
    try {
      const answers = await ask(batch.map(({ question }) => question));
      settle = () => batch.forEach(({ resolve }, index) => resolve(answers[index]!));
    } catch (error) {
      if (batch.length > 1 && isOwn(error)) {
        for (const one of batch) await askAlone(one);
        settle = () => undefined;
      } else settle = () => batch.forEach(({ reject }) => reject(error));
    }
    void askNext();
    settle();
  }

  /** Nothing else is asked meanwhile. */
  async function askAlone({ question, resolve, reject }: Waiting<Question, Answer>): Promise<void> {
    try {
      resolve((await ask([question]))[0]!);
    } catch (error) {
      reject(error);
    }
  }
}

/** PostgreSQL could not take what one of the questions says. */
export function isAboutValues(error: unknown): boolean {
  return error instanceof Error && "code" in error && String(error.code).startsWith("22");
}
