/**
 * What is said to screens of several processes at once (to disconnect somebody's, to count them) goes by socket.io's adapter over a stream of
 * redis. Screens are otherwise spoken to one by one by the process they are at, and nothing of that touches redis.
 *
 * The adapter takes its client as it is: an error that it does not catch would end the process, and one that comes at once is asked again at
 * once. So it gets a client that never fails and never hurries, and hears only what has the shape of its messages.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { createAdapter } from "@socket.io/redis-streams-adapter";
import { Type } from "typebox";
import { Compile } from "typebox/compile";
import type { Redis, RedisClient } from "../storage/redis.ts";

/** A function for `Server.adapter`. */
export type ScreensAdapter = {
  readonly adapter: ReturnType<typeof createAdapter>;
  close(): void;
};

const WITHIN_MS = 1000;
const BLOCK_MS = 2000;
const AGAIN_MS = 250;
const KEPT = 1000;
const LONGEST_CHARACTERS = 64 * 1024;

type Entry = { readonly id: string; readonly message: Readonly<Record<string, string>> };
type Streams = readonly { readonly messages: readonly Entry[] }[] | null;

/** Room-wide words of the adapter: 3 say, 4 join, 5 leave, 6 disconnect. The rest goes over its channels, where it checks them. */
const said = Compile(
  Type.Object({
    opts: Type.Object({ rooms: Type.Array(Type.String()), except: Type.Array(Type.String()) }),
  }),
);

/** Begins to listen; closes before `redis` does. */
export function openScreensAdapter(redis: Redis): ScreensAdapter {
  const closing = new AbortController();
  const { signal } = closing;
  const connections: RedisClient[] = [];

  /** The client of what is said. */
  const speaker = {
    // By it the adapter knows whose client it is.
    sSubscribe: () => undefined,
    duplicate: listener,
    xAdd: (key: string, id: string, entry: Record<string, string>) =>
      redis
        .run(WITHIN_MS, (client) =>
          client.xAdd(key, id, entry, {
            TRIM: { strategy: "MAXLEN", strategyModifier: "~", threshold: KEPT },
          }),
        )
        .catch(() => ""),
    publish: (channel: string, message: Buffer) =>
      redis.run(WITHIN_MS, (client) => client.publish(channel, message)).catch(() => 0),
    // How many processes listen; while redis is away whoever counts screens counts what is here.
    sendCommand: (command: string[]) =>
      redis.run(WITHIN_MS, (client) => client.sendCommand<unknown>(command)).catch(() => ["", "0"]),
  };

  /** A client of what is heard. */
  function listener() {
    const client = redis.another();
    connections.push(client);
    /** The last entry when the adapter began to read. It says "$" until it has read one, and would miss what is said while the connection is away. */
    let begun: string | null = null;
    const lastOf = async (key: string) =>
      (await client.xRevRange(key, "+", "-", { COUNT: 1 }))?.[0]?.id ?? "0-0";
    return {
      sSubscribe: () => undefined,
      on: () => undefined,
      connect: async () => undefined,
      disconnect: () => client.destroy(),
      async xRead(streams: readonly { readonly key: string; readonly id: string }[]) {
        const [{ key, id } = { key: "", id: "$" }] = streams;
        try {
          const options = { BLOCK: BLOCK_MS, COUNT: 100 };
          if (client.isReady) {
            const after = id === "$" ? (begun ??= await lastOf(key)) : id;
            const found = await client.xRead({ key, id: after }, options);
            return onlySaid(found);
          }
        } catch {
          // Said where redis is looked after.
        }
        await sleep(AGAIN_MS, undefined, { signal }).catch(() => undefined);
        // Asked again at once, for ever: from here on it is not answered any more.
        return signal.aborted ? new Promise<null>(() => undefined) : null;
      },
      subscribe(channels: string[], hear: (message: Buffer) => void, _buffers: true) {
        const begin = () => client.subscribe(channels, hear, true).catch(() => undefined);
        // From then on it is begun anew by itself whenever the connection is.
        if (client.isReady) void begin();
        else client.once("ready", () => void begin());
      },
    };
  }

  return {
    adapter: createAdapter(speaker, {
      streamName: `${redis.prefix}:screens`,
      channelPrefix: `${redis.prefix}:screens`,
      blockTimeInMs: BLOCK_MS,
      onlyPlaintext: true,
    }),
    close() {
      closing.abort();
      for (const client of connections) client.destroy();
    },
  };
}

/** An entry that the adapter cannot take would be read again for ever. */
function onlySaid(streams: Streams): Streams {
  const [stream] = streams ?? [];
  if (stream === undefined) return null;
  const messages = stream.messages.map(({ id, message }) =>
    isSaid(message) ? { id, message } : { id, message: {} },
  );
  return [{ messages }];
}

function isSaid({ type = "", data = "", nsp = "" }: Entry["message"]): boolean {
  if (nsp === "" || !/^[3-6]$/.test(type) || data.length > LONGEST_CHARACTERS) return false;
  try {
    return said.Check(JSON.parse(data));
  } catch {
    return false;
  }
}
