/**
 * Everybody who works a phone: operators, the device each sits at, their screens, and what they are doing now.
 *
 * Presence is worked out behind the facts, never in their way, and told when it differs from what the screen shows.
 */
import type { Pbxs } from "../asterisk/pbxs.ts";
import type { User } from "../people/model.ts";
import type { Clock, DeskCalls } from "./ports.ts";
import { type Membership, type PresenceNow, presenceDifference, presenceOf } from "./presence.ts";
import type { DeskState, Presence } from "./protocol.ts";
import { Screen } from "./screen.ts";
import { EMPTY_SEAT, type Seat, seatsOf } from "./seats.ts";
import type { CallView } from "./view.ts";

/** Where an operator's phone is. */
export type Device = { readonly pbx: string; readonly extension: string };

/** A call on an operator's screen. */
export type ShownCall = {
  readonly callId: string;
  readonly device: Device;
  view: CallView;
  /** They talked on it, so a wrap-up is expected. */
  duty: boolean;
  saved: boolean;
  removal: NodeJS.Timeout | null;
};

/** One person at work. */
export type Operator = {
  user: User;
  device: Device | null;
  readonly screen: Screen;
  readonly calls: Map<string, ShownCall>;
  /** When in each second they are told how many wait. */
  readonly waitingTurn: number;
  /** Said "ready" then: wrap-ups of calls that ended before do not hold them any more. */
  readyAtMs: number;
  presenceTimer: NodeJS.Timeout | null;
};

/** What a floor needs. */
export type FloorOptions = {
  readonly calls: Pick<DeskCalls, "queues" | "extensions" | "onQueues">;
  readonly pbxs: Pbxs;
  readonly now: Clock;
  /** The parts of a state that are the same for everybody. */
  readonly common: () => Pick<DeskState, "dispositions" | "pauseReasons" | "demo">;
  /** Called after an operator's presence was worked out. */
  readonly presenceSeen?: (operator: Operator, memberships: readonly Membership[]) => void;
};

/** Changes of queues are looked at together after this long. */
const QUEUES_GATHER_MS = 20;
/** Numbers of waiting callers are told at most this often to one operator. */
const WAITING_EVERY_MS = 1000;
/** In that time everybody has their turn in so many groups: two hundred screens drawing at one moment would delay a pop. */
const WAITING_TURNS = 20;

/** The floor of one process. */
export class Floor {
  readonly #options: FloorOptions;
  readonly #operators = new Map<string, Operator>();
  readonly #byDevice = new Map<string, Operator>();
  readonly #seats = new Map<string, ReadonlyMap<string, Seat>>();
  readonly #changedPbxs = new Set<string>();
  readonly #dirty = new Set<Operator>();
  readonly #waitingChanged = new Map<Operator, Presence>();
  #admitted = 0;
  #turn = 0;
  readonly #releases: (() => void)[] = [];
  #queuesTimer: NodeJS.Timeout | null = null;
  #waitingTimer: NodeJS.Timeout | null = null;
  #flushing: NodeJS.Immediate | null = null;
  #databaseUp = true;
  #closed = false;
  /** Changes with the process, so that numbers of an earlier one mean nothing. */
  readonly #epoch = crypto.randomUUID();

