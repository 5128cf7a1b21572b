/**
 * The demo's full queue: delivery, with three people for more callers than they can answer. How many wait rises and falls by
 * itself, so that there is always somebody to put in order and never more than a screen shows.
 */
import type { Clock } from "./pbx/clock.ts";
import type { QueueConfig } from "./pbx/queue-rules.ts";
import type { SimulatedPbx } from "./pbx/simulated-pbx.ts";
import type { Random } from "./random.ts";

/** Who answers there, and the name each phone shows. Nobody logs in at these. */
export const crowdExtensions: Readonly<Record<string, string>> = {
  "107": "Zhanna",
  "108": "Ivan",
  "109": "Kira",
};

/** The queue as it is configured. */
export const crowdQueue: QueueConfig = {
  name: "delivery",
  strategy: "rrmemory",
  ringTimeoutSeconds: 15,
  retrySeconds: 2,
  wrapUpSeconds: 3,
  serviceLevelSeconds: 20,
  members: Object.entries(crowdExtensions).map(([extension, name]) => ({
    interface: `PJSIP/${extension}`,
    name,
  })),
};

/** How many wait, about; chosen anew now and then. */
const tide = [3, 9] as const;
const tideMs = [60_000, 120_000] as const;
/** Between two looks at the queue; at each at most one caller comes. */
const lookMs = [1500, 5000] as const;

/** Lets callers come until stopped. @returns how to stop. */
export function startCrowd(
  pbx: SimulatedPbx,
  clock: Clock,
  random: Random,
  nextCaller: () => { readonly number: string; readonly name: string },
): () => void {
  let wanted = random.whole(...tide);
  let turnsAtMs = clock.now() + random.whole(...tideMs);
  let cancel: () => void = () => {};
  const look = (): void => {
    cancel = clock.after(random.whole(...lookMs), look);
    if (clock.now() >= turnsAtMs) {
      wanted = random.whole(...tide);
      turnsAtMs = clock.now() + random.whole(...tideMs);
    }
    if (pbx.unserved([crowdQueue.name]) >= wanted) return;
    const impatient = random.chance(0.15);
    pbx.placeCall({
      ...nextCaller(),
      to: crowdQueue.name,
      dialled: "+73830000601",
      patienceMs: impatient ? random.whole(10_000, 60_000) : 240_000,
      queueTimeoutSeconds: 300,
    });
  };
  cancel = clock.after(random.whole(...lookMs), look);
  return () => cancel();
}
