/** Bodies of `/api/v1/campaigns`, `/attempts`, `/do-not-call`, `/trunks` and `/results`. The routes' schemas are held to these types. */
import type { Problem } from "../priority/rest.ts";
import type { AttemptOutcome, AttemptState } from "./attempts/model.ts";
import type { StepEvidence } from "./attempts/step-evidence.ts";
import type { Campaign, CampaignSettings, WithdrawnBecause, Zones } from "./model.ts";
import type { RefusedRow } from "./upload-problems.ts";

/** `POST /api/v1/campaigns/check { settings }`, and part of every answer to a save. */
export type CampaignCheck = {
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
};

/**
 * `GET /api/v1/campaigns` (`{ campaigns }`, newest first) and `/:id`. `POST` takes `{ settings }`, `PUT /:id` takes `{ settings, revision }`:
 * 409 `campaignChanged` when somebody else changed it meanwhile, 422 with `problems` when it is refused. What the editor may name:
 * `GET /api/v1/campaigns/vocabulary`, a `CampaignVocabulary` of `check.ts`.
 */
export type CampaignBody = Campaign & CampaignCheck;

/** `GET /api/v1/campaigns/templates?language=` (`{ templates }`): ready settings that only lack PBX, queue, caller id and trunks. */
export type CampaignTemplate = {
  readonly id: "confirmOrders" | "leftCarts" | "callBacks" | "list";
  readonly settings: CampaignSettings;
};

/** `POST /api/v1/campaigns/:id/start`, `/pause`, `/stop` answer with the campaign. A stop withdraws everything that is open. */

/** `GET /api/v1/campaigns/:id/figures`; also in the console's live picture. */
export type CampaignFigures = {
  readonly campaignId: string;
  readonly planned: number;
  readonly due: number;
  /** Attempts in flight by state. */
  readonly dialling: number;
  readonly ringing: number;
  readonly waiting: number;
  readonly talking: number;
  readonly unknown: number;
  /** Of the present day, on the shop's clock. */
  readonly ended: Readonly<Partial<Record<AttemptOutcome, number>>>;
  readonly contacts: { readonly open: number; readonly done: number; readonly withdrawn: number };
  /** In truth (no operator in time, by the clock from the answer) and by the campaign's rule. */
  readonly abandonment: {
    readonly day: AbandonmentFigure;
    readonly hours24: AbandonmentFigure;
    readonly days30: AbandonmentFigure;
    readonly mostShare: number;
  };
};
export type AbandonmentFigure = {
  readonly answered: number;
  readonly abandonedInTruth: number;
  readonly abandonedByRule: number;
};

/** `GET /api/v1/campaigns/:id/next?limit=`: who would be called next, and why the others are not. */
export type NextBody = {
  readonly next: readonly ContactLine[];
  readonly later: readonly (ContactLine & { readonly because: LaterBecause })[];
  readonly never: readonly (ContactLine & { readonly because: WithdrawnBecause })[];
};
/**
 * `GET /api/v1/campaigns/:id/withdrawn?after=&limit=`: who was to be called and is not any more, newest first; `next` is for `after`, null at
 * the end.
 */
export type WithdrawnBody = {
  readonly contacts: readonly WithdrawnContact[];
  readonly next: string | null;
};
/** `attemptId` is "" for somebody whom the settings never allowed to be called. */
export type WithdrawnContact = ContactLine & {
  readonly because: WithdrawnBecause;
  readonly at: string;
};

/** Why a planned attempt is put off when its time has come. */
export type PutOffBecause =
  "outsideHours" | "phoneLimit" | "customerLimit" | "spacing" | "inFlight";
/** Why an open contact is not called now. */
export type LaterBecause = PutOffBecause | "notDue" | "campaignNotRunning" | "forOperator";
export type ContactLine = {
  readonly contactId: string;
  readonly attemptId: string;
  readonly name: string;
  /** As people write it. */
  readonly phone: string;
  readonly orders: readonly string[];
  readonly attempts: number;
  readonly dueAt: string;
  /** The person's own clock at that time, `15:04`, and whose zone it is by. */
  readonly localTime: string;
  readonly zones: Zones;
};

