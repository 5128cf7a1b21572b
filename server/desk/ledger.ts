/**
 * The pop ledger: every ringing of every phone, stage by stage, until the card was painted or the reason is known why not.
 *
 * Stamping a stage costs a map look-up; writing to PostgreSQL happens behind it, in batches.
 *
 * Several processes see the same ringing. Whoever sent the card to a browser of its own writes what became of it and counts it. What nobody
 * here got is written, told and counted as missed only by the holder of the PBX's lease, and counted only when PostgreSQL knows of no
 * other process that sent it (an operator with tabs at two processes is counted by both).
 */
import * as prom from "prom-client";
import type { CardTimes } from "./cards.ts";
import { HeldOutbox } from "../storage/held-outbox.ts";
import type { Leases } from "../storage/leases.ts";
import { type Pop, isSettled, missedOf, missedReasons, paintedAt, stageDurations } from "./pop.ts";
import type { Clock, DeskLog } from "./ports.ts";
import type { PopRow } from "./pop-rows.ts";

/** What a ledger needs. */
export type LedgerOptions = {
  /** @returns ring ids among them whose card was sent to a browser, by whichever process. */
  readonly write: (rows: readonly PopRow[]) => Promise<ReadonlySet<string>>;
  /** Null (the default): no other process sees these phones ring. */
  readonly leases?: Pick<Leases, "of"> | null;
  readonly now: Clock;
  readonly log: DeskLog;
  readonly registry: prom.Registry;
};

/** Receives a pop each time a stage is added to it. */
export type PopListener = (pop: PopRow) => void;

type Open = {
  pop: Pop;
  /** When a browser acknowledged the composed card; the base of what it says about painting. */
  cardReceivedAtMs: number | null;
};

/** What a browser says of a painted card. `agoMs`: told again, so long after it was painted. */
export type PaintedBy = {
  readonly userId: string;
  readonly receivedToPaintedMs: number;
  readonly visible: boolean;
  readonly agoMs?: number | undefined;
};

/** How often open pops are looked over. */
const SWEEP_MS = 1000;
const CLOSE_LIMIT_MS = 5000;
/** Longer than another process needs to write what it saw, shorter than its counts would be repeated for long. */
const KEEP_MS = 60_000;
/** So long after its ringing a browser may still tell what its former process did not write. */
const TOLD_LATE_MS = 300_000;
/** A ringing whose end never came is closed after this. */
const LONGEST_RING_MS = 3_600_000;

/** All open pops of one process, and the way of closed ones to PostgreSQL. */
export class Ledger {
  readonly #now: Clock;
  readonly #open = new Map<string, Open>();
  readonly #byCall = new Map<string, Set<string>>();
  /** Those of the last minutes that nothing more is expected of, the oldest first: a browser that comes from another process may know more. */
  readonly #closed = new Map<string, Open>();
  readonly #leases: Pick<Leases, "of"> | null;
  readonly #outbox: HeldOutbox<PopRow>;
  readonly #sweeper: NodeJS.Timeout;
  readonly #metrics: ReturnType<typeof popMetrics>;
  readonly #listeners = new Set<PopListener>();
  readonly #untold = new Map<string, PopRow>();
  /** Whom to tell when a painted pop is in PostgreSQL. */
  readonly #unwritten = new Map<string, (() => void)[]>();

  constructor(options: LedgerOptions) {
    this.#now = options.now;
    this.#leases = options.leases ?? null;
    this.#outbox = new HeldOutbox<PopRow>({
      ...{ name: "pops", log: options.log, leases: this.#leases, keepMs: KEEP_MS },
      isOwn: wasSent,
      write: async (rows) => {
        const shown = await options.write(rows);
        for (const { ringId, paintedAtMs } of rows) if (paintedAtMs !== null) this.#written(ringId);
        if (this.#leases === null) return;
        for (const row of rows)
          if (row.settled === true && !wasSent(row) && !shown.has(row.ringId))
            this.#metrics.count(row, row.missed);
      },
    });
    this.#metrics = popMetrics(options.registry, this.#outbox, () => this.#open.size);
    this.#sweeper = setInterval(() => this.sweep(), SWEEP_MS);
    this.#sweeper.unref();
  }

