/** What the processes of one contact centre share besides PostgreSQL; with one process all of it is in its own memory. */
import { type LoginLimit, createLoginLimit } from "../people/login-limit.ts";
import { sharedLoginLimit } from "../people/shared-login-limit.ts";
import { type Asks, localAsks } from "./asks.ts";
import { type Bus, localBus, sharedBus } from "./bus.ts";
import type { Database } from "./database.ts";
import { installationId } from "./installation.ts";
import { type Redis, openRedis } from "./redis.ts";
import { type SharedCache, openSharedCache } from "./shared-cache.ts";
import { sharedAsks } from "./shared-asks.ts";
import { openWire } from "./wire.ts";

/** The open parts. */
export type Processes = {
  readonly bus: Bus;
  readonly asks: Asks;
  /** Null with one process. */
  readonly redis: Redis | null;
  /** What was read of systems outside. */
  readonly reads: SharedCache;
  /** Tries to log in, wherever they are made. */
  readonly loginLimit: LoginLimit;
  close(): Promise<void>;
};

/**
 * Opens them, whether or not redis answers. @param redisUrl "" = one process. @throws what PostgreSQL says.
 */
export async function openProcesses(options: {
  readonly redisUrl: string;
  readonly db: Database;
  readonly onError: (error: unknown) => void;
}): Promise<Processes> {
  const { redisUrl, db, onError } = options;
  if (redisUrl === "") {
    const bus = localBus(onError);
    const asks = localAsks();
    const reads = openSharedCache({ redis: null, bus });
    return {
      ...{ bus, asks, reads, redis: null, loginLimit: createLoginLimit() },
      async close() {
        reads.close();
        await asks.close();
        await bus.close();
      },
    };
  }
  // Installations may share a redis.
  const prefix = `callcard:${(await installationId(db)).slice(0, 8)}`;
  const redis = openRedis({ url: redisUrl, prefix, onError });
  const wire = openWire(redis, onError);
  const bus = sharedBus(wire, onError);
  const asks = sharedAsks({ redis, wire, onError });
  const reads = openSharedCache({ redis, bus });
  return {
    ...{ bus, asks, redis, reads, loginLimit: sharedLoginLimit(redis) },
    async close() {
      reads.close();
      await asks.close();
      await bus.close();
      wire.close();
      redis.close();
    },
  };
}
