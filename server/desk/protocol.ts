/**
 * Everything that crosses the socket between the server and an operator's screen: the typed maps of both directions.
 * The widget imports the types of this file; nothing else of the server is visible to it.
 *
 * The server keeps one state per operator ({@link DeskState}) and numbers its changes. A screen that misses a number, or comes
 * back with an old one, gets the missing changes or a whole snapshot; all changes are upserts, so a repeated one does no harm.
 */
import type { Direction } from "../calls/model.ts";
import type { CallingHours } from "../campaigns/model.ts";
import type { Candidate, Customer, PhoneNumber } from "../customers/model.ts";
import type { CallBackEntry, PromiseRefusal } from "../followups/model.ts";
import type { OrderSummary } from "../orders/model.ts";
import type { CardWork, DeskWorkToServer, WrapUpDraft } from "./work-protocol.ts";

/** What the operator's device and queues say, never what the screen hopes. */
export type Presence = {
  readonly state:
    "noDevice" | "offline" | "ready" | "paused" | "ringing" | "talking" | "wrapUp" | "notInQueue";
  readonly sinceMs: number;
  readonly pausedReason: string;
  readonly device: { readonly pbx: string; readonly extension: string } | null;
  readonly queues: readonly {
    readonly name: string;
    readonly paused: boolean;
    readonly waiting: number;
  }[];
};

/** An earlier call as the card lists it. */
export type PastCall = {
  readonly callId: string;
  readonly startedAt: string;
  readonly direction: Direction;
  readonly answered: boolean;
  readonly talkMs: number;
  readonly operatorName: string;
  readonly disposition: string;
  /** The disposition's words when it is not one of {@link DeskState.dispositions}: a campaign's own, or one that is not in use any more. */
  readonly dispositionLabels?: Disposition["labels"];
  readonly note: string;
};

export type Note = {
  readonly id: string;
  readonly text: string;
  readonly authorName: string;
  readonly createdAt: string;
};

/** Everything worth knowing about the other side of one call. */
export type Card = {
  readonly outcome:
    "one" | "several" | "none" | "withheld" | "unreadable" | "internal" | "failed" | "pending";
  /** Parsed number; null for withheld, unreadable and internal. */
  readonly phone: PhoneNumber | null;
  /** What the PBX gave: number and name. */
  readonly rawNumber: string;
  readonly rawName: string;
  readonly customer: Customer | null;
  /** False when the phone's owner was only chosen by an operator. */
  readonly verified: boolean;
  readonly candidates: readonly Candidate[];
  readonly orders: readonly OrderSummary[];
  readonly totals: {
    readonly count: number;
    readonly totalMinor: number;
    readonly currency: string;
  } | null;
  readonly calls: readonly PastCall[];
  readonly notes: readonly Note[];
  /** Where the person is, from address or number. */
  readonly place: { readonly city: string; readonly region: string; readonly country: string };
  /** Zones that are possible for the person's local time. */
  readonly timeZones: readonly string[];
  /** What is worked on: the order, claims, the open call back. Empty until it was read; null while nobody is known, or when it is not worked on here. */
  readonly work: CardWork | null;
  /** Why identification failed or parts are missing or old, as codes for the screen's dictionary. */
  readonly problems: readonly (
    | "fromMemory"
    | "directoryLate"
    | "directoryDown"
    | "ordersMissing"
    | "historyMissing"
    | "workMissing"
  )[];
};

/** A call as one operator sees it. */
export type DeskCall = {
  readonly callId: string;
  readonly direction: Direction;
  /** This operator's part in it. `elsewhere` = rang here, somebody else took it or it went on without us. */
  readonly state: "ringing" | "dialling" | "talking" | "onHold" | "elsewhere" | "ended";
  readonly queue: string;
  readonly startedAtMs: number;
  /** When the caller joined the queue; null outside queues. */
  readonly joinedAtMs: number | null;
  readonly ringingSinceMs: number | null;
  readonly answeredAtMs: number | null;
  readonly endedAtMs: number | null;
  /** The ring this pop answers for; "" for a call that did not ring here. */
  readonly ringId: string;
  /** Why it left this screen: who took it, or how it ended. */
  readonly left: {
    readonly how:
      "answeredElsewhere" | "transferred" | "callerGone" | "noAnswer" | "completed" | "unknown";
    readonly byName: string;
  } | null;
  /** Who handed it over (transfer), "" otherwise. */
  readonly fromName: string;
  readonly card: Card;
  /** Why the queue's policy put this caller where they stood; null when no rule applied. */
  readonly priority: CallPriority | null;
  /** The campaign that made this call; null for every other call. */
  readonly campaign: DeskCampaign | null;
  /** True until its wrap-up was saved. */
  readonly needsWrapUp: boolean;
  /** What was typed and not saved yet, on whichever screen; null for nothing. */
  readonly draft: WrapUpDraft | null;
};

