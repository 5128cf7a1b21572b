/** What a desk is made of, and how it is set. */
import type { Leases } from "../storage/leases.ts";
import type { CountryCode } from "libphonenumber-js/max";
import type * as prom from "prom-client";
import type { Pbxs } from "../asterisk/pbxs.ts";
import type { CustomerDirectory } from "../customers/model.ts";
import type { OrderBook } from "../orders/model.ts";
import type { Bus } from "../storage/bus.ts";
import type { Database } from "../storage/database.ts";
import type { PriorityOf } from "./board.ts";
import type { DialSettings } from "./dial.ts";
import type { Clock, DeskCalls, DeskCampaigns, DeskLog, DeskWork } from "./ports.ts";

/** Settings of the desk. */
export type DeskSettings = {
  readonly defaultRegion: CountryCode;
  readonly extensionPattern: RegExp;
  readonly dial: DialSettings;
  readonly identifyDeadlineMs: number;
  /** 0 = members are not paused after a call. */
  readonly wrapUpPauseSeconds: number;
  /** Codes of the reasons an operator may pause with. */
  readonly pauseReasons: readonly string[];
  /** The PBX is simulated. */
  readonly demo: boolean;
};

/** Everything a desk is made of. */
export type DeskOptions = {
  readonly calls: DeskCalls;
  readonly pbxs: Pbxs;
  readonly directory: CustomerDirectory;
  readonly orders: OrderBook;
  readonly db: Database;
  /** The same database over connections that answer what cards ask together; default `db`. */
  readonly reads?: Database;
  /** The same database over connections of its own, for what operators write: it must not wait behind a flood of look-ups. */
  readonly record: Database;
  readonly settings: DeskSettings;
  /** Without it nobody is told why a caller came first. */
  readonly priority?: DeskPriority;
  /** Without it no call is a campaign's. */
  readonly campaigns?: DeskCampaigns;
  /** What cards are worked on with; null or absent: orders are only shown. */
  readonly work?: DeskWork | null;
  /** Without it this process is alone. */
  readonly bus?: Bus;
  /** Other processes serve the same operators; default false. */
  readonly several?: boolean;
  /** Whether this process acts on a PBX of its own accord now; default true. */
  readonly acts?: (pbx: string) => boolean;
  /** Whose it is to write what nobody's browser got; null or absent: this process's. */
  readonly leases?: Pick<Leases, "of"> | null;
  readonly log: DeskLog;
  readonly registry: prom.Registry;
  readonly now?: Clock;
};

/** What the desk asks of queue priority, and tells it. */
export interface DeskPriority {
  readonly ofCall: PriorityOf;
  /** Told of what is said here, and of what is heard or read of other processes, whether or not the call is on a screen; maybe again. */
  customerChosen(callId: string, customerId: string): void;
  seatsChanged(): void;
}
