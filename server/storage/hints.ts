/**
 * What one process tells the others: short hints that something changed ("this customer", "this policy"). The shapes are checked when a
 * hint comes from another process, because what stands between the processes is outside.
 */
import { type Static, type TSchema, Type } from "typebox";
import { Compile } from "typebox/compile";

const Id = Type.String({ maxLength: 200 });
const Ids = Type.Array(Id);
const TimeMs = Type.Number();

/** Every hint and the shape of its payload. Fields that a later version adds are let through. */
const shapes = {
  /** A customer, its phones or who a phone belongs to changed; caches forget these. */
  customersChanged: Type.Object({ customerIds: Ids, phones: Ids }),
  /** Orders, claims or carts of these customers changed, of nobody knows whom when empty; what a policy says of them may be another. */
  standingsChanged: Type.Object({ customerIds: Ids }),
  /** A person's sessions were ended; sockets of that person close. */
  sessionsEnded: Type.Object({ userId: Id }),
  /** Another policy holds from now on. */
  policyPublished: Type.Object({ version: Type.Number() }),
  /** Orders came or changed their stage: whoever is called about them may need no call any more. */
  ordersChanged: Type.Object({ orderIds: Ids }),
  /** A campaign or a trunk ("") was changed, started, paused or ended. */
  campaignsChanged: Type.Object({ campaignId: Id }),
  /** A rule of offers was changed, switched on or off. */
  offersChanged: Type.Object({ ruleId: Id }),
  /** A call back was made, taken, moved or settled. */
  callBacksChanged: Type.Object({ callBackId: Id }),
  /** A claim was filed or its status changed. */
  claimsChanged: Type.Object({ claimId: Id, customerId: Id }),
  /** What was asked of an order's source came to an end after it had waited. */
  orderActionEnded: Type.Object({ actionId: Id }),
  /** An attempt was withdrawn: whoever has its call hangs up. */
  attemptsWithdrawn: Type.Object({ attemptIds: Ids }),
  /** A wrap-up was saved: its call asks for none any more, on whichever screen. */
  wrappedUp: Type.Object({ userId: Id, callId: Id }),
  /** What was typed of a wrap-up changed. */
  draftChanged: Type.Object({ userId: Id, callId: Id }),
  /** Somebody sat down at another device or stood up, or is called otherwise than before. */
  seatChanged: Type.Object({ userId: Id }),
  /** An operator said who a call is with. */
  customerChosen: Type.Object({ callId: Id, customerId: Id }),
  /** Somebody wrote a note about a customer. */
  notesChanged: Type.Object({ customerId: Id }),
  /** Something was asked of an order's source; how it ended may not be known yet. */
  orderAsked: Type.Object({ orderId: Id }),
  /** An operator asked for a call to this number, before the PBX says anything of it; "" when it did not come to be. */
  callAsked: Type.Object({ callId: Id, number: Id }),
  /** An operator made themselves ready: wrap-ups of earlier calls do not hold them any more. */
  becameReady: Type.Object({ userId: Id, atMs: TimeMs }),
  /** Somebody was put to a place by hand in a queue, or given back to the policy. */
  placedByHand: Type.Object({ pbx: Id, queue: Id }),
  /** The holder of a PBX's lease moved these callers, of which Asterisk tells nobody; said again once it is read where they stand. */
  callersMoved: Type.Object({
    pbx: Id,
    queue: Id,
    moves: Type.Array(
      Type.Object({
        channelId: Id,
        callId: Id,
        atMs: TimeMs,
        by: Id,
        fromPosition: Type.Number(),
        /** Null until it was read. */
        toPosition: Type.Union([Type.Number(), Type.Null()]),
        fromPriority: Type.Number(),
        toPriority: Type.Number(),
        policyVersion: Type.Number(),
      }),
    ),
  }),
  /** What the holder of a PBX's lease dials now, for supervisors' screens; said while {@link Hints.diallingWanted} is. */
  dialling: Type.Object({ pbx: Id, epoch: Type.Number(), views: Type.Array(Type.Unknown()) }),
  /** Somebody looks at campaigns: holders say what they dial. */
  diallingWanted: Type.Object({}),
  /** All calls that the holder of a PBX's lease offers to operators now. */
  previewsOffered: Type.Object({
    pbx: Id,
    /** Of the lease: what is offered under an older one is void. */
    epoch: Type.Number(),
    offers: Type.Array(
      Type.Object({
        userId: Id,
        attemptId: Id,
        phone: Id,
        customerId: Type.Union([Id, Type.Null()]),
        offeredAtMs: TimeMs,
        dialledAtMs: Type.Union([TimeMs, Type.Null()]),
      }),
    ),
  }),
  /** A process does not know what is offered: holders say it again. */
  previewsWanted: Type.Object({}),
  /** What is kept of reads of an outside system under this name means nothing any more. */
  readsForgotten: Type.Object({ group: Id }),
  /** Hints of other processes may have been lost. Said by the bus itself, to this process only: what is remembered is to be read again. */
  hintsLost: Type.Object({}),
} satisfies Record<string, TSchema>;

type DeepReadonly<T> = T extends readonly (infer E)[]
  ? readonly DeepReadonly<E>[]
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T;

/** Every hint and its payload. */
export type Hints = { [K in keyof typeof shapes]: DeepReadonly<Static<(typeof shapes)[K]>> };

const checks = new Map(
  Object.entries(shapes).map(([hint, shape]) => [hint, Compile(shape as TSchema)]),
);

/** What another process said: the hint, "unknown" when only a later version knows it, or "malformed". */
export function readHint(
  value: unknown,
):
  | { readonly [K in keyof Hints]: { readonly hint: K; readonly payload: Hints[K] } }[keyof Hints]
  | "unknown"
  | "malformed" {
  if (typeof value !== "object" || value === null) return "malformed";
  const { hint, payload } = value as { hint?: unknown; payload?: unknown };
  if (typeof hint !== "string") return "malformed";
  // Only the bus itself says that hints were lost.
  const check = hint === "hintsLost" ? undefined : checks.get(hint);
  if (check === undefined) return "unknown";
  return check.Check(payload) ? ({ hint, payload } as never) : "malformed";
}
