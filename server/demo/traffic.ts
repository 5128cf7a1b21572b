/**
 * The demo's life: a simulated PBX with three queues, into which the sample shop's customers call.
 *
 * In sales and support an extension whose operator is logged in is served first and hardly waits; the other extensions are
 * played by people who answer by themselves, so that the queues move even when nobody looks. Delivery has more callers than its
 * few people can answer (crowd.ts): there callers wait, and a policy has something to do.
 */
import type { Clock } from "./pbx/clock.ts";
import { realClock } from "./pbx/clock.ts";
import { crowdExtensions, crowdQueue, startCrowd } from "./crowd.ts";
import type { CallStep, IncomingCall } from "./pbx/calls.ts";
import type { PhoneBehaviour, PhoneReaction, RingInfo } from "./pbx/phones.ts";
import { deviceStatus, type QueueConfig } from "./pbx/queue-rules.ts";
import { extensionOf, startSimulatedPbx, type SimulatedPbx } from "./pbx/simulated-pbx.ts";
import { seededRandom, type Random } from "./random.ts";
import { demoMobile, writtenForms } from "./shop/numbers.ts";
import type { DemoCustomer, DemoShop } from "./shop/shop.ts";

/** Extensions of the demo, the first is the demo operator's. */
export const demoExtensions = ["101", "102", "103", "104", "105", "106"] as const;

const memberNames = ["Anna", "Boris", "Vera", "Galina", "Dmitri", "Elena"] as const;

/**
 * Penalties steer who is rung: an operator who is there and rested first, then the people nobody sees. The demo operator's own
 * phone comes last while they are away, so that it is free when they log in; so does one that just had a call.
 */
const penalties = { first: 0, usual: 1, last: 2 } as const;
const unattendedPenalty = (extension: string): number =>
  extension === demoExtensions[0] ? penalties.last : penalties.usual;

/** After a call an attended phone is left alone this long: time to write down what it was about. */
const restMs = 8000;

/** Queues that wait for an operator who is logged in. */
const attendedQueues = ["sales", "support"] as const;

/** Sales rings phones directly, support has members as FreePBX and Issabel write them. */
export const demoQueues: readonly QueueConfig[] = [
  {
    name: "sales",
    strategy: "rrmemory",
    ringTimeoutSeconds: 15,
    retrySeconds: 2,
    wrapUpSeconds: restMs / 1000,
    serviceLevelSeconds: 20,
    members: demoExtensions.map((each, i) => ({
      interface: `PJSIP/${each}`,
      name: memberNames[i]!,
      penalty: unattendedPenalty(each),
    })),
  },
  {
    name: "support",
    strategy: "leastrecent",
    ringTimeoutSeconds: 15,
    retrySeconds: 2,
    wrapUpSeconds: restMs / 1000,
    serviceLevelSeconds: 20,
    members: ["101", "102", "104", "106"].map((each) => ({
      interface: `Local/${each}@from-queue/n`,
      stateInterface: `hint:${each}@ext-local`,
      name: memberNames[demoExtensions.indexOf(each as (typeof demoExtensions)[number])]!,
      penalty: unattendedPenalty(each),
    })),
  },
  crowdQueue,
];

export type DemoOptions = {
  /** Whose customers call. */
  readonly shop: DemoShop;
  /** Port of the simulated manager interface [0: a free one]. */
  readonly port?: number;
  /** [1] */
  readonly seed?: number;
  /** [the machine's clock] */
  readonly clock?: Clock;
  /**
   * Extensions whose operator is logged in now; asked every second. They are rung first and get a call soon after they
   * become free [always the demo operator's 101].
   */
  readonly attended?: () => ReadonlySet<string>;
  /** Callers wait in the delivery queue [true]. */
  readonly crowd?: boolean;
};

/** A running demo. */
export type Demo = {
  readonly pbx: SimulatedPbx;
  /** No new calls from now on; those that are there go on to their end. */
  quiet(): void;
  /** Ends the traffic and the PBX; safe to call twice. */
  stop(): Promise<void>;
};

/** Looks around this often. */
const tickMs = 1000;
/** Between calls that come by themselves. */
const backgroundMs = [12_000, 28_000] as const;
/** How long a rested attended extension stays free before somebody calls. */
const freeMs = [1000, 5000] as const;

