/**
 * What the desk asks of the telephone side. `server/calls/live.ts` answers it; tests feed the same fold by hand.
 */
import type { DeviceState, QueueMember } from "../asterisk/model.ts";
import type { CallFact } from "../calls/model.ts";
import type { Database } from "../storage/database.ts";
import type { CustomerBackground, Timeline } from "../customers/timeline-model.ts";
import type { Delivery } from "../delivery/model.ts";
import type { CallBacks, Claims } from "../followups/model.ts";
import type { OfferEngine, OfferLoop } from "../offers/model.ts";
import type { OrderWork } from "../orders/actions/model.ts";
import type { CallBack, DeskCampaign, SkipReason } from "./protocol.ts";

export type { SkipReason };

/** A queue as it stands now. */
export type DeskQueue = {
  readonly name: string;
  readonly callers: readonly unknown[];
};

/** An extension with its device and its places in queues. */
export type DeskExtension = {
  readonly extension: string;
  readonly device: DeviceState;
  readonly members: readonly QueueMember[];
};

/** The live call model. Listeners run in the read path of the PBX: they return at once and may throw without harm. */
export interface DeskCalls {
  /** Adds a listener of facts, in order; returns how to remove it. */
  onFact(listener: (fact: CallFact) => void): () => void;
  /** Adds a listener of changes of queues and their members; returns how to remove it. */
  onQueues(listener: (pbx: string) => void): () => void;
  queues(pbx: string): readonly DeskQueue[];
  extensions(pbx: string): readonly DeskExtension[];
}

/** What the desk asks of campaigns. `server/campaigns/desk-side.ts` answers it; without it nobody is called by a campaign. */
export interface DeskCampaigns {
  /**
   * Of a call that a campaign made; null for all others. At once, from memory: known before anything is dialled, so that the card is
   * composed with the customer and the orders the call is about, and for as long as the call may be wrapped up (12 hours, also
   * after a restart: what was read late is told by {@link onCall}).
   */
  ofCall(callId: string): DeskCampaign | null;
  /** Told when {@link ofCall} of this call says something else than before. */
  onCall(listener: (callId: string) => void): () => void;
  /** Told when an operator is offered a person to call (null: the offer is over, for whatever reason). */
  onPreview(listener: (userId: string, preview: Preview | null) => void): () => void;
  /** The operator wants it dialled now. @throws Refusal `gone` when the offer is over. */
  call(userId: string, attemptId: string): Promise<void>;
  /** The operator puts it aside. @throws Refusal `gone` */
  skip(userId: string, attemptId: string, reason: SkipReason): Promise<void>;
  /**
   * What an operator said of a campaign's call, written in the transaction that writes the wrap-up: both are kept or neither.
   *
   * The same draft sent again is not handed on. What must be borne: the call still goes on, or ended days ago; the campaign ended
   * meanwhile; it is called again for the same call and operator, because they changed what they said (the last one holds, and what
   * the one before it planned is taken back as far as nobody was dialled yet); and by another operator, after a transfer.
   * @throws Refusal `invalid` for a code that the campaign does not have, or a call back without a time or in the past.
   */
  wrapUp(trx: Database, said: SaidOfCall): Promise<void>;
}

/** Everything a card is worked on with; each part answers for itself. */
export type DeskWork = {
  readonly orders: OrderWork;
  readonly timeline: Timeline;
  readonly background: (customerId: string) => Promise<CustomerBackground>;
  readonly offers: OfferEngine;
  readonly loop: OfferLoop;
  readonly delivery: Delivery;
  readonly claims: Claims;
  readonly callBacks: CallBacks;
};

/** A person whom an operator is asked to call; the desk adds the card. */
export type Preview = {
  readonly attemptId: string;
  /** Whose dialler offers it. */
  readonly pbx: string;
  readonly campaign: DeskCampaign;
  readonly phone: string;
  readonly customerId: string | null;
  readonly offeredAtMs: number;
  readonly dialledAtMs: number | null;
};

/** A wrap-up of a campaign's call. */
export type SaidOfCall = {
  readonly callId: string;
  readonly userId: string;
  /** The campaign's own code. */
  readonly disposition: string;
  readonly note: string;
  /** When the person wants to be called, on their own clock; null unless the disposition asks for it. */
  readonly callBack: CallBack | null;
};

/** What is logged, and nothing secret; pino fits. */
export interface DeskLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Epoch milliseconds with fractions; never goes back. */
export type Clock = () => number;

/** The process's own clock. */
export const systemClock: Clock = () => performance.timeOrigin + performance.now();
