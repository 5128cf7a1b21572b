/**
 * Keeps what is planned true: reads orders and carts, withdraws what lost its reason, gives new times. Hints wake it; it also looks by itself,
 * so that a lost hint costs seconds. Any number of processes may do so at once; one is enough, so of several only the holder of a lease does.
 */
import type { CallFact } from "../../calls/model.ts";
import type { Bus } from "../../storage/bus.ts";
import type { Database } from "../../storage/database.ts";
import type { Lease } from "../../storage/lease.ts";
import type { Leases } from "../../storage/leases.ts";
import type { OutboxLog } from "../../storage/outbox.ts";
import { type CallsWatch, watchCalls } from "./calls-in.ts";
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
  readonly log: OutboxLog;
  /** The PBXs', for what calls are a reason for. Null (the default): no other process hears of them. */
  readonly leases?: Pick<Leases, "of"> | null;
  /** Its holder looks, the others do not. Null (the default): there are no others. */
  readonly lease?: Lease | null;
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
  #callsWatch: CallsWatch | null = null;
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
    const { bus, calls, db, e164Of, lease, leases = null, log, lookMs } = this.#options;
    const onError = (error: unknown) => this.#fault(error);
    this.#stops.push(
      bus.on("ordersChanged", () => this.wake()),
      bus.on("campaignsChanged", () => this.wake()),
      bus.on("hintsLost", () => this.wake()),
      // Told to every process. What nobody answered, as the lease went from one to another, is asked again: of who is in hand at the next
      // look, of the others before they are called.
      bus.on("standingsChanged", ({ customerIds }) => {
        if (customerIds.length > 0 && this.#looksHere())
          this.#recheckCustomers(customerIds).catch(onError);
      }),
    );
    if (lease) this.#stops.push(lease.onChange((held) => held && this.#lookAtAll()));
    this.#callsWatch = watchCalls({ db, bus, calls, e164Of, leases, log, clock: this.#clock });
    this.#timer = setInterval(() => this.wake(), lookMs ?? 5000).unref();
    this.wake();
  }

  /** Something may have to be planned or withdrawn. Returns at once; when another process looks it does nothing. */
  wake(): void {
    if (!this.#looksHere()) return;
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
    await Promise.all([this.#running?.catch(() => undefined), this.#callsWatch?.close()]);
  }

  /** Nothing is known to have been looked at before. */
  #lookAtAll(): void {
    this.#looks = 0;
    this.wake();
  }

  #looksHere(): boolean {
    return this.#options.lease?.held() ?? true;
  }

  /** Another process looks from its beginning: what this one has not done yet is left to it. */
  #ends(): boolean {
    return this.#closed || !this.#looksHere();
  }

  async #lookWhileWoken(): Promise<void> {
    while (this.#again && !this.#ends()) {
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
    while (!this.#ends() && (await replanPassed(db, this.#clock())) > 0);
    await tellUnsaid(db, nowMs);
  }

  async #readOrders(campaignId: string): Promise<void> {
    const { db, bus, rules, log } = this.#options;
    for (let read = 1; read > 0 && !this.#ends();) {
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
      let after: string | null = "";
      while (after !== null && !this.#ends())
        after = await retimeSome(db, id, after, this.#clock());
      if (after === null) await markTimed(db, id, revision);
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