/** What the policy did for one caller, in what an operator can say aloud. */
export type CallPriority = {
  /** The rule's name as the admin wrote it. */
  readonly ruleName: string;
  /** What the rule tells the operator, "" for nothing. */
  readonly message: string;
  /** First and last place in the queue when the policy moved them forward; null when it did not. */
  readonly moved: { readonly from: number; readonly to: number } | null;
  readonly skipQuestions: boolean;
};

/** What an operator must know of a call that a campaign makes. */
export type DeskCampaign = {
  readonly campaignId: string;
  readonly name: string;
  readonly attemptId: string;
  /** Why this person is called. */
  readonly reason:
    "orderPlaced" | "orderStage" | "cartLeft" | "callbackPromised" | "list" | "event";
  /** Ids of the orders it is about; the card has them. */
  readonly orderIds: readonly string[];
  /** The campaign's script with its placeholders filled in, "" for none. */
  readonly script: string;
  /** What a list or an event said, as it said it. */
  readonly data: Readonly<Record<string, string>>;
  /** These instead of the usual ones; `callBack` asks for a time. */
  readonly dispositions: readonly (Disposition & {
    readonly effect: "done" | "retry" | "callBack" | "refused" | "doNotCall";
  })[];
  /** From 1. */
  readonly attempt: number;
  /** An operator promised this call. */
  readonly promised: boolean;
  /** Name of who promised it; absent when nobody did or it is not known. */
  readonly promisedBy?: string;
  /** Who is called, when that is known: tells one of several customers of a number from the others. */
  readonly customerId?: string | null;
  /** When the campaign calls, on the person's own clock; without them the screen warns of no time. */
  readonly hours?: CallingHours;
};

/** When a person wants to be called. */
export type CallBack = {
  /** On the person's own clock, `2026-11-23T15:00`. */
  readonly at: string;
  /** IANA; one of the card's zones. */
  readonly timeZone: string;
  /** By this operator alone; otherwise by anybody. */
  readonly toMe: boolean;
};

/** Why an operator puts a preview aside; codes for the screens' dictionary. */
export type SkipReason = "notNow" | "alreadySettled" | "wrongPerson" | "doNotCall" | "other";

/** A person whom the campaign wants called, shown before anything is dialled. */
export type DeskPreview = {
  readonly attemptId: string;
  /** Where it would be dialled. */
  readonly pbx: string;
  readonly campaign: DeskCampaign;
  readonly card: Card;
  readonly offeredAtMs: number;
  /** When it is dialled by itself; null for never. */
  readonly dialledAtMs: number | null;
};

/** The whole of one operator's screen. Server times are epoch ms of the server's clock. */
export type DeskState = {
  readonly seq: number;
  /** Changes with the server process: a resume number of another epoch means nothing. */
  readonly epoch: string;
  readonly serverTimeMs: number;
  readonly user: {
    readonly id: string;
    readonly name: string;
    readonly login: string;
    readonly role: string;
    readonly language: string;
  };
  readonly presence: Presence;
  readonly calls: readonly DeskCall[];
  /** Whom this operator is asked to call; null for nobody. */
  readonly preview: DeskPreview | null;
  /** Whom to call back: this operator's own and those of anybody in their queues, due first. */
  readonly callBacks: readonly CallBackEntry[];
  readonly dispositions: readonly Disposition[];
  readonly pauseReasons: readonly string[];
  /** PBXs a device may be chosen on, with their health. */
  readonly pbxs: readonly {
    readonly name: string;
    readonly up: boolean;
    readonly reason: string;
  }[];
  /** Parts that are down, as codes for the banner. */
  readonly trouble: readonly ("pbxDown" | "databaseDown")[];
  /** True when this PBX is simulated, so that nobody takes it for a real one. */
  readonly demo: boolean;
};

/** How a call can be said to have ended; `labels` by language. */
export type Disposition = {
  readonly code: string;
  readonly labels: { readonly ru: string; readonly uk: string; readonly en: string };
};

/** One step from `seq - 1` to `seq`. */
export type DeskChange = { readonly seq: number } & (
  | { readonly kind: "call"; readonly call: DeskCall }
  | { readonly kind: "callGone"; readonly callId: string }
  | { readonly kind: "preview"; readonly preview: DeskPreview | null }
  | { readonly kind: "callBacks"; readonly callBacks: readonly CallBackEntry[] }
  | { readonly kind: "presence"; readonly presence: Presence }
  | {
      readonly kind: "pbxs";
      readonly pbxs: DeskState["pbxs"];
      readonly trouble: DeskState["trouble"];
    }
);