/** Starts the PBX and lets customers call until stopped. Rejects when the port is taken. */
export async function startDemo(options: DemoOptions): Promise<Demo> {
  const clock = options.clock ?? realClock;
  const random = seededRandom(options.seed ?? 1);
  // Chance of its own: what happens in one queue does not depend on another.
  const crowdRandom = seededRandom((options.seed ?? 1) + 1);
  const own = operatorPhone(random);
  const crowds = operatorPhone(crowdRandom);
  const pbx = await startSimulatedPbx({
    queues: demoQueues,
    extensions: {
      ...Object.fromEntries(demoExtensions.map((each, i) => [each, memberNames[i]!])),
      ...crowdExtensions,
    },
    phones: (ring) => (Object.hasOwn(crowdExtensions, ring.extension) ? crowds : own)(ring),
    outside: outsidePhone(random, seededRandom((options.seed ?? 1) + 2)),
    clock,
    seed: random.whole(1, 1_000_000),
    ...(options.port === undefined ? {} : { port: options.port }),
  });
  const attended = options.attended ?? ((): ReadonlySet<string> => new Set(["101"]));
  const callers = callerPool(options.shop);
  const freeSinceMs = new Map<string, number>();
  const lastBusyAtMs = new Map<string, number>();
  let patienceForFreeMs = random.whole(...freeMs);
  let nextBackgroundAtMs = clock.now() + 3000;
  let shown = false;
  let stopped = false;
  let cancel: () => void = () => {};
  const stopCrowd =
    options.crowd === false
      ? () => {}
      : startCrowd(pbx, clock, crowdRandom, () => nextCaller(crowdRandom, callers, CROWD_LOYAL));

  const callIn = (queues: readonly string[], awaited: boolean): void => {
    // The first call that somebody waits for has something to show.
    const wanted = awaited && !shown ? "loyal" : awaited ? "awaited" : "any";
    if (awaited) shown = true;
    pbx.placeCall({ ...nextCall(random, callers, wanted), to: random.pick(queues) });
  };

  const tick = (): void => {
    if (stopped) return;
    cancel = clock.after(tickMs, tick);
    const nowMs = clock.now();
    const present = attended();
    for (const extension of demoExtensions) {
      const memberships = pbx.members().filter((each) => extensionOf(each.interface) === extension);
      if (memberships.some((each) => each.status !== deviceStatus.notInUse))
        lastBusyAtMs.set(extension, nowMs);
      const rested = nowMs - (lastBusyAtMs.get(extension) ?? -Infinity) >= restMs;
      const penalty = !present.has(extension)
        ? unattendedPenalty(extension)
        : rested
          ? penalties.first
          : penalties.last;
      for (const each of memberships) pbx.setPenalty(each.interface, penalty);
      const queues = present.has(extension) && rested ? pbx.readyIn(extension) : [];
      if (queues.length === 0) {
        freeSinceMs.delete(extension);
        continue;
      }
      const sinceMs = freeSinceMs.get(extension) ?? nowMs;
      freeSinceMs.set(extension, sinceMs);
      if (nowMs - sinceMs < patienceForFreeMs || pbx.unserved(attendedQueues) > 0) continue;
      callIn(queues, true);
      freeSinceMs.delete(extension);
      patienceForFreeMs = random.whole(...freeMs);
    }
    if (nowMs >= nextBackgroundAtMs) {
      nextBackgroundAtMs = nowMs + random.whole(...backgroundMs);
      // More callers than people to answer would only make the queue grow.
      if (pbx.unserved(attendedQueues) < 2) callIn(["sales", "sales", "support"], false);
    }
  };
  cancel = clock.after(tickMs, tick);
  const quiet = (): void => {
    stopped = true;
    cancel();
    stopCrowd();
  };

  return {
    pbx,
    quiet,
    async stop() {
      quiet();
      await pbx.stop();
    },
  };
}

/** Who may call: known customers, those worth a longer look, and those who share a phone. */
type CallerPool = {
  readonly all: readonly DemoCustomer[];
  /** With a tier and orders: there is something to see on their card. */
  readonly loyal: readonly DemoCustomer[];
  readonly shared: readonly string[];
  /** Every number the shop knows. */
  readonly phones: ReadonlySet<string>;
};

function callerPool(shop: DemoShop): CallerPool {
  const owners = new Map<string, number>();
  for (const each of shop.customers)
    for (const phone of each.phones) owners.set(phone, (owners.get(phone) ?? 0) + 1);
  const buyers = new Set(shop.orders.map((each) => each.customerSourceId));
  return {
    all: shop.customers,
    loyal: shop.customers.filter((each) => each.tier !== "" && buyers.has(each.sourceId)),
    shared: [...owners].filter(([, count]) => count > 1).map(([phone]) => phone),
    phones: new Set(owners.keys()),
  };
}

