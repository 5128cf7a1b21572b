/**
 * Questions over redis. Whoever takes one up claims it first, and redis' own clock tells whether it is still wanted: however many can answer
 * it, and however long one of them stood still, it is done at most once and never after its asker gave up.
 */
import { randomUUID } from "node:crypto";
import { type Static, Type } from "typebox";
import { Compile } from "typebox/compile";
import {
  type Asks,
  AskRefused,
  NobodyAnswers,
  type Questions,
  createAnswerers,
  readQuestion,
  refusedOf,
} from "./asks.ts";
import type { Redis } from "./redis.ts";
import { LONGEST_BYTES, type Wire } from "./wire.ts";

/** An answer is waited for so long. */
const ANSWER_WITHIN_MS = 3000;
/** A question may be taken up so long after it was said; less than it is waited for, so that there is time to do it. */
const TAKEN_WITHIN_MS = 2500;
/** A claim outlives its question by far. */
const CLAIM_MS = 60_000;
const CLAIM_DEADLINE_MS = 1000;
const MOST_WAITING = 1000;
const LONGEST_REASON = 500;

const ASK = "ask";
const ANSWER = "answer";

const asking = Compile(
  Type.Object({
    id: Type.String({ maxLength: 50 }),
    question: Type.String(),
    asked: Type.Unknown(),
  }),
);
const AnswerShape = Type.Object({
  id: Type.String({ maxLength: 50 }),
  /** Null when it was done. */
  refused: Type.Union([
    Type.Null(),
    /** Without a code it failed. */
    Type.Object({ code: Type.Union([Type.String(), Type.Null()]), message: Type.String() }),
  ]),
});
const answering = Compile(AnswerShape);
type Answer = Static<typeof AnswerShape>;

/** How many ms are left to begin it; 0 when it is too late or somebody else has it. */
const CLAIM = `
local time = redis.call('TIME')
local left = tonumber(ARGV[1]) - (time[1] * 1000 + math.floor(time[2] / 1000))
if left <= 0 then return 0 end
if not redis.call('SET', KEYS[1], '1', 'NX', 'PX', ARGV[2]) then return 0 end
return left`;

type Waiting = {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
};

/** Questions to all processes of the wire. `onError` is told of deeds whose failure has no code. */
export function sharedAsks(parts: {
  readonly redis: Redis;
  readonly wire: Wire;
  readonly onError: (error: unknown) => void;
}): Asks {
  const { redis, wire, onError } = parts;
  const answerers = createAnswerers();
  const waiting = new Map<string, Waiting>();
  const stops = [
    wire.hear(ASK, (body, { atMs }) => {
      if (!asking.Check(body)) throw new TypeError("a question of another shape");
      const read = readQuestion(body.question, body.asked);
      if (read === "malformed") throw new TypeError(`${body.question} of another shape`);
      if (read !== "unknown") void takeUp(body.id, read.question, read.asked, atMs);
    }),
    wire.hear(ANSWER, (body) => {
      if (!answering.Check(body)) throw new TypeError("an answer of another shape");
      const { id, refused } = body;
      const asker = waiting.get(id);
      if (refused === null) asker?.resolve();
      else
        asker?.reject(
          refused.code === null
            ? new Error(refused.message)
            : new AskRefused(refused.code, refused.message),
        );
    }),
  ];

  const claimKey = (id: string) => `${redis.prefix}:ask:${id}`;
  /** A redis that stood still must not give it out later: nobody can claim it from now on. Right behind the question, so it cannot be taken between. */
  const withdraw = (id: string) =>
    redis.send((client) =>
      client.set(claimKey(id), "0", {
        condition: "NX",
        expiration: { type: "PX", value: CLAIM_MS },
      }),
    );

  async function takeUp<K extends keyof Questions>(
    id: string,
    question: K,
    asked: Questions[K]["asked"],
    saidAtMs: number,
  ): Promise<void> {
    if (answerers.find(question, asked) === null) return;
    const sinceMs = performance.now();
    let leftMs: number;
    try {
      const claim = await redis.run(CLAIM_DEADLINE_MS, (client) =>
        client.eval(CLAIM, {
          keys: [claimKey(id)],
          arguments: [String(saidAtMs + TAKEN_WITHIN_MS), String(CLAIM_MS)],
        }),
      );
      leftMs = Number(claim);
    } catch {
      // Not claimed, not done; its asker hears of nobody.
      return;
    }
    // This process may have stood still since, and somebody else may be the one who answers now.
    const deed = performance.now() - sinceMs < leftMs ? answerers.find(question, asked) : null;
    if (deed === null) return;
    let refused: Answer["refused"] = null;
    try {
      await deed();
    } catch (error) {
      const { code, message } = error as { code?: unknown; message?: unknown };
      refused = {
        code: typeof code === "string" ? code : null,
        message: String(message).slice(0, LONGEST_REASON),
      };
      if (refused.code === null) onError(error);
    }
    wire.said(ANSWER, { id, refused }).catch(() => undefined);
  }

  return {
    answer: (question, isMine, deed) => answerers.add(question, isMine, deed),
    async ask(question, asked) {
      const deed = answerers.find(question, asked);
      if (deed !== null) {
        try {
          return (await deed()) as never;
        } catch (error) {
          throw refusedOf(error);
        }
      }
      const id = randomUUID();
      const body = { id, question, asked };
      const fits = JSON.stringify(body).length * 4 <= LONGEST_BYTES;
      if (!fits || waiting.size >= MOST_WAITING || !wire.state().ok)
        throw new NobodyAnswers(question);
      let timer: NodeJS.Timeout | undefined;
      const answered = new Promise<null>((resolve, reject) => {
        waiting.set(id, { resolve: () => resolve(null), reject });
        timer = setTimeout(() => reject(new NobodyAnswers(question)), ANSWER_WITHIN_MS);
      });
      answered.catch(() => undefined);
      try {
        wire.said(ASK, body).catch(() => waiting.get(id)?.reject(new NobodyAnswers(question)));
        return await answered;
      } catch (error) {
        if (error instanceof NobodyAnswers) withdraw(id);
        throw error;
      } finally {
        clearTimeout(timer);
        waiting.delete(id);
      }
    },
    async close() {
      for (const stop of stops) stop();
      for (const { reject } of waiting.values()) reject(new NobodyAnswers("a server that stops"));
      answerers.clear();
    },
  };
}
