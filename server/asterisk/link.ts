/**
 * A PBX over AMI, kept connected: what it sends becomes one ordered stream that begins anew with a snapshot after every loss.
 *
 *     stopped --start--> connecting --login--> synchronising --snapshot--> up
 *                          ^                        ^ |                    | |
 *                          |                        | +--- failed ---+     | |
 *                          |                        +-- damage, boot |-----+ |
 *                          +---- after a while ---- down <-----------+-------+
 *
 * A PBX that sends more than can be read is `flooding` for a while: what it says is dropped, then `synchronising` as after a loss.
 *
 * In `synchronising` the snapshot is read and events that come meanwhile are held; then the snapshot is handed on, then they.
 */
import { capabilitiesOf, nothingKnown } from "./capabilities.ts";
import { reconnectDelayMs } from "./backoff.ts";
import { systemClock } from "./clock.ts";
import type { Clock, TimerHandle } from "./clock.ts";
import { AmiConnection } from "./connection.ts";
import type { AmiEndpoint, ConnectionLimits } from "./connection.ts";
import { countUnknown, newCounters } from "./counters.ts";
import type { LinkCounters } from "./counters.ts";
import { decode, eventKind, isNoise } from "./events.ts";
import { text, whole } from "./fields.ts";
import type { RawMessage } from "./library.ts";
import { AmiError } from "./model.ts";
import type {
  AmiAnswer,
  Pbx,
  PbxCapabilities,
  PbxEvent,
  PbxInput,
  PbxListener,
  PbxStatus,
} from "./model.ts";
import type { ActionFields } from "./request.ts";
import { readSnapshot } from "./snapshot.ts";

/** One PBX of the configuration. */
export type LinkConfig = AmiEndpoint & { readonly name: string };

/** What may be set differently from its default; the defaults fit production. */
export type LinkTuning = Partial<
  ConnectionLimits & {
    /** How long to wait after login for Asterisk to say that it is fully booted; it says so only to class `system`. */
    readonly bootedMs: number;
    /** Events held while a snapshot is read; more are dropped and the snapshot is read again. */
    readonly maxHeldEvents: number;
    /** Least time between two snapshots on one connection. */
    readonly resyncGapMs: number;
    readonly clock: Clock;
    /** Told of each ping's round trip, for a histogram. */
    readonly onRoundTrip: (roundTripMs: number) => void;
    /** Told what a listener threw, for the log. */
    readonly onListenerError: (error: unknown) => void;
  }
>;

const defaults = {
  connectDeadlineMs: 5000,
  loginDeadlineMs: 5000,
  actionDeadlineMs: 5000,
  listDeadlineMs: 15_000,
  pingMs: 2000,
  pingLimitMs: 10_000,
  maxMessageChars: 256 * 1024,
  maxListItems: 50_000,
  sliceMs: 4,
  maxWaitingChars: 1024 * 1024,
  tooMuchAfterMs: 2000,
  bootedMs: 2000,
  maxHeldEvents: 20_000,
  resyncGapMs: 10_000,
};

/** After a connection that stood this long, the next attempt begins with the shortest wait again. */
const steadyMs = 10_000;
/** A flood that comes sooner after the last one is waited out for longer. */
const calmMs = 60_000;
/** How much two estimates of when Asterisk started may differ and still mean the same start. */
const uptimeToleranceMs = 5000;

type Held = { readonly event: PbxEvent; readonly atMs: number };

/** When an Asterisk started: in its own words when it says them, else counted back from its uptime. */
type Start = { readonly words: string; readonly atMs: number | null };

export class PbxLink implements Pbx {
  readonly name: string;
  readonly #config: LinkConfig;
  readonly #tuning: LinkTuning & typeof defaults;
  readonly #clock: Clock;
  readonly #counters = newCounters();
  readonly #listeners = new Set<PbxListener>();
  readonly #statusListeners = new Set<(status: PbxStatus) => void>();
  #status: PbxStatus;
  #started = false;
  #connection: AmiConnection | null = null;
  #timer: TimerHandle | null = null;
  #failures = 0;
  /** Not null while a snapshot is read. */
  #held: Held[] | null = null;
  #overflowed = false;
  /** Something was lost while a snapshot was read; it may have missed what was lost, so another follows. */
  #resyncDue = false;
  #onBooted: (() => void) | null = null;
  #uptimeMs: number | null = null;
  #shutdownSeen = false;
  #lastStart: Start | null = null;
  /** Listeners have a snapshot that still holds. */
  #inStep = false;
  #lastAtMs = 0;
  #lastSnapshotAtMs = 0;
  #floodsInRow = 0;
  #lastFloodAtMs = -Infinity;

