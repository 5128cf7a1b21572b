/**
 * Offers and what came of them: ranks by what people answered, keeps some back to measure, writes down everything that is shown. What an
 * operator is shown is written before it is shown; what a site is shown follows within a moment, so that a shop's page never waits for it.
 */
import type { Storage } from "../../storage/database.ts";
import { Refusal } from "../../desk/replies.ts";
import { Outbox } from "../../storage/outbox.ts";
import { isAboutValues, openGather } from "../gather.ts";
import type { Occasion, Offer, OfferLoop, OffersAnswer, ShownOffer } from "../model.ts";
import {
  type LoopShares,
  LOOP_SHARES,
  isExplored,
  isHeld,
  isLearned,
  showingIdOf,
} from "./arms.ts";
import { readLearned } from "./learned.ts";
import { NO_ANSWERS, chosen, ranked } from "./rank.ts";
import {
  type Known,
  type Showing,
  readKnown,
  settleIgnored,
  writeAnswer,
  writeShowings,
} from "./showings.ts";

/** What is logged; pino fits. */
export interface LoopLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export type LoopOptions = {
  readonly storage: Pick<Storage, "db" | "pool">;
  readonly log: LoopLog;
  readonly shares?: LoopShares;
  /** At most so many on one screen; default 6. */
  readonly limit?: number;
  /** Answers are counted so often; default 5 minutes. */
  readonly learnEveryMs?: number;
  /** Without an answer for so long an offer was ignored; default 2 hours. */
  readonly ignoredAfterMs?: number;
};

/** The loop as it is opened. */
export type RunningLoop = OfferLoop & {
  /** Counts answers and settles what nobody answered, now. */
  learn(): Promise<void>;
  counters(): { readonly waiting: number; readonly lost: number };
  /** Writes what is left. */
  close(): Promise<void>;
};

const LEARN_EVERY_MS = 5 * 60_000;
const IGNORED_AFTER_MS = 2 * 3_600_000;
const CLOSE_WITHIN_MS = 5000;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Begins to learn at once, and again and again until it is closed. */
export function openOfferLoop(options: LoopOptions): RunningLoop {
  const { storage, log, shares = LOOP_SHARES, limit = 6 } = options;
  const { db, pool } = storage;
  let learned = NO_ANSWERS;
  const outbox = new Outbox<Showing>({
    name: "offers shown",
    write: (showings) => writeShowings(db, showings),
    log,
  });
  const known = openGather<Occasion, Known>({
    ask: (occasions) => readKnown(pool, occasions),
    isOwn: isAboutValues,
  });
  const learn = async () => {
    await settleIgnored(db, options.ignoredAfterMs ?? IGNORED_AFTER_MS);
    learned = await readLearned(db);
  };
  const learnSoon = () => {
    learn().catch((error: unknown) =>
      log.warn({ err: error }, "answers to offers are counted later"),
    );
  };
  learnSoon();
  const learning = setInterval(learnSoon, options.learnEveryMs ?? LEARN_EVERY_MS);
  learning.unref();

  return { show, answer, learn, counters, close };

  async function show(
    answer: OffersAnswer,
    occasion: Occasion,
    nowMs: number,
  ): Promise<readonly ShownOffer[]> {
    if (answer.offers.length === 0) return [];
    const { shown, refused } = await known(occasion);
    // What the cart does not work without is said again, whatever was said another day about another cart.
    const open = answer.offers.filter(({ key, kind }) => kind === "needed" || !refused.has(key));
    const order = ranked(open, learned);
    const held = occasion.customerId !== null && isHeld(occasion.customerId, nowMs, shares.held);
    const back = held ? order.filter(({ kind }) => isLearned(kind)).slice(0, limit) : [];
    const front = held ? order.filter(({ kind }) => !isLearned(kind)) : order;
    const who = occasion.customerId ?? occasion.id;
    const seen = chosen(front, limit, isExplored(who, nowMs, shares.explored), learned);
    const showing = (offer: Offer, place: number, arm: Showing["arm"]): Showing => ({
      id: shown.get(offer.key)?.showingId ?? showingIdOf(occasion.id, offer.key),
      ...{ offer, occasion, place, arm, shownAtMs: nowMs },
    });
    const shownNow = seen.map(({ offer, arm }, place) => showing(offer, place, arm));
    const heldNow = back.map((offer, place) => showing(offer, place, "held"));
    const showings = [...shownNow, ...heldNow].filter(({ offer }) => !shown.has(offer.key));
    if (occasion.channel === "operator") await writeShowings(db, showings);
    else for (const each of showings) outbox.put(each.id, each);
    return shownNow.map(({ id, offer }) => {
      const before = shown.get(offer.key);
      return {
        ...offer,
        showingId: id,
        answer: before?.answer ?? "",
        answerReason: before?.answerReason ?? "",
      };
    });
  }

  async function answer(
    showingId: string,
    said: Parameters<OfferLoop["answer"]>[1],
  ): Promise<ShownOffer> {
    if (!UUID.test(showingId)) throw new Refusal("invalid", "showingId: must be a UUID");
    const { quantity = null, reason = "", userId } = said;
    if (quantity !== null && !(quantity > 0 && quantity <= 1_000_000))
      throw new Refusal("invalid", "quantity: must be more than 0, up to 1000000");
    if (reason !== "" && said.answer !== "refused")
      throw new Refusal("invalid", "reason: only what is refused has one");
    const write = () =>
      writeAnswer(db, showingId, { answer: said.answer, reason, quantity, userId });
    let answered = await write();
    if (answered === null && outbox.waiting > 0) {
      // A quick customer: it was shown, and is not written yet.
      await outbox.flush();
      answered = await write();
    }
    if (answered === null)
      throw new Refusal("notFound", "showingId: nothing was shown under this id");
    return answered;
  }

  function counters() {
    return { waiting: outbox.waiting, lost: outbox.lost };
  }

  async function close(): Promise<void> {
    clearInterval(learning);
    const left = await outbox.close(CLOSE_WITHIN_MS);
    if (left > 0) log.warn({ left }, "offers shown could not be written");
  }
}
