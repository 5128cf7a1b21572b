/**
 * Orders as the card works on them. What an operator asks is written first, then asked of the system the order comes from; while that
 * cannot be reached it waits and is asked again, by whichever process lives, until it is done, refused, or given back to a person.
 */
import { setTimeout as pause } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import type { CountryCode } from "libphonenumber-js/max";
import { Refusal } from "../../desk/replies.ts";
import type { Bus } from "../../storage/bus.ts";
import type { Storage } from "../../storage/database.ts";
import type { Asking } from "../../storage/together.ts";
import { openJobQueue, prepareJobs } from "../../storage/job-queue.ts";
import { orderHints } from "../import.ts";
import { openOrderIntake } from "../intake.ts";
import { type AskingParts, askFirst } from "./asking.ts";
import { readActionId, readRequest } from "./check.ts";
import { findOrder, findOrderTalkedAbout } from "./detail.ts";
import {
  ACTION_TASK,
  type ActionJob,
  INSTALL_JOBS,
  QUEUE_FORGOTTEN_ACTIONS,
  askOrderIn,
} from "./jobs.ts";
import type { OrderAction, OrderWork } from "./model.ts";
import { findProducts } from "./products.ts";
import {
  type ActionRecord,
  type Asker,
  actionOf,
  findAction,
  listUnsettled,
  msToFirst,
  settleGivenBack,
  writeAction,
} from "./store.ts";

/** What it works with. */
export type OrderWorkOptions = Pick<AskingParts, "log" | "doorTo" | "judge"> & {
  readonly storage: Pick<Storage, "db" | "pool">;
  /** The same database over connections that answer what cards ask together; default `storage`. */
  readonly reads?: { readonly pool: Asking };
  /** For the queue alone: a pool of 3 is enough; one that is in nobody's way. */
  readonly queueStorage: Pick<Storage, "db" | "pool">;
  readonly bus: Pick<Bus, "publish" | "on">;
  /** Country of phones without a country code in orders that sources answer with. */
  readonly defaultRegion: CountryCode;
  /** How long an operator waits for the source; default 4 s. */
  readonly operatorWaitsMs?: number;
  /** How long a source may take when nobody waits; default 10 s. */
  readonly answerWithinMs?: number;
};

/** Orders' actions under way. */
export type RunningOrderWork = OrderWork & {
  /** As {@link OrderWork.act}, for programs; with everything that is known of it. @throws as that. */
  ask(
    action: { readonly id: string; readonly orderId: string; readonly request: unknown },
    by: Asker,
  ): Promise<ActionRecord>;
  /** Null when there is none such. */
  action(id: string): Promise<ActionRecord | null>;
  /** Oldest first. */
  unsettled(state: "waiting" | "givenBack", limit: number): Promise<readonly ActionRecord[]>;
  /** Of what was given back; null when it is not (any more); `overtaken` when trying again would undo what was done since. */
  settle(
    id: string,
    how: "again" | "done" | "dropped",
    text: string,
  ): Promise<ActionRecord | "overtaken" | null>;
  /** Ends within a few seconds; what was being asked is asked again, under its id, by whoever opens next. */
  close(): Promise<void>;
};

const OPERATOR_WAITS_MS = 4000;
const ANSWER_WITHIN_MS = 10_000;
const LOOK_AGAIN_MS = 100;
/** Longer than a lease that outlives its process. */
const QUEUE_AFTER_MS = 5500;
/** Orders asked about at the same time; a slow source holds up so many at most. */
const AT_A_TIME = 10;
/** Longer than a job takes that asks for ten things one after the other. */
const LOST_AFTER_MS = 180_000;
/** In one job; what is left is the next job's. */
const MOST_IN_A_JOB = 10;

