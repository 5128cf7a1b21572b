/** A dialler over parts in memory, on a clock that the test moves. */
import { vi } from "vitest";
import { Dialler } from "../../../../server/campaigns/dialler/dialler.ts";
import type { Seat } from "../../../../server/campaigns/dialler/operators.ts";
import type { Offer } from "../../../../server/campaigns/dialler/previews.ts";
import type { Campaign } from "../../../../server/campaigns/model.ts";
import { TestLease } from "../../../support/lease.ts";
import {
  MemoryAttempts,
  MemoryBook,
  MemoryFloor,
  MemoryTelephone,
  PBX,
  START_MS,
} from "./memory.ts";

export type Stage = Awaited<ReturnType<typeof openStage>>;

/** Fake timers are on until `close`. @param of extensions that work; each has a user `u<extension>`. */
export async function openStage(
  of: {
    readonly extensions?: readonly string[];
    readonly attempts?: MemoryAttempts;
    readonly telephone?: MemoryTelephone;
  },
  ...campaigns: readonly Campaign[]
) {
  vi.useFakeTimers({ now: START_MS });
  const extensions = of.extensions ?? ["101"];
  const attempts = of.attempts ?? new MemoryAttempts();
  const telephone = of.telephone ?? new MemoryTelephone();
  const book = new MemoryBook(...campaigns);
  const lease = new TestLease();
  const floor = new MemoryFloor(...extensions);
  const seats = new Map<string, Seat>(
    extensions.map((extension) => [
      extension,
      { userId: `u${extension}`, pbx: PBX, extension, wrappingUp: false },
    ]),
  );
  const refused: string[] = [];
  const offers: { userId: string; offer: Offer | null }[] = [];
  const prepared: string[] = [];
  const dialler = new Dialler({
    ...{ telephone, attempts, lease, campaigns: book, calls: floor },
    seats: () => seats.values(),
    ownPhone: (extension) => `PJSIP/${extension}`,
    prepare: async ({ id }) => void prepared.push(id),
    doNotCall: async (phone) => void refused.push(phone),
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    now: () => Date.now(),
  });
  dialler.onPreview((userId, offer) => offers.push({ userId, offer }));
  dialler.open();
  const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
  await pass(100);
  return {
    ...{ dialler, attempts, telephone, book, lease, floor, seats, refused, offers, prepared },
    pass,
    async close() {
      const closing = dialler.close();
      await pass(6000);
      await closing;
      vi.useRealTimers();
    },
  };
}