/** `GET /api/v1/campaigns/:id/contacts?search=&unknown=true&limit=`: by a part of the name, the phone or an order's number, newest first. */
export type ContactsBody = { readonly contacts: readonly ContactFound[] };
export type ContactFound = ContactLine &
  ContactEnd & {
    /** Every dialling so far, and the planned one; newest first. */
    readonly tries: readonly {
      readonly attemptId: string;
      readonly at: string;
      readonly state: AttemptState;
      readonly outcome: AttemptOutcome | null;
    }[];
  };

/** What became of a contact. */
export type ContactEnd = {
  readonly state: "open" | "done" | "withdrawn";
  /** The disposition's code, or why it was withdrawn; "" while open. */
  readonly result: string;
  /** The disposition in words; null without one. */
  readonly labels: { readonly ru: string; readonly uk: string; readonly en: string } | null;
};

/**
 * `POST /api/v1/attempts/:id/settle`: a person says how an unknown attempt ended, or that it is to be called again. Answers with its story;
 * 409 when it is not unknown any more.
 */
export type SettleInput = { readonly outcome: AttemptOutcome } | { readonly again: true };

/** `GET /api/v1/attempts/:id`: the whole story. */
export type AttemptStory = {
  readonly id: string;
  readonly campaign: { readonly id: string; readonly name: string };
  readonly contact: ContactLine & ContactEnd;
  readonly state: AttemptState;
  readonly outcome: AttemptOutcome | null;
  readonly withdrawnBecause: WithdrawnBecause | "";
  readonly operator: string;
  readonly callId: string;
  readonly steps: readonly {
    readonly at: string;
    readonly from: AttemptState | "";
    readonly to: AttemptState;
    readonly evidence: StepEvidence;
  }[];
};

/**
 * `POST /api/v1/campaigns/:id/contacts`, one or up to 1000, and a line of an uploaded list (`text/csv` to the same address, with these as
 * column heads, UTF-8; other columns are `data`). Answered by {@link UploadBody}.
 */
export type ContactInput = {
  readonly phone: string;
  readonly name?: string;
  readonly customerSource?: string;
  readonly customerSourceId?: string;
  readonly timeZone?: string;
  /** Not before; ISO date-time. */
  readonly notBefore?: string;
  /** Shown on the card and given back with the result. */
  readonly data?: Readonly<Record<string, string>>;
};

/**
 * What became of uploaded lines; those that were refused do not hinder the others. A file that cannot be read at all is 422
 * `unreadableFile` with the reason in `problems`.
 */
export type UploadBody = {
  readonly added: number;
  /** Were there already. */
  readonly unchanged: number;
  readonly refused: readonly RefusedRow[];
};

/**
 * `GET /api/v1/do-not-call?search=&after=&limit=` (`{ lines, next }`, `next` is for `after`, null at the end); `POST` takes one or up to
 * 1000 `{ phone, reason }`, or `text/csv`, and answers with {@link UploadBody}; `DELETE /:phone`. CSV by `Accept: text/csv`.
 */
export type DoNotCallLine = {
  readonly phone: string;
  readonly reason: string;
  readonly addedBy: string;
  readonly addedAt: string;
};

/**
 * `GET /api/v1/trunks` (`{ trunks }`, each a `Trunk` of `model.ts`); `PUT /:pbx/:name` takes the rest of a `Trunk`; `DELETE /:pbx/:name` is
 * refused (409) while a campaign names it. `GET /api/v1/campaigns/:id/ledger?from=&to=` is the ledger of answered and abandoned calls, CSV.
 */

/** What goes back to the source of an order, by signed webhook and in `GET /api/v1/results?after=`. */
export type ResultBody = {
  /** The same for every try: a receiver that has it already answers 200. */
  readonly id: string;
  readonly campaign: { readonly id: string; readonly name: string };
  readonly customer: { readonly source: string; readonly sourceId: string } | null;
  readonly phone: string;
  readonly orders: readonly {
    readonly source: string;
    readonly sourceId: string;
    readonly number: string;
  }[];
  /** `done` with the disposition's code, or `withdrawn` with its reason. */
  readonly state: "done" | "withdrawn";
  readonly result: string;
  readonly note: string;
  readonly operator: string;
  readonly attempts: readonly { readonly at: string; readonly outcome: string }[];
  readonly closedAt: string;
  readonly data: Readonly<Record<string, string>>;
};