/** Readies the queue and goes on with what waits. @throws when PostgreSQL cannot be reached now; later it may come and go. */
export async function openOrderWork(options: OrderWorkOptions): Promise<RunningOrderWork> {
  const { storage, queueStorage, bus, log, defaultRegion } = options;
  const { db, pool } = storage;
  const { reads = storage } = options;
  await prepareJobs(queueStorage.pool, INSTALL_JOBS, QUEUE_FORGOTTEN_ACTIONS);
  const closing = new AbortController();
  const intake = openOrderIntake(storage, { defaultRegion, ...orderHints(bus) });
  const parts = { ...options, intake };
  const listeners = new Set<(action: OrderAction, userId: string | null) => void>();
  const unhear = bus.on("orderActionEnded", ({ actionId }) => void tell(actionId));
  const { operatorWaitsMs = OPERATOR_WAITS_MS, answerWithinMs = ANSWER_WITHIN_MS } = options;
  const queue = openJobQueue({
    ...{ pool: queueStorage.pool, log, name: "orders' actions", atATime: AT_A_TIME },
    lostAfterMs: LOST_AFTER_MS,
    tasks: {
      [ACTION_TASK]: (job: unknown, helpers) =>
        askAll((job as ActionJob).orderId, helpers.abortSignal),
    },
  });
  let closed: Promise<void> | undefined;

  return {
    order: (orderId) => findOrder(reads.pool, orderId),
    talkedAbout: (customerId, among) => findOrderTalkedAbout(reads.pool, customerId, among),
    act: async (action, by) =>
      actionOf(await ask(action, { userId: by.userId, callId: by.callId, askedBy: "" })),
    ask,
    onAction(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    findProducts: (source, text, limit) => findProducts(pool, source, text, limit),
    action: (id) => findAction(db, readActionId(id)),
    unsettled: (state, limit) => listUnsettled(db, state, limit),
    async settle(id, how, text) {
      const settled = await settleGivenBack(db, readActionId(id), how, text);
      if (settled === "overtaken") return "overtaken";
      if (!settled) return null;
      if (how !== "again") bus.publish("orderActionEnded", { actionId: id });
      return findAction(db, id);
    },
    close: () => (closed ??= close()),
  };

  async function ask(
    wanted: { readonly id: string; readonly orderId: string; readonly request: unknown },
    by: Asker,
  ): Promise<ActionRecord> {
    const id = readActionId(wanted.id);
    const request = readRequest(wanted.request);
    const { orderId } = wanted;
    const order = await findOrder(pool, orderId);
    if (order === null) throw new Refusal("notFound", "There is no such order");
    const known = await findAction(db, id);
    if (known === null) {
      if (!(await takes(order.source, request.kind)))
        throw new Refusal("forbidden", `${order.source} takes no ${request.kind} of its orders`);
      // Should this process die, the queue goes on a little after the operator would have had an answer.
      await writeAction(db, { id, orderId, request }, by, operatorWaitsMs + QUEUE_AFTER_MS);
    } else if (known.orderId !== orderId || !isDeepStrictEqual(known.request, request)) {
      throw new Refusal("invalid", "id: was used for something else");
    }
    return untilEnded(id, orderId, Date.now() + operatorWaitsMs);
  }

  async function takes(source: string, kind: string): Promise<boolean> {
    const row = await db
      .selectFrom("order_sources")
      .select("actions")
      .where("source", "=", source)
      .where("actions_url", "<>", "")
      .where("actions_secret", "<>", "")
      .executeTakeFirst();
    return row?.actions.includes(kind) ?? false;
  }

  /** Asks for it and what stands before it, until it ended or the operator has waited long enough. */
  async function untilEnded(id: string, orderId: string, untilMs: number): Promise<ActionRecord> {
    for (;;) {
      const action = (await findAction(db, id))!;
      const leftMs = untilMs - Date.now();
      if (action.state !== "waiting" || leftMs <= 0 || closing.signal.aborted) return action;
      const asked = await askFirst(parts, orderId, {
        ...{ deadlineMs: leftMs, early: true, stop: closing.signal },
      });
      // What was said of another one is news to whoever asked for that.
      if (asked.came === "ended" && asked.actionId !== id)
        bus.publish("orderActionEnded", { actionId: asked.actionId });
      if (asked.came === "again") {
        await askOrderIn(db, orderId, asked.inMs);
        return (await findAction(db, id))!;
      }
      // Another process or another operator asks just now.
      if (asked.came === "nothing") await pause(Math.min(LOOK_AGAIN_MS, leftMs));
    }
  }

  /** The queue's job: asks one after the other, as long as there are answers. */
  async function askAll(orderId: string, aborted?: AbortSignal): Promise<void> {
    const stop = aborted ? AbortSignal.any([closing.signal, aborted]) : closing.signal;
    for (let n = 0; n < MOST_IN_A_JOB && !stop.aborted; n++) {
      const asked = await askFirst(parts, orderId, {
        ...{ deadlineMs: answerWithinMs, early: false, stop },
      });
      if (asked.came !== "ended") break;
      bus.publish("orderActionEnded", { actionId: asked.actionId });
    }
    const inMs = await msToFirst(db, orderId);
    if (inMs !== null) await askOrderIn(db, orderId, inMs);
  }

  /** Those who wait for the end of what had waited. */
  async function tell(actionId: string): Promise<void> {
    if (listeners.size === 0) return;
    try {
      const action = await findAction(db, actionId);
      if (action === null) return;
      for (const listener of listeners) listener(actionOf(action), action.userId);
    } catch (error) {
      log.warn({ err: error, action: actionId }, "nobody was told of an action's end");
    }
  }

  async function close(): Promise<void> {
    unhear();
    closing.abort();
    await queue.close();
  }
}
