/** Bodies of `/api/v1/call-backs` as the console's screens and integrators use them. */
import type { Problem } from "../../priority/rest.ts";
import type { CallBackEntry } from "../model.ts";
import type { CallBackSettings } from "./settings.ts";

/** A call back with everything that is known of it. Times are ISO. */
export type CallBackBody = CallBackEntry & {
  /** The call it came from, "" for none. */
  readonly callId: string;
  /** The campaign that keeps it, "" for none. */
  readonly campaignId: string;
  readonly campaignName: string;
  readonly takenAt: string | null;
  readonly escalatedAt: string | null;
  readonly closedAt: string | null;
  /**
   * `done`, `notNeeded` (somebody said so), `reached` (talked to meanwhile), `notReached` (tried in vain), `doNotCall`, `byCampaign` (it
   * called them), or why the campaign ended it (`exhausted`, `refused`, ...); "" while open.
   */
  readonly closedBecause: string;
  /** Who promised it, "" for nobody. */
  readonly madeByName: string;
};

/** `GET /api/v1/call-backs`: what is open by its time, what is over from the newest on. */
export type CallBackPage = {
  readonly callBacks: readonly CallBackBody[];
  /** For `after`; null at the end. */
  readonly next: string | null;
  /** Of all that are open. */
  readonly counts: {
    readonly open: number;
    readonly late: number;
    readonly escalated: number;
    readonly taken: number;
  };
};

/** Problems refuse settings, warnings are told. */
export type CallBackCheck = {
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
};

/** `GET` and `PUT /api/v1/call-backs/settings`. `PUT` takes `{ settings, revision }`; another revision is refused (409). */
export type CallBackSettingsBody = {
  readonly settings: CallBackSettings;
  /** 0 until an admin saved any. */
  readonly revision: number;
  /** The clock of the hours. */
  readonly timeZone: string;
} & CallBackCheck;