  constructor(options: FloorOptions) {
    this.#options = options;
    this.#releases.push(options.calls.onQueues((pbx) => this.#queuesChanged(pbx)));
    const stopFollowing = options.pbxs.each((pbx) => {
      this.#seats.set(pbx.name, this.#readSeats(pbx.name));
      const release = pbx.onStatus(() => this.#pbxChanged(pbx.name));
      this.#pbxChanged(pbx.name);
      return () => {
        release();
        if (this.#closed) return;
        this.#seats.delete(pbx.name);
        this.#pbxChanged(pbx.name);
      };
    });
    this.#releases.push(() => void stopFollowing());
  }

  /** Everybody known. */
  operators(): IterableIterator<Operator> {
    return this.#operators.values();
  }

  /** Who sits at a device, null for nobody. */
  at(pbx: string, extension: string): Operator | null {
    return this.#byDevice.get(`${pbx}/${extension}`) ?? null;
  }

  /** A known operator. */
  of(userId: string): Operator | null {
    return this.#operators.get(userId) ?? null;
  }

  /** Name of who sits at a device; the extension when nobody does. */
  nameAt(pbx: string, extension: string): string {
    return this.at(pbx, extension)?.user.name ?? extension;
  }

  /** The queues a device is a member of, as the PBX said last: who acts on them does not wait for the gathering. */
  memberships(device: Device | null): readonly Membership[] {
    if (device !== null && this.#changedPbxs.has(device.pbx))
      this.#seats.set(device.pbx, this.#readSeats(device.pbx));
    return this.#seat(device).memberships;
  }

  /** True while the PBX's state is known. */
  isUp(pbx: string): boolean {
    return this.#options.pbxs.get(pbx)?.status().state === "up";
  }

  /** The operator of a user, made when not known yet; their name and role are brought up to date. */
  admit(user: User): Operator {
    const known = this.#operators.get(user.id);
    if (known !== undefined) {
      if (!sameUser(known.user, user)) {
        known.user = user;
        known.screen.replace({ user }, this.#options.now());
      }
      return known;
    }
    const nowMs = this.#options.now();
    const operator: Operator = {
      user,
      device: null,
      screen: new Screen({
        seq: 0,
        epoch: this.#epoch,
        serverTimeMs: nowMs,
        user,
        presence: {
          state: "noDevice",
          sinceMs: nowMs,
          pausedReason: "",
          device: null,
          queues: [],
        },
        calls: [],
        preview: null,
        callBacks: [],
        ...this.#options.common(),
        pbxs: this.#pbxs(),
        trouble: this.#trouble(null),
      }),
      calls: new Map(),
      waitingTurn: this.#admitted++ % WAITING_TURNS,
      readyAtMs: 0,
      presenceTimer: null,
    };
    this.#operators.set(user.id, operator);
    return operator;
  }

  /** Puts an operator at a device; whoever sat there stands up. @returns who that was. */
  seat(operator: Operator, device: Device | null): Operator | null {
    const evicted = device === null ? null : this.at(device.pbx, device.extension);
    if (evicted === operator) return null;
    if (evicted !== null) this.seat(evicted, null);
    if (operator.device !== null)
      this.#byDevice.delete(`${operator.device.pbx}/${operator.device.extension}`);
    operator.device = device;
    if (device !== null) this.#byDevice.set(`${device.pbx}/${device.extension}`, operator);
    this.#tellPbxs(operator);
    this.touch(operator);
    return evicted;
  }

  /** Forgets an operator who has no device, no browser and nothing to finish. */
  dismissIdle(operator: Operator): void {
    if (operator.device !== null || operator.screen.browsers > 0 || operator.calls.size > 0) return;
    this.#operators.delete(operator.user.id);
    this.#dirty.delete(operator);
    this.#waitingChanged.delete(operator);
    if (operator.presenceTimer !== null) clearTimeout(operator.presenceTimer);
  }

  /** Something an operator's presence depends on changed; it is worked out after the present task. */
  touch(operator: Operator): void {
    this.#dirty.add(operator);
    this.#flushing ??= setImmediate(() => {
      this.#flushing = null;
      this.flush();
    });
  }

  /** Works out and tells the presences that were touched. */
  flush(): void {
    const dirty = [...this.#dirty];
    this.#dirty.clear();
    for (const operator of dirty) this.#tellPresence(operator);
  }

  /** Tells every screen whether PostgreSQL answers. */
  setDatabaseUp(up: boolean): void {
    if (this.#databaseUp === up) return;
    this.#databaseUp = up;
    for (const operator of this.#operators.values()) this.#tellPbxs(operator);
  }

  /** Replaces what is the same for everybody (dictionaries changed). */
  replaceCommon(): void {
    const nowMs = this.#options.now();
    for (const { screen } of this.#operators.values())
      screen.replace(this.#options.common(), nowMs);
  }

  /** Stops listening and all timers. */
  close(): void {
    this.#closed = true;
    for (const release of this.#releases.splice(0)) release();
    if (this.#queuesTimer !== null) clearTimeout(this.#queuesTimer);
    if (this.#waitingTimer !== null) clearInterval(this.#waitingTimer);
    if (this.#flushing !== null) clearImmediate(this.#flushing);
    for (const operator of this.#operators.values()) {
      if (operator.presenceTimer !== null) clearTimeout(operator.presenceTimer);
      for (const { removal } of operator.calls.values())
        if (removal !== null) clearTimeout(removal);
    }
  }

  #tellPresence(operator: Operator): void {
    const { device, screen } = operator;
    const { device: deviceState, memberships } = this.#seat(device);
    const calls = [...operator.calls.values()];
    const now = presenceOf({
      device,
      pbxUp: device !== null && this.isUp(device.pbx),
      deviceState,
      memberships,
      calls: calls.filter((call) => sameDevice(call.device, device)).map(({ view }) => view.state),
      wrapUpPending: calls.some(
        ({ duty, saved, view }) =>
          duty && !saved && view.endedAtMs !== null && view.endedAtMs > operator.readyAtMs,
      ),
      nowMs: this.#options.now(),
    });
    this.#wakeAt(operator, now.untilMs);
    const shown = this.#waitingChanged.get(operator) ?? screen.state.presence;
    const difference = presenceDifference(shown, now);
    if (difference !== "none") {
      const presence = this.#begun(screen.state.presence, now);
      if (difference === "state") {
        this.#waitingChanged.delete(operator);
        screen.publish({ kind: "presence", presence });
      } else {
        this.#waitingChanged.set(operator, presence);
        this.#waitingTimer ??= setInterval(
          () => this.#tellWaiting(),
          WAITING_EVERY_MS / WAITING_TURNS,
        );
      }
    }
    this.#options.presenceSeen?.(operator, memberships);
  }

  /** With the moment this state began: the one shown goes on when only its surroundings changed. */
  #begun(shown: Presence, now: PresenceNow): Presence {
    const { state, pausedReason, device, queues } = now;
    const same = shown.state === state && shown.pausedReason === pausedReason;
    const sinceMs = same ? shown.sinceMs : this.#options.now();
    return { state, sinceMs, pausedReason, device, queues };
  }

  /** One turn. Numbers that are again what the screen shows are not told. */
  #tellWaiting(): void {
    this.#turn = (this.#turn + 1) % WAITING_TURNS;
    for (const [operator, presence] of this.#waitingChanged) {
      if (operator.waitingTurn !== this.#turn) continue;
      this.#waitingChanged.delete(operator);
      const { screen } = operator;
      if (presenceDifference(screen.state.presence, presence) !== "none")
        screen.publish({ kind: "presence", presence });
    }
    if (this.#waitingChanged.size > 0 || this.#waitingTimer === null) return;
    clearInterval(this.#waitingTimer);
    this.#waitingTimer = null;
  }

  #wakeAt(operator: Operator, untilMs: number | null): void {
    if (operator.presenceTimer !== null) clearTimeout(operator.presenceTimer);
    operator.presenceTimer = null;
    if (untilMs === null) return;
    const delayMs = Math.min(3_600_000, Math.max(1, untilMs - this.#options.now() + 1));
    operator.presenceTimer = setTimeout(() => this.touch(operator), delayMs);
    operator.presenceTimer.unref();
  }

  #queuesChanged(pbx: string): void {
    this.#changedPbxs.add(pbx);
    this.#queuesTimer ??= setTimeout(() => {
      this.#queuesTimer = null;
      for (const name of this.#changedPbxs) {
        // The last that is heard of a PBX that is gone comes after it went.
        if (this.#options.pbxs.get(name) === undefined) this.#seats.delete(name);
        else this.#seats.set(name, this.#readSeats(name));
        this.#touchAllOf(name);
      }
      this.#changedPbxs.clear();
    }, QUEUES_GATHER_MS);
  }

  #pbxChanged(pbx: string): void {
    for (const operator of this.#operators.values()) this.#tellPbxs(operator);
    this.#touchAllOf(pbx);
  }

  #touchAllOf(pbx: string): void {
    for (const operator of this.#byDevice.values())
      if (operator.device?.pbx === pbx) this.touch(operator);
  }

  #readSeats(pbx: string): ReadonlyMap<string, Seat> {
    const { calls } = this.#options;
    return seatsOf(calls.extensions(pbx), calls.queues(pbx));
  }

  #seat(device: Device | null): Seat {
    if (device === null) return EMPTY_SEAT;
    return this.#seats.get(device.pbx)?.get(device.extension) ?? EMPTY_SEAT;
  }

  #pbxs(): DeskState["pbxs"] {
    return this.#options.pbxs.all().map((pbx) => {
      const { state, reason } = pbx.status();
      return { name: pbx.name, up: state === "up", reason };
    });
  }

  #trouble(device: Device | null): DeskState["trouble"] {
    const down = device === null ? this.#pbxs().every(({ up }) => !up) : !this.isUp(device.pbx);
    return [
      ...(down ? ["pbxDown" as const] : []),
      ...(this.#databaseUp ? [] : ["databaseDown" as const]),
    ];
  }

  #tellPbxs(operator: Operator): void {
    const pbxs = this.#pbxs();
    const trouble = this.#trouble(operator.device);
    const shown = operator.screen.state;
    if (
      JSON.stringify(pbxs) === JSON.stringify(shown.pbxs) &&
      trouble.join() === shown.trouble.join()
    )
      return;
    operator.screen.publish({ kind: "pbxs", pbxs, trouble });
  }
}

function sameUser(one: User, other: User): boolean {
  return (
    one.login === other.login &&
    one.name === other.name &&
    one.role === other.role &&
    one.language === other.language
  );
}

/** True when both are the same phone. */
export function sameDevice(one: Device | null, other: Device | null): boolean {
  return one?.pbx === other?.pbx && one?.extension === other?.extension;
}
