/**
 * Places given by hand, in PostgreSQL, so that they are the same in every process and outlive the one that moves callers. Only the holder of
 * a PBX's lease writes them; the others read them again when they hear of it, and now and then, should they not hear of it.
 */
import type { Bus } from "../storage/bus.ts";
import type { Database } from "../storage/database.ts";
import type { Lease } from "../storage/lease.ts";

/** Where somebody was put, and by whom. */
export type PlaceByHand = { readonly position: number; readonly by: string };

/** A place with whose it is. */
export type PlacedCaller = PlaceByHand & { readonly channelId: string; readonly callId: string };

/** By queue, then by channel. */
export type PlacesByHand = ReadonlyMap<string, ReadonlyMap<string, PlaceByHand>>;

/** Where the steward keeps them. Fails when PostgreSQL does. */
export interface ByHandStore {
  /** All of a PBX. */
  read(pbx: string): Promise<PlacesByHand>;
  /**
   * Writes all of a queue in place of what was there, and tells the other processes.
   * @throws LeaseLost when another process moves callers there by now; nothing was written then.
   */
  write(pbx: string, queue: string, lease: Lease, placed: readonly PlacedCaller[]): Promise<void>;
  /** Told of a PBX whose places may have been changed by another process; returns how to stop. */
  onChange(listener: (pbx: string) => void): () => void;
}

/** @see ByHandStore */
export function pgByHand(db: Database, bus: Pick<Bus, "publish" | "on">): ByHandStore {
  return {
    async read(pbx) {
      const rows = await db
        .selectFrom("placements_by_hand")
        .select(["queue", "channel_id", "position", "placed_by"])
        .where("pbx", "=", pbx)
        .orderBy("position")
        .orderBy("placed_at", "desc")
        .execute();
      const queues = new Map<string, Map<string, PlaceByHand>>();
      for (const { queue, channel_id: channelId, position, placed_by: by } of rows) {
        const of = queues.get(queue) ?? new Map<string, PlaceByHand>();
        queues.set(queue, of.set(channelId, { position, by }));
      }
      return queues;
    },
    async write(pbx, queue, lease, placed) {
      await lease.fenced(db, async (trx) => {
        const channels = placed.map(({ channelId }) => channelId);
        await trx
          .deleteFrom("placements_by_hand")
          .where("pbx", "=", pbx)
          .where("queue", "=", queue)
          .$if(channels.length > 0, (all) => all.where("channel_id", "not in", channels))
          .execute();
        if (placed.length === 0) return;
        await trx
          .insertInto("placements_by_hand")
          .values(
            placed.map(({ channelId, callId, position, by }) => ({
              ...{ pbx, queue, position, channel_id: channelId, call_id: callId, placed_by: by },
            })),
          )
          .onConflict((conflict) =>
            conflict.columns(["pbx", "queue", "channel_id"]).doUpdateSet((eb) => ({
              position: eb.ref("excluded.position"),
              placed_by: eb.ref("excluded.placed_by"),
            })),
          )
          .execute();
      });
      bus.publish("placedByHand", { pbx, queue });
    },
    onChange: (listener) => bus.on("placedByHand", ({ pbx }) => listener(pbx)),
  };
}

/** For one process without a database: nothing outlives it. */
export const NOT_KEPT: ByHandStore = {
  read: async () => new Map(),
  write: async () => undefined,
  onChange: () => () => undefined,
};
