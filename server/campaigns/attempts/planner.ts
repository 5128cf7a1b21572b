/**
 * Keeps what is planned true: reads orders and carts, withdraws what lost its reason, gives new times. Hints wake it; it also looks by itself,
 * so that a lost hint costs seconds. Any number of processes may do so at once.
 */
import type { CallFact } from "../../calls/model.ts";
import type { Bus } from "../../storage/bus.ts";
import type { Database } from "../../storage/database.ts";
import { watchCalls } from "./calls-in.ts";
import { readCarts } from "./carts.ts";
import { readOrders } from "./orders-reader.ts";
import { replanPassed, retimeSome } from "./retime.ts";
import {
  endPassed,
  markTimed,
  recheckInHand,
  tellUnsaid,
  untimed,
  withdrawEnded,
} from "./sweep.ts";
import { openOfCustomers, recheck, tellWithdrawn } from "./withdraw.ts";
import type { ZoneRules } from "./zone-facts.ts";

/** What the planner needs of the rest. */
export type PlannerOptions = {
  readonly db: Database;
  readonly bus: Pick<Bus, "publish" | "on">;
  readonly calls: { onFact(listener: (fact: CallFact) => void): () => void };
  readonly rules: ZoneRules;
  /** A number as the PBX tells it, as E.164; null when it is none. Must not throw. */
  readonly e164Of: (number: string) => string | null;
  readonly log: {
    warn(fields: object, message: string): void;
    error(fields: object, message: string): void;
  };
  /** Epoch ms. */
  readonly clock?: () => number;
  /** How often it looks by itself; default 5 s. */
  readonly lookMs?: number;
};

/** Every so many looks also what is never urgent. */
const SLOW_EVERY = 6;

export class Planner {
  readonly #options: PlannerOptions;
  readonly #clock: () => number;
  readonly #stops: (() => void)[] = [];
  #timer: NodeJS.Timeout | null = null;
  #looks = 0;
  #running: Promise<void> | null = null;
  #again = false;
  #closed = false;

  constructor(options: PlannerOptions) {
    this.#options = options;
    this.#clock = options.clock ?? Date.now;
  }

  /** Begins to listen and to look. */
  open(): void {
    const { bus, calls, db, e164Of, lookMs } = this.#options;
    const onError = (error: unknown) => this.#fault(error);
    this.#stops.push(
      bus.on("ordersChanged", () => this.wake()),
      bus.on("campaignsChanged", () => this.wake()),
      bus.on("standingsChanged", ({ customerIds }) => {
        if (customerIds.length > 0) this.#recheckCustomers(customerIds).catch(onError);
      }),
      watchCalls({ db, bus, calls, e164Of, clock: this.#clock, onError }),
    );
    this.#timer = setInterval(() => this.wake(), lookMs ?? 5000).unref();
    this.wake();
  }

  /** Something may have to be planned or withdrawn. Returns at once. */
  wake(): void {
    this.look().catch((error: unknown) => this.#fault(error));
  }

  /** Looks at everything once; waits for a look that is under way and looks again. */
  look(): Promise<void> {
    this.#again = true;
    this.#running ??= this.#lookWhileWoken().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  /** Stops; what is under way is waited for. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    for (const stop of this.#stops.splice(0)) stop();
    await this.#running?.catch(() => undefined);
  }

  async #lookWhileWoken(): Promise<void> {
    while (this.#again && !this.#closed) {
      this.#again = false;
      await this.#lookOnce();
    }
  }

  async #lookOnce(): Promise<void> {
    const { db, bus } = this.#options;
    const nowMs = this.#clock();
    const isSlow = this.#looks++ % SLOW_EVERY === 0;
    for (const id of await endPassed(db, nowMs))
      bus.publish("campaignsChanged", { campaignId: id });
    const campaigns = await db
      .selectFrom("campaigns")
      .select("id")
      .where("state", "in", ["running", "paused"])
      .orderBy("id")
      .execute();
    for (const { id } of campaigns) await this.#readOrders(id);
    await recheckInHand({ db, bus }, nowMs);
    await withdrawEnded({ db, bus }, nowMs);
    await this.#retime();
    if (!isSlow) return;
    for (const { id } of campaigns) await readCarts(db, id, this.#options.rules, nowMs);
    while (!this.#closed && (await replanPassed(db, this.#clock())) > 0);
    await tellUnsaid(db, nowMs);
  }

  async #readOrders(campaignId: string): Promise<void> {
    const { db, bus, rules, log } = this.#options;
    for (let read = 1; read > 0 && !this.#closed;) {
      const done = await readOrders(db, campaignId, rules, this.#clock());
      tellWithdrawn(bus, done.inHand);
      if (done.withoutPhone.length > 0)
        log.warn({ campaignId, orderIds: done.withoutPhone }, "orders of nobody who has a phone");
      read = done.read;
    }
  }

  async #retime(): Promise<void> {
    const { db } = this.#options;
    for (const { id, revision } of await untimed(db)) {
      for (let after: string | null = ""; after !== null && !this.#closed;)
        after = await retimeSome(db, id, after, this.#clock());
      if (!this.#closed) await markTimed(db, id, revision);
    }
  }

  async #recheckCustomers(customerIds: readonly string[]): Promise<void> {
    const { db, bus } = this.#options;
    await recheck({ db, bus }, await openOfCustomers(db, customerIds), this.#clock());
  }

  #fault(error: unknown): void {
    this.#options.log.error({ err: error }, "planning");
  }
}
