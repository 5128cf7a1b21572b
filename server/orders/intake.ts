/**
 * Orders from many requests at a time, merged together: while one batch is written the next gathers, so that a thousand requests cost a
 * few transactions and at most one connection.
 */
import type { LoadResult } from "../customers/loading.ts";
import { readAll } from "../customers/loading.ts";
import { isDatabaseDown } from "../http/errors.ts";
import type { Storage } from "../storage/database.ts";
import { type OrderLoadOptions, type ReadOrders, orderResult, tell } from "./import.ts";
import { type MergedOrders, mergeOrders } from "./merge-orders.ts";
import { readOrder } from "./record.ts";

/** Takes the orders of one request. `source`: for records that name none. Resolves once they are in the database. */
export type OrderIntake = (
  records: readonly unknown[],
  source: string | undefined,
) => Promise<LoadResult>;

type Waiting = {
  readonly read: ReadOrders;
  readonly done: (merged: Pick<MergedOrders, "outcomes">) => void;
  readonly failed: (error: unknown) => void;
};

/** Orders written together; more wait for the next batch. */
const MOST_TOGETHER = 5000;

/** Opens nothing that has to be closed: who waits for an answer waits for the database. */
export function openOrderIntake(
  storage: Pick<Storage, "pool">,
  options: Omit<OrderLoadOptions, "source">,
): OrderIntake {
  const waiting: Waiting[] = [];
  let writing = false;

  return async (records, source) => {
    const readOptions = { ...options, ...(source === undefined ? {} : { source }) };
    const read = readAll(records, (value) => readOrder(value, readOptions));
    if (read.good.length === 0) return orderResult(read, []);
    const { promise, resolve, reject } = Promise.withResolvers<Pick<MergedOrders, "outcomes">>();
    waiting.push({ read, done: resolve, failed: reject });
    if (!writing) void writeAll();
    return orderResult(read, (await promise).outcomes);
  };

  /** Never fails: those who wait are told. */
  async function writeAll(): Promise<void> {
    writing = true;
    while (waiting.length > 0) await write(nextBatch());
    writing = false;
  }

  function nextBatch(): readonly Waiting[] {
    let count = 0;
    const upTo = waiting.findIndex(({ read }) => (count += read.good.length) > MOST_TOGETHER);
    return waiting.splice(0, upTo === -1 ? waiting.length : Math.max(1, upTo));
  }

  async function write(batch: readonly Waiting[]): Promise<void> {
    const rows = batch.flatMap(({ read }) => read.good.map(({ record }) => record));
    try {
      const merged = await mergeOrders(storage.pool, rows);
      tell(merged, options);
      let at = 0;
      for (const { read, done } of batch)
        done({ outcomes: merged.outcomes.slice(at, (at += read.good.length)) });
    } catch (error) {
      // One request's rows, refused by PostgreSQL for what they are, must not cost the others theirs.
      if (batch.length > 1 && !isDatabaseDown(error)) for (const one of batch) await write([one]);
      else for (const { failed } of batch) failed(error);
    }
  }
}
