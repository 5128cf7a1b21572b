/**
 * Everything that passes between the server and `<callcard-console>`: socket.io, namespace `/console`, for supervisors and admins.
 *
 * The server sends the whole live picture at most four times a second and only when it changed; pictures replace each other,
 * so nothing has to be resumed. Rules, versions and simulations go over REST (`/api/v1/priority/...`).
 */
import type { CampaignState, Mode } from "../campaigns/model.ts";
import type { DiallerView } from "../campaigns/ports.ts";
import type { CampaignFigures } from "../campaigns/rest.ts";
import type { Condition, Policy } from "../priority/model.ts";

/** One caller in line. */
export type ConsoleCaller = {
  readonly callId: string;
  readonly channelId: string;
  /** 1 is next. As Asterisk has it. */
  readonly position: number;
  /** Where they should stand now: where the policy wants them, or where somebody put them by hand. */
  readonly wantedPosition: number;
  /** Where the policy would put them if they were given back to it now; the same as `wantedPosition` for who was not moved by hand. */
  readonly policyPosition: number;
  /** Customer's name, else the number as people write it, else "". */
  readonly title: string;
  readonly tier: string;
  readonly vip: boolean;
  readonly joinedAtMs: number;
  readonly rate: number;
  readonly headStartMs: number;
  /** The rule that applied, null for none; still null while nobody knows who calls. */
  readonly rule: { readonly id: string; readonly name: string } | null;
  readonly identified: boolean;
  readonly ringing: boolean;
  /** A promise of the guard holds their place: `passed` (may not be passed any more) or `extra` (waited long enough beyond plain order). */
  readonly guard: "" | "passed" | "extra";
  /** Put there by hand, by whom; "" for nobody. */
  readonly movedBy: string;
};

/** Somebody who called this queue and waits for one operator alone before they stand in line; they cannot be moved. */
export type ConsolePreferring = Pick<
  ConsoleCaller,
  "callId" | "channelId" | "title" | "tier" | "vip" | "joinedAtMs" | "ringing"
> & {
  /** The operator's, "" when not known. */
  readonly extension: string;
};

export type ConsoleQueue = {
  readonly pbx: string;
  readonly name: string;
  readonly members: { readonly ready: number; readonly busy: number; readonly paused: number };
  readonly callers: readonly ConsoleCaller[];
  readonly preferring: readonly ConsolePreferring[];
  /** Why callers are not moved here: the policy leaves this queue alone, this Asterisk cannot (its version), or the PBX is away. */
  readonly notMoved: "" | "notInPolicy" | "notPossible" | "pbxDown";
};

export type ConsolePbx = {
  readonly name: string;
  readonly up: boolean;
  /** For example `22.10.1`. */
  readonly version: string;
  readonly canMove: boolean;
  /** Why it is down, "" when up. */
  readonly reason: string;
};

/** The live picture. */
export type ConsolePicture = {
  readonly serverTimeMs: number;
  readonly policyVersion: number;
  /** There may be other processes, and they and this one do not hear each other now. */
  readonly apart: boolean;
  readonly pbxs: readonly ConsolePbx[];
  readonly queues: readonly ConsoleQueue[];
};

/** Campaigns as they are now; sent at most twice a second, when they changed, and only to screens that look at campaigns. */
export type CampaignsPicture = {
  readonly serverTimeMs: number;
  readonly campaigns: readonly (CampaignFigures & {
    readonly name: string;
    readonly state: CampaignState;
    readonly pausedBecause: string;
    readonly mode: Mode;
    readonly revision: number;
    readonly pbx: string;
    readonly queue: string;
    /** Null while the campaign does not run, nobody dials, or another process does and is not heard. */
    readonly dialler: DiallerView | null;
    /** No process dials on its PBX now, such as while PostgreSQL is away. */
    readonly nobodyDials?: true;
  })[];
};

/** Why one caller stands where they stand. */
export type WhyPlaced = {
  readonly callId: string;
  readonly queue: string;
  readonly position: number;
  readonly claimMs: number;
  readonly rule: { readonly id: string; readonly name: string } | null;
  /** Rules that did not apply, with the first condition that failed. */
  readonly passedOver: readonly {
    readonly ruleId: string;
    readonly ruleName: string;
    readonly failed: Condition | null;
  }[];
  readonly guard: ConsoleCaller["guard"];
  /** The caller before them, and after how many seconds they would overtake them if nothing else happens; null for never. */
  readonly ahead: { readonly title: string; readonly overtakenInMs: number | null } | null;
  /** The caller behind them, and when that one would overtake them. */
  readonly behind: { readonly title: string; readonly overtakesInMs: number | null } | null;
  readonly moves: readonly {
    readonly atMs: number;
    readonly by: string;
    readonly fromPosition: number;
    readonly toPosition: number | null;
  }[];
};

/** How the people waiting now would stand under another policy. */
export type PreviewQueue = {
  readonly pbx: string;
  readonly name: string;
  readonly callers: readonly {
    readonly callId: string;
    readonly title: string;
    readonly tier: string;
    readonly positionNow: number;
    readonly positionThen: number;
    readonly ruleThen: { readonly id: string; readonly name: string } | null;
  }[];
};

export type ConsoleReply<T extends object = object> =
  | ({ readonly ok: true } & T)
  | {
      readonly ok: false;
      readonly code:
        | "invalid"
        | "forbidden"
        | "notFound"
        | "gone"
        | "notPossible"
        | "pbxDown"
        /** No process acts on this PBX now. */
        | "nobodyActs"
        | "failed";
      readonly message: string;
    };

export type ConsoleToServer = {
  why(
    input: { callId: string; queue: string },
    reply: (answer: ConsoleReply<{ why: WhyPlaced }>) => void,
  ): void;
  /** How the waiting would be reordered; the policy is checked like a draft. */
  preview(
    input: { policy: Policy },
    reply: (answer: ConsoleReply<{ queues: readonly PreviewQueue[] }>) => void,
  ): void;
  /** From now on, or no longer, {@link CampaignsPicture}s are wanted; a new connection wants none. */
  lookAtCampaigns(input: { look: boolean }, reply: (answer: ConsoleReply) => void): void;
  /** Puts one caller to a position by hand; they stay there until they are answered. `position` 0 gives them back to the policy. */
  move(
    input: { pbx: string; queue: string; channelId: string; position: number },
    reply: (answer: ConsoleReply) => void,
  ): void;
};

export type ServerToConsole = {
  picture(picture: ConsolePicture): void;
  campaigns(picture: CampaignsPicture): void;
  /** This process is about to end: connect anew within two seconds, each screen at its own moment. */
  leaving(): void;
  /** At every connect: which screens the server has now. */
  screens(version: string): void;
  /** The session ended; log in again. */
  ended(reason: "loggedOut" | "deactivated"): void;
};
