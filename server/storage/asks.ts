/**
 * What one process asks of whichever process can answer: a deed that only the holder of a PBX's lease may do, asked for by somebody whose
 * screen is on another process. Unlike a hint it has an answer, and the asker waits for it.
 */

import { type Static, type TSchema, Type } from "typebox";
import { Compile } from "typebox/compile";

const Id = Type.String({ maxLength: 200 });

/** Every question and the shape of what is asked; it is checked when it comes from another process. What is answered is that it was done. */
const shapes = {
  /** A supervisor moves a waiting caller by hand; answered by the holder of the PBX. */
  moveByHand: Type.Object({
    pbx: Id,
    queue: Id,
    channelId: Id,
    position: Type.Number(),
    by: Id,
  }),
  /** An operator wants an offered call made; answered by the process that offers it. */
  previewCall: Type.Object({ userId: Id, attemptId: Id }),
  /** An operator puts an offered call aside; answered by the process that offers it. */
  previewSkip: Type.Object({
    userId: Id,
    attemptId: Id,
    reason: Type.String({ maxLength: 2000 }),
  }),
} satisfies Record<string, TSchema>;

/** Every question: what is asked, and what is answered. All of it is plain JSON. */
export type Questions = {
  [K in keyof typeof shapes]: {
    readonly asked: Readonly<Static<(typeof shapes)[K]>>;
    readonly answer: null;
  };
};

const checks = new Map(
  Object.entries(shapes).map(([question, shape]) => [question, Compile(shape as TSchema)]),
);

/** What another process asks; "unknown" when only a later version knows the question. */
export function readQuestion(
  question: string,
  asked: unknown,
):
  | { readonly question: keyof Questions; readonly asked: Questions[keyof Questions]["asked"] }
  | "unknown"
  | "malformed" {
  const check = checks.get(question);
  if (check === undefined) return "unknown";
  return check.Check(asked) ? ({ question, asked } as never) : "malformed";
}

/** A question whose answer is a refusal: the same code and words as if it had been asked here. */
export class AskRefused extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = "AskRefused";
    this.code = code;
  }
}

/** Nobody answered: no process can, or none heard it in time. */
export class NobodyAnswers extends Error {
  constructor(question: string) {
    super(`no process answers ${question}`);
    this.name = "NobodyAnswers";
  }
}

/** Questions among processes. */
export interface Asks {
  /**
   * Answers a question from now on whenever `isMine` says so. What `deed` throws with a string `code` reaches the asker as
   * {@link AskRefused}. @returns how to stop.
   */
  answer<K extends keyof Questions>(
    question: K,
    isMine: (asked: Questions[K]["asked"]) => boolean,
    deed: (asked: Questions[K]["asked"]) => Promise<Questions[K]["answer"]>,
  ): () => void;
  /**
   * Asks this process first, then all others.
   * @throws AskRefused with the answerer's code; {@link NobodyAnswers} after three seconds, or at once when no other process can be reached.
   */
  ask<K extends keyof Questions>(
    question: K,
    asked: Questions[K]["asked"],
  ): Promise<Questions[K]["answer"]>;
  close(): Promise<void>;
}

type Answerer = {
  readonly isMine: (asked: never) => boolean;
  readonly deed: (asked: never) => Promise<unknown>;
};

/** Who answers in this process. */
export type Answerers = {
  /** @returns how to stop. */
  add<K extends keyof Questions>(
    question: K,
    isMine: (asked: Questions[K]["asked"]) => boolean,
    deed: (asked: Questions[K]["asked"]) => Promise<Questions[K]["answer"]>,
  ): () => void;
  /** The deed of the first whose question it is; null when it is nobody's here. */
  find<K extends keyof Questions>(
    question: K,
    asked: Questions[K]["asked"],
  ): (() => Promise<unknown>) | null;
  clear(): void;
};

/** Nobody yet. */
export function createAnswerers(): Answerers {
  const answerers = new Map<string, Set<Answerer>>();
  return {
    add(question, isMine, deed) {
      const of = answerers.get(question) ?? new Set();
      const answerer = { isMine, deed } as Answerer;
      answerers.set(question, of.add(answerer));
      return () => void of.delete(answerer);
    },
    find(question, asked) {
      for (const { isMine, deed } of answerers.get(question) ?? [])
        if (isMine(asked as never)) return () => deed(asked as never);
      return null;
    },
    clear: () => answerers.clear(),
  };
}

/** Questions of one process. */
export function localAsks(): Asks {
  const answerers = createAnswerers();
  return {
    answer: (question, isMine, deed) => answerers.add(question, isMine, deed),
    async ask(question, asked) {
      const deed = answerers.find(question, asked);
      if (deed === null) throw new NobodyAnswers(question);
      try {
        return (await deed()) as never;
      } catch (error) {
        throw refusedOf(error);
      }
    },
    close: async () => answerers.clear(),
  };
}

/** The error as an asker gets it. */
export function refusedOf(error: unknown): unknown {
  const { code } = error as { code?: unknown };
  return error instanceof Error && typeof code === "string"
    ? new AskRefused(code, error.message)
    : error;
}
