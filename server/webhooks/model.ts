/** The words of webhooks: what is told to whom, and how far it came. */

/** Everything that is told. */
export const WEBHOOK_EVENTS = ["claim.filed", "claim.changed", "rating.wanted"] as const;
export type WebhookEvent = (typeof WEBHOOK_EVENTS)[number];

/** What a receiver reads; `id` is also its `Idempotency-Key`. */
export type WebhookBody = {
  readonly id: string;
  readonly event: WebhookEvent;
  /** When it happened; ISO date-time. */
  readonly at: string;
  /** Depends on the event: `{"claim": {...}}`. */
  readonly data: unknown;
};

/** Somebody who is told. The secret goes in and never comes out. */
export type WebhookTarget = {
  readonly id: string;
  readonly name: string;
  readonly url: string;
  readonly hasSecret: boolean;
  readonly events: readonly WebhookEvent[];
  readonly enabled: boolean;
  /** It does not answer and is left alone until then; ISO date-time, null when it answers. */
  readonly restingUntil: string | null;
  /** Deliveries it does not have yet, and those that were given up. */
  readonly waiting: number;
  readonly givenUp: number;
  /** What the last try of those came to; "" for nothing yet. */
  readonly lastError: string;
  readonly changedAt: string;
};

export type WebhookDelivery = {
  readonly id: string;
  readonly targetId: string;
  readonly targetName: string;
  readonly event: string;
  /** `claim/12`: of one subject they are sent in order. */
  readonly subject: string;
  readonly state: "waiting" | "givenUp" | "delivered";
  readonly tries: number;
  readonly lastError: string;
  readonly writtenAt: string;
  /** Null once it was delivered or given up. */
  readonly nextAt: string | null;
  readonly deliveredAt: string | null;
};

/** The header that carries the delivery's id. */
export const IDEMPOTENCY_HEADER = "idempotency-key";
/** The header that carries the event's name. */
export const EVENT_HEADER = "x-callcard-event";