  constructor(config: LinkConfig, tuning: LinkTuning = {}) {
    this.name = config.name;
    this.#config = config;
    this.#tuning = { ...defaults, ...tuning };
    this.#clock = tuning.clock ?? systemClock();
    this.#status = {
      pbx: config.name,
      state: "stopped",
      sinceMs: this.#clock.nowMs(),
      reason: "",
      capabilities: nothingKnown,
      roundTripMs: null,
    };
  }

  /** Connects and stays connected until {@link stop}. A second start does nothing. */
  start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#failures = 0;
    this.#connect();
  }

  /** Disconnects for good; what waits fails with `disconnected`. A second stop does nothing. */
  stop(): void {
    if (!this.#started) return;
    this.#started = false;
    this.#timer?.cancel();
    const connection = this.#connection;
    if (connection) connection.close("Stopped");
    else this.#setState("stopped", "");
  }

  status(): PbxStatus {
    return { ...this.#status, roundTripMs: this.#counters.roundTripMs };
  }

  /** How long the oldest message that was not read yet has been here; 0 while all are read. */
  lagMs(): number {
    return this.#connection?.lagMs() ?? 0;
  }

  /** The counters as they are now; the object is live and must not be changed. */
  counters(): Readonly<LinkCounters> {
    return this.#counters;
  }

  listen(listener: PbxListener): () => void {
    // Wrapped, so that the same function may listen twice and each removal removes one.
    const own: PbxListener = (input, atMs) => listener(input, atMs);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  onStatus(listener: (status: PbxStatus) => void): () => void {
    const own = (status: PbxStatus): void => listener(status);
    this.#statusListeners.add(own);
    return () => void this.#statusListeners.delete(own);
  }

  action(
    name: string,
    fields: ActionFields = {},
    options: { readonly deadlineMs?: number; readonly list?: boolean } = {},
  ): Promise<AmiAnswer> {
    if (this.#connection) return this.#connection.action(name, fields, options);
    this.#counters.actionsByOutcome.disconnected += 1;
    const why = this.#status.reason || `the connection to ${this.name} is ${this.#status.state}`;
    return Promise.reject(new AmiError("disconnected", name, `${name}: ${why}`));
  }

  #connect(): void {
    this.#timer = null;
    this.#held = [];
    this.#overflowed = false;
    this.#resyncDue = false;
    this.#uptimeMs = null;
    this.#shutdownSeen = false;
    // The reason stays until the next attempt has its own: whoever looks now wants to know why it is not up.
    this.#setState("connecting", this.#status.reason);
    const counters = this.#counters;
    const connection: AmiConnection = new AmiConnection(this.#config, this.#tuning, this.#clock, {
      onEvent: (raw, atMs) => this.#onEvent(raw, atMs),
      isNoise,
      onNoise: (name) => this.#countUntyped(name),
      onShed: () => {
        counters.shed += 1;
      },
      onTooMuch: () => this.#onTooMuch(),
      onDamage: () => {
        counters.torn += 1;
        this.#resync();
      },
      onAction: (_name, outcome) => {
        counters.actionsByOutcome[outcome] += 1;
      },
      onRoundTrip: (roundTripMs) => {
        counters.roundTripMs = roundTripMs;
        this.#tuning.onRoundTrip?.(roundTripMs);
      },
      onStray: () => {
        counters.stray += 1;
      },
      onClosed: (reason) => this.#onClosed(reason),
    });
    this.#connection = connection;
    void this.#bringUp(connection);
  }

  /** From the first byte to `up`. Never rejects: whatever goes wrong closes the connection, and its closing has one path. */
  async #bringUp(connection: AmiConnection): Promise<void> {
    try {
      await connection.open();
      this.#counters.logins += 1;
      this.#setState("synchronising", "");
      await this.#fullyBooted();
      const restarted = await this.#learn(connection);
      await this.#synchronise(connection, restarted);
    } catch (error) {
      connection.close(error instanceof Error ? error.message : String(error));
    }
  }

  #fullyBooted(): Promise<void> {
    if (this.#uptimeMs !== null) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        timer.cancel();
        this.#onBooted = null;
        resolve();
      };
      const timer = this.#clock.after(this.#tuning.bootedMs, done);
      this.#onBooted = done;
    });
  }

  /** Finds out what this Asterisk is; true when it started anew since the last connection. */
  async #learn(connection: AmiConnection): Promise<boolean> {
    const known = (name: string): Promise<AmiAnswer | null> =>
      connection.action(name).catch((error: unknown) => {
        // Without class `reporting` both are refused; then the greeting and the uptime have to do.
        if (error instanceof AmiError && error.code === "refused") return null;
        throw error;
      });
    const [settings, core] = await Promise.all([known("CoreSettings"), known("CoreStatus")]);
    this.#setCapabilities(
      capabilitiesOf(
        settings ? text(settings.fields, "asteriskversion") : "",
        connection.protocolVersion,
        this.#status.capabilities.deviceStateList,
      ),
    );
    const date = core ? text(core.fields, "corestartupdate") : "";
    const time = core ? text(core.fields, "corestartuptime") : "";
    const start: Start = {
      words: date === "" && time === "" ? "" : `${date} ${time}`,
      atMs: this.#uptimeMs === null ? null : this.#clock.nowMs() - this.#uptimeMs,
    };
    const restarted = this.#lastStart !== null && isAnotherStart(this.#lastStart, start);
    if (restarted) this.#counters.restarts += 1;
    this.#lastStart = start;
    return restarted;
  }

  /** Reads the snapshot, hands it on, then the events that came since {@link #held} was set. */
  async #synchronise(connection: AmiConnection, restarted: boolean): Promise<void> {
    const action: Pbx["action"] = (name, fields, options) =>
      connection.action(name, fields, options);
    const { snapshot, deviceStateList } = await readSnapshot(action, restarted);
    if (this.#connection !== connection) return;
    this.#setCapabilities({ ...this.#status.capabilities, deviceStateList });
    if (this.#overflowed) {
      // Events after the dropped ones would make no sense on top of this snapshot. Asterisk gets time to calm down.
      await new Promise<void>((resolve) => {
        this.#timer = this.#clock.after(this.#tuning.resyncGapMs / 10, resolve);
      });
      this.#timer = null;
      this.#held = [];
      this.#overflowed = false;
      await this.#synchronise(connection, restarted);
      return;
    }
    this.#counters.snapshots += 1;
    this.#lastSnapshotAtMs = this.#clock.nowMs();
    this.#inStep = true;
    const held = this.#held ?? [];
    this.#deliver({ type: "snapshot", snapshot }, held[0]?.atMs ?? this.#lastSnapshotAtMs);
    for (const { event, atMs } of held) {
      // A listener may stop the link.
      if (this.#connection !== connection) return;
      this.#deliver(event, atMs);
    }
    this.#held = null;
    if (this.#connection !== connection) return;
    // Nobody is told `up` before the truth was handed on.
    this.#setState("up", "");
    if (this.#resyncDue) this.#resync();
  }

  /** What is known may be wrong: reads the snapshot again, unless `atOnce` not more often than the gap allows. */
  #resync(atOnce = false): void {
    const connection = this.#connection;
    if (!connection || this.#status.state !== "up") {
      this.#resyncDue = true;
      return;
    }
    if (this.#timer && !atOnce) return;
    this.#timer?.cancel();
    const waitMs = atOnce
      ? 0
      : this.#lastSnapshotAtMs + this.#tuning.resyncGapMs - this.#clock.nowMs();
    const run = (): void => {
      this.#timer = null;
      if (this.#status.state === "up") this.#readAgain(connection);
    };
    if (waitMs <= 0) run();
    else this.#timer = this.#clock.after(waitMs, run);
  }

  #readAgain(connection: AmiConnection): void {
    this.#timer = null;
    if (this.#connection !== connection) return;
    this.#resyncDue = false;
    this.#held = [];
    this.#overflowed = false;
    this.#setState("synchronising", "");
    this.#synchronise(connection, false).catch((error: unknown) => {
      connection.close(error instanceof Error ? error.message : String(error));
    });
  }

  #onEvent(raw: RawMessage, atMs: number): void {
    const event = decode(raw);
    if (event === null) {
      this.#onUntyped(raw);
      return;
    }
    if (this.#held === null) {
      this.#deliver(event, atMs);
    } else if (this.#held.length < this.#tuning.maxHeldEvents) {
      this.#held.push({ event, atMs });
    } else {
      this.#overflowed = true;
      this.#counters.dropped += 1;
    }
  }

  #onUntyped(raw: RawMessage): void {
    const name = text(raw, "event");
    this.#countUntyped(name);
    if (name === "Shutdown") this.#shutdownSeen = true;
    // Queues and members that a reload added or took away are announced by no event.
    if (name === "Reload") this.#resync();
    if (name !== "FullyBooted") return;
    this.#uptimeMs = Math.max(0, whole(raw, "uptime") * 1000);
    if (this.#onBooted) this.#onBooted();
    // It finished booting after it had been read: modules and their queues came since.
    else this.#resync(true);
  }

  #countUntyped(name: string): void {
    const kind = eventKind(name);
    if (kind === "typed") this.#counters.malformed += 1;
    else if (kind === "unknown") countUnknown(this.#counters, name);
    else this.#counters.unused += 1;
  }

  /** It is let talk to itself for a while; what is known of it counts as lost. */
  #onTooMuch(): void {
    const connection = this.#connection;
    if (!connection) return;
    this.#counters.floods += 1;
    const nowMs = this.#clock.nowMs();
    const reason = "It sends more than can be read";
    // A snapshot does not come to an end in such a stream; there is an end to it, and its own way, when the connection closes.
    if (this.#status.state !== "up") {
      connection.close(reason);
      return;
    }
    this.#floodsInRow = nowMs - this.#lastFloodAtMs < calmMs ? this.#floodsInRow + 1 : 0;
    this.#lastFloodAtMs = nowMs;
    connection.shed();
    this.#timer?.cancel();
    this.#inStep = false;
    this.#deliver({ type: "connectionLost", reason }, nowMs);
    if (this.#connection !== connection) return;
    this.#setState("flooding", reason);
    const restMs = reconnectDelayMs(this.#floodsInRow, this.#clock.random());
    this.#timer = this.#clock.after(restMs, () => {
      connection.readAll();
      this.#readAgain(connection);
    });
  }

  #deliver(input: PbxInput, atMs: number): void {
    // Held events came before the snapshot was complete; time must not run backwards for those who measure with it.
    this.#lastAtMs = Math.max(this.#lastAtMs, atMs);
    if (input.type !== "snapshot" && input.type !== "connectionLost") {
      const counts = this.#counters.eventsByType;
      counts[input.type] = (counts[input.type] ?? 0) + 1;
    }
    for (const listener of this.#listeners) {
      try {
        listener(input, this.#lastAtMs);
      } catch (error) {
        this.#onListenerError(error);
      }
    }
  }

  #onListenerError(error: unknown): void {
    this.#counters.listenerErrors += 1;
    try {
      this.#tuning.onListenerError?.(error);
    } catch {
      // Whoever is told of errors may fail as well; the read path goes on.
    }
  }

  #onClosed(closeReason: string): void {
    const reason = this.#shutdownSeen ? `${closeReason} (it was shut down)` : closeReason;
    const nowMs = this.#clock.nowMs();
    const wasSteady = this.#status.state === "up" && nowMs - this.#status.sinceMs >= steadyMs;
    this.#failures = wasSteady ? 0 : this.#failures + 1;
    this.#connection = null;
    this.#timer?.cancel();
    this.#held = null;
    this.#onBooted?.();
    this.#counters.roundTripMs = null;
    if (this.#inStep) {
      this.#inStep = false;
      this.#counters.connectionsLost += 1;
      this.#deliver({ type: "connectionLost", reason }, nowMs);
    }
    if (!this.#started) {
      this.#setState("stopped", "");
      return;
    }
    this.#setState("down", reason);
    const delayMs = reconnectDelayMs(Math.max(0, this.#failures - 1), this.#clock.random());
    this.#timer = this.#clock.after(delayMs, () => this.#connect());
  }

  #setCapabilities(capabilities: PbxCapabilities): void {
    this.#status = { ...this.#status, capabilities };
  }

  #setState(state: PbxStatus["state"], reason: string): void {
    this.#status = { ...this.#status, state, reason, sinceMs: this.#clock.nowMs() };
    const status = this.status();
    for (const listener of this.#statusListeners) {
      try {
        listener(status);
      } catch (error) {
        this.#onListenerError(error);
      }
    }
  }
}

/** Whether Asterisk started anew between two looks at it. */
function isAnotherStart(before: Start, now: Start): boolean {
  if (before.words !== "" && now.words !== "") return before.words !== now.words;
  if (before.atMs === null || now.atMs === null) return false;
  return Math.abs(now.atMs - before.atMs) > uptimeToleranceMs;
}
