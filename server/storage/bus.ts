/**
 * What one process tells the others: short hints that something changed ("this customer", "this policy").
 * The truth stays in PostgreSQL and Asterisk; a hint that is lost costs freshness, never correctness.
 *
 * One process: hints go straight to its own listeners. With `REDIS_URL` they also cross processes by redis pub/sub.
 */
import { randomUUID } from "node:crypto";
import { createClient } from "redis";

/** Every hint and its payload. */
export type Hints = {
  /** A customer, its phones or who a phone belongs to changed; caches forget these. */
  customersChanged: { readonly customerIds: readonly string[]; readonly phones: readonly string[] };
  /** Orders, claims or carts of these customers changed, of nobody knows whom when empty; what a policy says of them may be another. */
  standingsChanged: { readonly customerIds: readonly string[] };
  /** A person's sessions were ended; sockets of that person close. */
  sessionsEnded: { readonly userId: string };
  /** Another policy holds from now on. */
  policyPublished: { readonly version: number };
  /** Orders came or changed their stage: whoever is called about them may need no call any more. */
  ordersChanged: { readonly orderIds: readonly string[] };
  /** A campaign or a trunk ("") was changed, started, paused or ended. */
  campaignsChanged: { readonly campaignId: string };
  /** A rule of offers was changed, switched on or off. */
  offersChanged: { readonly ruleId: string };
  /** A call back was made, taken, moved or settled. */
  callBacksChanged: { readonly callBackId: string };
  /** A claim was filed or its status changed. */
  claimsChanged: { readonly claimId: string; readonly customerId: string };
  /** What was asked of an order's source came to an end after it had waited. */
  orderActionEnded: { readonly actionId: string };
  /** An attempt was withdrawn: whoever has its call hangs up. */
  attemptsWithdrawn: { readonly attemptIds: readonly string[] };
};

/** The named hint's listener; may throw without harm to others. */
export type HintListener<K extends keyof Hints> = (payload: Hints[K]) => void;

/** Hints to this process and, with redis, to all others. */
export interface Bus {
  /** Tells every listener here at once, and the other processes when redis can be reached. Never throws. */
  publish<K extends keyof Hints>(hint: K, payload: Hints[K]): void;
  /** @returns how to stop listening. */
  on<K extends keyof Hints>(hint: K, listener: HintListener<K>): () => void;
  /** For `/readyz`: whether other processes hear us, and why not. */
  health(): { readonly ok: boolean; readonly detail: string };
  close(): Promise<void>;
}

const CHANNEL = "callcard:hints";

/** A bus for one process. */
export function localBus(onError: (error: unknown) => void): Bus {
  const listeners = new Map<string, Set<(payload: never) => void>>();
  return {
    publish(hint, payload) {
      for (const listener of listeners.get(hint) ?? []) {
        try {
          listener(payload as never);
        } catch (error) {
          onError(error);
        }
      }
    },
    on(hint, listener) {
      const of = listeners.get(hint) ?? new Set();
      listeners.set(hint, of.add(listener));
      return () => void of.delete(listener);
    },
    health: () => ({ ok: true, detail: "one process" }),
    close: async () => listeners.clear(),
  };
}

/**
 * A bus over redis. Starts at once whether or not redis answers, reconnects by itself; while redis is away hints reach
 * this process only.
 */
export function redisBus(url: string, onError: (error: unknown) => void): Bus {
  const local = localBus(onError);
  const me = randomUUID();
  let trouble = "connecting";
  const options = {
    url,
    // Hints for a redis that is away are worthless when it returns.
    disableOfflineQueue: true,
    socket: {
      reconnectStrategy: (retries: number) => Math.min(15_000, 200 * 2 ** Math.min(retries, 7)),
    },
  };
  const publisher = createClient(options);
  const subscriber = createClient(options);
  for (const client of [publisher, subscriber]) {
    client.on("error", (error: Error) => (trouble = error.message || "unreachable"));
    client.on("ready", () => (trouble = publisher.isReady && subscriber.isReady ? "" : trouble));
  }
  subscriber.on("ready", () => {
    subscriber.subscribe(CHANNEL, (message) => hear(local, me, message, onError)).catch(onError);
  });
  for (const client of [publisher, subscriber]) client.connect().catch(onError);

  return {
    publish(hint, payload) {
      local.publish(hint, payload);
      if (!publisher.isReady) return;
      publisher.publish(CHANNEL, JSON.stringify({ from: me, hint, payload })).catch(onError);
    },
    on: (hint, listener) => local.on(hint, listener),
    health: () => {
      const ok = publisher.isReady && subscriber.isReady;
      return { ok, detail: ok ? "connected" : `redis: ${trouble}` };
    },
    async close() {
      await local.close();
      publisher.destroy();
      subscriber.destroy();
    },
  };
}

function hear(local: Bus, me: string, message: string, onError: (error: unknown) => void): void {
  try {
    const { from, hint, payload } = JSON.parse(message) as {
      from: string;
      hint: keyof Hints;
      payload: never;
    };
    if (from !== me) local.publish(hint, payload);
  } catch (error) {
    onError(error);
  }
}
