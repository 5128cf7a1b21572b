/** Writes that PostgreSQL refuses once another process has the lease under which they were meant, at no cost of another round trip. */
import { type RawBuilder, sql } from "kysely";

/** A lease as it was held when something was decided. Epoch 0 is held by nobody. */
export type Fence = { readonly name: string; readonly epoch: number };

/**
 * For a `with` before the statement: one row while the lease is held, none when another process took it. Who takes it waits for the
 * transaction that has read this; renewals do not.
 */
export function heldUnder(fence: Fence | null): RawBuilder<unknown> {
  return fence === null
    ? sql`select 1 as held`
    : sql`select 1 as held from leases where name = ${fence.name} and epoch = ${fence.epoch} for key share`;
}