/** The next call, but for where it goes. Seldom impatient when somebody waits for it, never when it is to be seen. */
function nextCall(
  random: Random,
  pool: CallerPool,
  wanted: "loyal" | "awaited" | "any",
): Omit<IncomingCall, "to"> {
  const { number, name } =
    wanted === "loyal" && pool.loyal.length > 0
      ? { number: random.pick(random.pick(pool.loyal).phones), name: "" }
      : nextCaller(random, pool);
  const impatient = random.chance({ loyal: 0, awaited: 0.04, any: 0.12 }[wanted]);
  return {
    number,
    name,
    dialled: "+73830000600",
    patienceMs: impatient ? random.whole(2500, 6000) : 180_000,
    steps: conversation(random),
    queueTimeoutSeconds: 300,
  };
}

/** How many of known callers are loyal: what there is to see, and what a shop has where callers wait. */
const USUALLY_LOYAL = 0.7;
const CROWD_LOYAL = 0.2;

function nextCaller(
  random: Random,
  pool: CallerPool,
  loyal = USUALLY_LOYAL,
): { number: string; name: string } {
  const kind = random.next();
  if (kind < 0.04) return { number: "", name: "" };
  if (kind < 0.07) return { number: "anonymous", name: "Anonymous" };
  if (kind < 0.16)
    return { number: random.pick(writtenForms(unknownNumber(random, pool))), name: "" };
  if (kind < 0.26 && pool.shared.length > 0)
    return { number: random.pick(writtenForms(random.pick(pool.shared))), name: "" };
  const customer =
    random.chance(loyal) && pool.loyal.length > 0 ? random.pick(pool.loyal) : random.pick(pool.all);
  return { number: random.pick(writtenForms(random.pick(customer.phones))), name: "" };
}

/** A number that belongs to nobody the shop knows. */
function unknownNumber(random: Random, pool: CallerPool): string {
  const country = random.pick(["RU", "RU", "UA", "KZ"] as const);
  for (;;) {
    const number = demoMobile(country, random.whole(0, 9999));
    if (!pool.phones.has(number)) return number;
  }
}

/** What happens in a conversation besides talking. */
function conversation(random: Random): readonly CallStep[] {
  const kind = random.next();
  const to = random.pick(demoExtensions.slice(1));
  if (kind < 0.04) return [{ afterMs: random.whole(8000, 15_000), do: "blindTransfer", to }];
  if (kind < 0.08)
    return [{ afterMs: random.whole(8000, 12_000), do: "attendedTransfer", to, consultMs: 4000 }];
  if (kind < 0.18)
    return [
      { afterMs: random.whole(5000, 9000), do: "hold" },
      { afterMs: random.whole(3000, 6000), do: "resume" },
    ];
  return [];
}

/** An operator's phone: answers by itself, quickly when its owner dialled; now and then lets a customer ring. */
function operatorPhone(random: Random): (ring: RingInfo) => PhoneReaction {
  return ({ queue, campaign }): PhoneReaction => {
    // An answered customer waits two seconds at most.
    if (campaign)
      return {
        do: "answer",
        afterMs: random.whole(200, 900),
        talkMs: random.whole(20_000, 50_000),
      };
    if (queue !== "" && random.chance(0.04)) return { do: "ignore" };
    return {
      do: "answer",
      afterMs: queue === "" ? random.whole(1500, 3000) : random.whole(4000, 8000),
      talkMs: random.whole(20_000, 50_000),
    };
  };
}

/** The people whom operators call, and those whom campaigns do, who have chance of their own. */
function outsidePhone(random: Random, campaigns: Random): PhoneBehaviour {
  return ({ campaign }): PhoneReaction => {
    if (campaign) return calledByCampaign(campaigns);
    const kind = random.next();
    if (kind < 0.12) return { do: "busy" };
    if (kind < 0.2) return { do: "ignore" };
    return {
      do: "answer",
      afterMs: random.whole(3000, 7000),
      talkMs: random.whole(15_000, 45_000),
    };
  };
}

/** Of ten people whom a campaign calls five answer; one of these is impatient, and now and then one wants no more calls. */
function calledByCampaign(random: Random): PhoneReaction {
  const kind = random.next();
  if (kind < 0.1) return { do: "busy" };
  if (kind < 0.15) return { do: "reject", afterMs: random.whole(2000, 9000) };
  if (kind < 0.18) return { do: "fail", cause: 1, sip: "404" };
  if (kind < 0.2) return { do: "fail", cause: 34, sip: "503" };
  if (kind < 0.5) return { do: "ignore" };
  const answer = { do: "answer", afterMs: random.whole(4000, 18_000) } as const;
  if (kind < 0.55) return { ...answer, talkMs: random.whole(500, 3000) };
  if (kind < 0.58) return { ...answer, presses: "1" };
  return answer;
}