/** Every request from a screen is answered by one of these; `message` is for the log, `code` for the screen's dictionary. */
export type Reply<T = object> =
  | ({ readonly ok: true } & T)
  | {
      readonly ok: false;
      readonly code: ErrorCode;
      readonly message: string;
      /** Of a promise that cannot be kept. */
      readonly why?: PromiseRefusal;
    };

export type ErrorCode =
  | "invalid"
  | "forbidden"
  | "notFound"
  | "deviceTaken"
  | "noDevice"
  | "notInQueue"
  | "pbxDown"
  | "pbxRefused"
  | "databaseDown"
  /** What was offered is not any more: somebody else has it, or its reason went away. */
  | "gone"
  | "internal";

/** What the server says. Both are acknowledged by the screen. */
export type ServerToDesk = {
  /** The whole state: at connect, and whenever the changes since the screen's number are not known any more. */
  snapshot: (state: DeskState, ack: () => void) => void;
  change: (change: DeskChange, ack: () => void) => void;
  /** This process is about to end: connect anew within two seconds, each screen at its own moment. What is asked meanwhile is answered. */
  leaving: () => void;
  /** At every connect: which screens the server has now. */
  screens: (version: string) => void;
  /** This session was ended (logged out elsewhere, device taken over); the screen goes to login. */
  ended: (reason: "loggedOut" | "deactivated") => void;
};

/** What a screen says. */
export type DeskToServer = DeskWorkToServer & {
  chooseDevice: (
    input: { pbx: string; extension: string; takeOver?: boolean },
    reply: (r: Reply) => void,
  ) => void;
  ready: (input: object, reply: (r: Reply) => void) => void;
  pause: (input: { reason: string }, reply: (r: Reply) => void) => void;
  /**
   * `draftId` is made by the screen and makes a repeated save harmless. The reply comes after PostgreSQL has it. Of a campaign's call
   * `disposition` is the campaign's own code, and `callBack` goes with one that asks for a time.
   */
  saveWrapUp: (
    input: {
      draftId: string;
      callId: string;
      disposition: string;
      note: string;
      /** Short words of the operator's own, to find calls by. */
      tags?: readonly string[];
      callBack?: CallBack | null;
    },
    reply: (r: Reply<{ savedAt: string }>) => void,
  ) => void;
  /** Dial the person of the preview now: the operator's own phone rings first. Code `gone` when the offer is over. */
  previewCall: (input: { attemptId: string }, reply: (r: Reply) => void) => void;
  /** Put the preview aside. Code `gone` when the offer is over. */
  previewSkip: (
    input: { attemptId: string; reason: SkipReason },
    reply: (r: Reply) => void,
  ) => void;
  /** Click-to-call: the operator's own phone rings first. */
  dial: (input: { number: string }, reply: (r: Reply<{ callId: string }>) => void) => void;
  searchCustomers: (
    input: { text: string },
    reply: (r: Reply<{ customers: readonly (Customer & { phones: readonly string[] })[] }>) => void,
  ) => void;
  /** One of several, or another than found: remembered for this phone as unverified. */
  chooseCustomer: (
    input: { callId: string; customerId: string },
    reply: (r: Reply) => void,
  ) => void;
  createCustomer: (
    input: { callId: string; name: string; email?: string; city?: string },
    reply: (r: Reply<{ customerId: string }>) => void,
  ) => void;
  addNote: (
    input: { callId: string; text: string },
    reply: (r: Reply<{ noteId: string }>) => void,
  ) => void;
  /**
   * The pop's stages as the browser saw them; durations on the browser's own clock. While the card is `pending` only
   * `popReceived` is told; `popPainted` once the composed card is on the screen, timed from the receipt of that card. `written` comes after
   * PostgreSQL has it; until then a screen that connects anew tells it again, with `agoMs` since it was painted. Telling it twice is harmless.
   */
  popReceived: (input: { ringId: string; callId: string }) => void;
  popPainted: (
    input: {
      ringId: string;
      callId: string;
      receivedToPaintedMs: number;
      visible: boolean;
      agoMs?: number;
    },
    written?: () => void,
  ) => void;
};

/** The socket's handshake: who, and where the screen stopped. */
export type DeskHandshake = {
  /** A CRM-signed token; absent when the session cookie says who. */
  readonly token?: string;
  readonly epoch?: string;
  readonly seq?: number;
};
