/** Offers to operators, made by the process that dials and shown by all: two processes over one bus. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Offer } from "../../server/campaigns/dialler/previews.ts";
import { type OfferingDialler, SharedOffers } from "../../server/campaigns/shared-offers.ts";
import { Refusal } from "../../server/desk/replies.ts";
import { type Asks, localAsks } from "../../server/storage/asks.ts";
import { type Bus, localBus } from "../../server/storage/bus.ts";
import { TestLease } from "../support/lease.ts";

const offer = (userId: string, id: string) =>
  ({
    ...{ userId, extension: "101", offeredAtMs: 1000, dialledAtMs: null, campaign: {} },
    attempt: { id, phone: "+79030000001", customerId: null },
  }) as unknown as Offer;

/** A process: what its dialler offers is set by the test, what it shows of others is seen. */
class Process {
  readonly lease: TestLease;
  readonly shown: string[] = [];
  readonly done: string[] = [];
  readonly shared: SharedOffers;
  offers: Offer[] = [];
  refuses = false;
  #told: () => void = () => undefined;

  constructor(held: boolean, bus: Bus, asks: Asks) {
    this.lease = new TestLease(held);
    this.shared = new SharedOffers({
      ...{ bus, asks, leaseOf: () => this.lease },
      show: (_pbx, userId, shown) => this.shown.push(`${userId} ${shown?.attemptId ?? "-"}`),
    });
    const dialler: OfferingDialler = {
      pbx: "main",
      offers: () => this.offers,
      hasOffer: (userId, id) =>
        this.offers.some((one) => one.userId === userId && one.attempt.id === id),
      onPreview: (listener) => {
        this.#told = () => listener("", null);
        return () => undefined;
      },
      call: async (userId, id) => {
        if (this.refuses) throw new Refusal("gone", "over");
        this.done.push(`call ${userId} ${id}`);
      },
      skip: async (userId, id, reason) => void this.done.push(`skip ${userId} ${id} ${reason}`),
    };
    this.shared.follow(dialler);
  }
  offer(...offers: Offer[]) {
    this.offers = offers;
    this.#told();
  }
}

describe("offers among processes", () => {
  let bus: Bus;
  let asks: Asks;
  let holder: Process;
  let other: Process;

  beforeEach(() => {
    vi.useFakeTimers({
      toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "performance"],
    });
    bus = localBus((error) => {
      throw error;
    });
    asks = localAsks();
    holder = new Process(true, bus, asks);
    other = new Process(false, bus, asks);
  });
  afterEach(() => {
    for (const { shared } of [holder, other]) shared.close();
    vi.useRealTimers();
  });

  test("are shown by every process within 50 ms, and taken away when they are over", () => {
    holder.offer(offer("u1", "cc-1"), offer("u2", "cc-2"));
    vi.advanceTimersByTime(50);
    expect(other.shown).toEqual(["u1 cc-1", "u2 cc-2"]);
    expect(holder.shown).toEqual([]);
    holder.offer(offer("u2", "cc-2"));
    vi.advanceTimersByTime(50);
    expect(other.shown.slice(2)).toEqual(["u1 -"]);
  });

  test("are called and skipped by asking the process that offers them; its refusal is the operator's", async () => {
    holder.offer(offer("u1", "cc-1"));
    vi.advanceTimersByTime(50);
    await other.shared.call("u1", "cc-1");
    await other.shared.skip("u1", "cc-1", "notNow");
    expect(holder.done).toEqual(["call u1 cc-1", "skip u1 cc-1 notNow"]);
    holder.refuses = true;
    await expect(other.shared.call("u1", "cc-1")).rejects.toMatchObject({ code: "gone" });
    await expect(other.shared.call("u1", "cc-9")).rejects.toMatchObject({ code: "gone" });
  });

  test("of a holder that cannot be reached are refused with words, and go away when nobody says them again", async () => {
    holder.offer(offer("u1", "cc-1"));
    vi.advanceTimersByTime(50);
    holder.shared.close();
    holder.offers = [];
    await expect(other.shared.call("u1", "cc-1")).rejects.toMatchObject({
      code: "pbxDown",
      message: /does not answer/,
    });
    vi.advanceTimersByTime(25_000);
    expect(other.shown).toEqual(["u1 cc-1", "u1 -"]);
  });

  test("of a holder are void once another process has the lease, whatever the first one says after that", () => {
    const third = new Process(false, bus, asks);
    holder.offer(offer("u1", "cc-1"));
    vi.advanceTimersByTime(50);
    other.lease.set(true);
    other.offer(offer("u1", "cc-2"));
    vi.advanceTimersByTime(50);
    // The one that was asleep.
    holder.offer(offer("u1", "cc-3"));
    vi.advanceTimersByTime(50);
    expect(third.shown).toEqual(["u1 cc-1", "u1 -", "u1 cc-2"]);
    expect(other.shown).toEqual(["u1 cc-1", "u1 -"]);
    third.shared.close();
  });

  test("are heard by a process that starts later, and by one that lost hints", () => {
    holder.offer(offer("u1", "cc-1"));
    vi.advanceTimersByTime(50);
    const late = new Process(false, bus, asks);
    expect(late.shown).toEqual(["u1 cc-1"]);
    late.shared.close();
    other.shared.notShown("main", "u1");
    bus.publish("hintsLost", {});
    expect(other.shown).toEqual(["u1 cc-1", "u1 cc-1"]);
  });
});
