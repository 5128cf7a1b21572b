/**
 * Asks a source for the first thing that waits of an order, and writes what came of it. Whoever asks, a screen that waits for the answer
 * or a job later, does it by this.
 */
import type { Storage } from "../../storage/database.ts";
import type { JobLog } from "../../storage/job-queue.ts";
import type { OrderIntake } from "../intake.ts";
import { type DoorAddress, DoorError, httpDoor } from "./http-door.ts";
import type { OrderSourceDoor } from "./model.ts";
import { type AfterSilence, afterSilence } from "./retries.ts";
import { type TakenAction, endAction, putBack, takeFirst } from "./store.ts";

/** What asking works with. */
export type AskingParts = {
  readonly storage: Pick<Storage, "db">;
  /** Takes the new state of orders that sources answer with. */
  readonly intake: OrderIntake;
  readonly log: JobLog;
  /** Default {@link httpDoor}. */
  readonly doorTo?: (address: DoorAddress) => OrderSourceDoor;
  /** How a try that came to nothing is followed; default {@link afterSilence}. */
  readonly judge?: (tries: number, sinceMs: number, atMs: number) => AfterSilence;
};

/** What one asking came to. */
export type Asked =
  /** Nothing that could be taken: nothing waits, somebody else asks it, or its pause is not over. */
  | { readonly came: "nothing" }
  | { readonly came: "ended"; readonly actionId: string }
  /** It waits again; nothing behind it can be asked. */
  | { readonly came: "again"; readonly inMs: number };

/** Beyond the source's deadline: to take the order it answers with, and to write what came of it. */
const LEASE_SLACK_MS = 5000;
const TAKEN_WITHIN_MS = 3000;

/**
 * @param options.early also before the pause after its last try is over.
 * @param options.stop broken off by ourselves: that says nothing of the source.
 * @throws what PostgreSQL throws; the action is free again after its lease.
 */
export async function askFirst(
  parts: AskingParts,
  orderId: string,
  options: {
    readonly deadlineMs: number;
    readonly early: boolean;
    readonly stop: AbortSignal;
  },
): Promise<Asked> {
  const { db } = parts.storage;
  const { deadlineMs, early, stop } = options;
  if (stop.aborted) return { came: "nothing" };
  const action = await takeFirst(db, orderId, deadlineMs + LEASE_SLACK_MS, early);
  if (action === null) return { came: "nothing" };
  const fields = { action: action.id, kind: action.request.kind, source: action.source };
  try {
    const answer = await ask(parts, action, deadlineMs, stop);
    const lastError = answer.said === "done" ? await takeOrder(parts, action, answer.order) : "";
    await endAction(db, action.id, {
      state: answer.said,
      answer: answer.text,
      lastError,
    });
    if (lastError !== "")
      parts.log.warn({ ...fields, why: lastError }, "an order in an answer was not taken");
    return { came: "ended", actionId: action.id };
  } catch (error) {
    if (!(error instanceof DoorError)) throw error;
    if (stop.aborted) {
      await putBack(db, action.id, { inMs: 0, lastError: null, counted: false });
      return { came: "again", inMs: 0 };
    }
    const judge = parts.judge ?? afterSilenceByChance;
    const after = judge(action.tries, action.triedSinceMs, Date.now());
    const lastError = error.message;
    if (after.next === "giveBack") {
      parts.log.warn({ ...fields, why: lastError }, "an action was given back");
      await endAction(db, action.id, { state: "givenBack", answer: "", lastError });
      return { came: "ended", actionId: action.id };
    }
    parts.log.info({ ...fields, why: lastError, inMs: after.inMs }, "an action waits");
    await putBack(db, action.id, { inMs: after.inMs, lastError, counted: true });
    return { came: "again", inMs: after.inMs };
  }
}

/** @throws DoorError, whatever the door threw. */
async function ask(
  parts: AskingParts,
  action: TakenAction,
  deadlineMs: number,
  stop: AbortSignal,
): ReturnType<OrderSourceDoor["ask"]> {
  if (action.address === null) throw new DoorError("the source has no address for actions");
  const door = (parts.doorTo ?? httpDoor)(action.address);
  const { id, source, sourceId, request, operator } = action;
  const signal = AbortSignal.any([stop, AbortSignal.timeout(deadlineMs)]);
  try {
    return await door.ask({ id, source, sourceId, request, operator }, signal);
  } catch (error) {
    if (error instanceof DoorError) throw error;
    throw new DoorError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/**
 * The order as its source has it now, through the same door as all orders: an older version than known changes nothing.
 * @returns why it was not taken, "" when it was or none was told. That it was done stands either way.
 */
async function takeOrder(parts: AskingParts, action: TakenAction, order: unknown): Promise<string> {
  if (order === null || order === undefined) return "";
  if (typeof order !== "object" || Array.isArray(order))
    return "the order in the answer is not an object";
  const { source, sourceId } = order as { source?: unknown; sourceId?: unknown };
  if (
    (source !== undefined && source !== action.source) ||
    (sourceId !== undefined && sourceId !== action.sourceId)
  )
    return "the order in the answer is another order";
  const record = { ...order, source: action.source, sourceId: action.sourceId };
  // A load of a million customers may be under way, which this has to wait for; then its source tells of it a moment later.
  const { promise: late, resolve } = Promise.withResolvers<"late">();
  const timer = setTimeout(() => resolve("late"), TAKEN_WITHIN_MS);
  const taking = parts.intake([record], action.source);
  taking.catch((error: unknown) =>
    parts.log.warn({ err: error, action: action.id }, "an order in an answer was not taken"),
  );
  const result = await Promise.race([taking, late]).finally(() => clearTimeout(timer));
  if (result === "late") return "the order in the answer is taken later";
  const refused = result.refused[0];
  return refused === undefined
    ? ""
    : `the order in the answer cannot be taken: ${refused.field} ${refused.reason}`;
}

function afterSilenceByChance(tries: number, sinceMs: number, atMs: number): AfterSilence {
  return afterSilence(tries, sinceMs, atMs, Math.random());
}