  /** A phone began to ring. The same ring again changes nothing. */
  rang(pop: Pop): void {
    if (this.#open.has(pop.ringId)) return;
    this.#open.set(pop.ringId, { pop, cardReceivedAtMs: null });
    const siblings = this.#byCall.get(pop.callId) ?? new Set();
    this.#byCall.set(pop.callId, siblings.add(pop.ringId));
    this.#write(pop);
  }

  /** The call's card got further; every ringing of the call profits. */
  card(callId: string, times: CardTimes, outcome: string): void {
    for (const ringId of this.#byCall.get(callId) ?? [])
      this.#stamp(ringId, (pop) => ({ ...pop, ...times, outcome }));
  }

  /** It was sent to the operator's browsers. */
  sent(ringId: string, userId: string, atMs: number): void {
    this.#stamp(ringId, (pop) =>
      pop.sentAtMs === null ? { ...pop, userId: pop.userId ?? userId, sentAtMs: atMs } : pop,
    );
  }

  /** A browser acknowledged it. @param withCard what it got was the composed card. */
  received(ringId: string, atMs: number, withCard: boolean): void {
    const open = this.#open.get(ringId);
    if (open === undefined) return;
    if (withCard) open.cardReceivedAtMs ??= atMs;
    this.#stamp(ringId, (pop) => {
      if (pop.receivedAtMs !== null || pop.sentAtMs === null) return pop;
      return { ...pop, receivedAtMs: Math.max(pop.sentAtMs, atMs) };
    });
  }

  /**
   * A browser painted it. Before the card is composed only "one moment" can have been painted: that is not a pop yet.
   * A hidden tab counts until a visible one paints. What is told again was sent by another process, which may have died before it wrote it:
   * it is taken also when nothing was sent from here, and for some minutes after the pop was closed. Counters keep what was said first.
   * @param written called when PostgreSQL has it; never, when nothing is known of the ringing.
   */
  painted(ringId: string, by: PaintedBy, written?: () => void): void {
    const late = by.agoMs === undefined ? undefined : this.#closed.get(ringId);
    const open = this.#open.get(ringId) ?? late;
    if (open === undefined || open.pop.userId !== by.userId) return;
    const { pop } = open;
    if (pop.composedAtMs === null || (pop.sentAtMs === null && by.agoMs === undefined)) return;
    if (written !== undefined)
      this.#unwritten.set(ringId, [...(this.#unwritten.get(ringId) ?? []), written]);
    if (pop.paintedAtMs !== null && (pop.visible || !by.visible)) {
      // In PostgreSQL, or on its way there; writing it again tells when it is.
      if (written !== undefined) this.#write(pop);
      return;
    }
    const nowMs = this.#now();
    if (by.agoMs !== undefined) {
      const atMs = Math.max(pop.rangAtMs, nowMs - by.agoMs);
      this.#change(open, { ...shownBy(pop, atMs), visible: by.visible });
      return;
    }
    this.received(ringId, nowMs, true);
    const base = open.cardReceivedAtMs ?? nowMs;
    const atMs = paintedAt(pop, base, by.receivedToPaintedMs, nowMs);
    this.#stamp(ringId, (now) => ({ ...now, paintedAtMs: atMs, visible: by.visible }));
  }

  /** The phone stopped ringing. */
  ringEnded(ringId: string, atMs: number): void {
    this.#stamp(ringId, (pop) =>
      pop.ringEndedAtMs === null ? { ...pop, ringEndedAtMs: atMs } : pop,
    );
  }

  /** The call is over: whatever still rang does not any more. */
  callEnded(callId: string, atMs: number): void {
    for (const ringId of this.#byCall.get(callId) ?? []) this.ringEnded(ringId, atMs);
  }

  /** Adds a listener; several stages of one moment are told at once, and never in the way of a pop. */
  onPop(listener: PopListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Closes what nothing more is expected of; runs by itself every second. */
  sweep(): void {
    const nowMs = this.#now();
    for (const [ringId, { pop }] of this.#open) {
      if (nowMs - pop.rangAtMs > LONGEST_RING_MS) this.ringEnded(ringId, nowMs);
      if (isSettled(pop, nowMs)) this.#settle(pop, nowMs);
    }
    for (const [ringId, { pop }] of this.#closed) {
      if (nowMs - (pop.ringEndedAtMs ?? 0) < TOLD_LATE_MS) break;
      this.#closed.delete(ringId);
    }
  }

  /** Resolves when everything known now is in PostgreSQL. */
  async flush(): Promise<void> {
    await this.#outbox.flush();
  }

  /** Closes all pops as they are and writes them. */
  async close(): Promise<void> {
    clearInterval(this.#sweeper);
    const nowMs = this.#now();
    for (const { pop } of this.#open.values()) this.#write(pop, nowMs);
    await this.#outbox.close(CLOSE_LIMIT_MS);
  }

  #stamp(ringId: string, change: (pop: Pop) => Pop): void {
    const open = this.#open.get(ringId);
    if (open === undefined) return;
    this.#change(open, change(open.pop));
  }

  #change(open: Open, fresh: Pop): void {
    if (fresh === open.pop) return;
    open.pop = fresh;
    this.#write(fresh);
  }

  #write(pop: Pop, nowMs = this.#now(), settled = false): void {
    const row: PopRow = { ...pop, missed: missedOf(pop, nowMs), settled };
    this.#outbox.put(pop.pbx, pop.ringId, row);
    if (this.#listeners.size === 0 || !this.#speaksFor(pop)) return;
    if (this.#untold.size === 0) setImmediate(() => this.#tell());
    this.#untold.set(pop.ringId, row);
  }

  #written(ringId: string): void {
    const waiting = this.#unwritten.get(ringId);
    this.#unwritten.delete(ringId);
    for (const written of waiting ?? []) written();
  }

  #tell(): void {
    const rows = [...this.#untold.values()];
    this.#untold.clear();
    for (const listener of this.#listeners) for (const row of rows) listener(row);
  }

  /** Of what nobody here got others may know better. */
  #speaksFor(pop: Pop): boolean {
    return wasSent(pop) || this.#leases === null || this.#leases.of(pop.pbx).held();
  }

  #settle(pop: Pop, nowMs: number): void {
    this.#write(pop, nowMs, true);
    const open = this.#open.get(pop.ringId);
    if (open !== undefined) this.#closed.set(pop.ringId, open);
    this.#open.delete(pop.ringId);
    const siblings = this.#byCall.get(pop.callId);
    siblings?.delete(pop.ringId);
    if (siblings?.size === 0) this.#byCall.delete(pop.callId);
    if (this.#leases === null || wasSent(pop)) this.#metrics.count(pop, missedOf(pop, nowMs));
  }
}

/** With a card that was on a screen at `atMs`: it was sent and received by then. */
function shownBy(pop: Pop, atMs: number): Pop {
  const by = (ms: number | null) => Math.min(ms ?? atMs, atMs);
  const stages = { sentAtMs: by(pop.sentAtMs), receivedAtMs: by(pop.receivedAtMs) };
  return { ...pop, ...stages, paintedAtMs: atMs };
}

/** A browser of this process got it. */
function wasSent({ sentAtMs }: Pop): boolean {
  return sentAtMs !== null;
}

/** Histograms of the stages and counters of what was missed. */
function popMetrics(registry: prom.Registry, outbox: HeldOutbox<PopRow>, open: () => number) {
  const buckets = [
    0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.5, 1, 2, 5,
  ];
  const histogram = (name: string, help: string) =>
    new prom.Histogram({ name, help, buckets, registers: [registry] });
  const stages = {
    joinedToIdentifiedMs: histogram(
      "callcard_pop_joined_to_identified_seconds",
      "Caller joined the queue until the number was looked up.",
    ),
    identifiedToComposedMs: histogram(
      "callcard_pop_identified_to_composed_seconds",
      "Number looked up until the card was complete.",
    ),
    rangToSentMs: histogram(
      "callcard_pop_rang_to_sent_seconds",
      "Event of the ringing phone read until the card was handed to the browsers' sockets.",
    ),
    sentToReceivedMs: histogram(
      "callcard_pop_sent_to_received_seconds",
      "Card handed to the sockets until the first browser acknowledged it.",
    ),
    receivedToPaintedMs: histogram(
      "callcard_pop_received_to_painted_seconds",
      "Browser received the card until it was painted, on the browser's clock.",
    ),
    rangToPaintedMs: histogram(
      "callcard_pop_rang_to_painted_seconds",
      "Event of the ringing phone read until the card was painted.",
    ),
  };
  const pops = new prom.Counter({
    name: "callcard_pops_total",
    help: "Ringings of phones whose pop was closed.",
    registers: [registry],
  });
  const missedTotal = new prom.Counter({
    name: "callcard_pops_missed_total",
    help: "Pops that nobody saw in time, by the first reason.",
    labelNames: ["reason"],
    registers: [registry],
  });
  for (const reason of missedReasons) missedTotal.inc({ reason }, 0);
  const gauge = (name: string, help: string, read: () => number) =>
    new prom.Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  gauge("callcard_pops_open", "Pops whose end is not known yet.", open);
  gauge("callcard_pops_unwritten", "Pops that wait for PostgreSQL.", () => outbox.waiting);
  gauge("callcard_pops_lost", "Pops that could not be written.", () => outbox.lost);
  return {
    count(pop: Pop, missed: string): void {
      pops.inc();
      if (missed !== "") missedTotal.inc({ reason: missed });
      const durations = stageDurations(pop);
      for (const stage of Object.keys(stages) as (keyof typeof stages)[]) {
        const ms = durations[stage];
        if (ms !== null) stages[stage].observe(ms / 1000);
      }
    },
  };
}
