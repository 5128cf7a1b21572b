/** What the host page is told: the step from one list of calls to the next as DOM events. */
import type { DeskCall } from "../../server/desk/protocol.ts";

/** The detail of every event. */
export type HostEventDetail = {
  readonly callId: string;
  /** E.164 when the number is one, else as the PBX gave it; "" when withheld. */
  readonly number: string;
  readonly direction: DeskCall["direction"];
  /** "" outside queues. */
  readonly queue: string;
  /** Null until exactly one customer is known. */
  readonly customer: {
    readonly id: string;
    readonly name: string;
    readonly externalUrl: string;
  } | null;
  readonly ringId: string;
};

export type HostEvent = {
  readonly type: "callcard:ringing" | "callcard:answered" | "callcard:ended" | "callcard:customer";
  readonly detail: HostEventDetail;
  /** The same for the same thing that happened, whenever it is seen again (a reload during a call). */
  readonly key: string;
};

/** Events of the step; a call that was already over when first seen says nothing. */
export function hostEvents(
  before: readonly DeskCall[],
  after: readonly DeskCall[],
): readonly HostEvent[] {
  const stage = (call: DeskCall | undefined): number => {
    if (!call) return 0;
    if (call.state === "ringing") return 1;
    if (call.state === "talking" || call.state === "onHold") return 2;
    return call.state === "dialling" ? 0 : 3;
  };
  const events: HostEvent[] = [];
  const known = new Map(before.map((call) => [call.callId, call]));
  for (const call of after) {
    const old = known.get(call.callId);
    known.delete(call.callId);
    const from = stage(old);
    const to = stage(call);
    const rangAgain = to === 1 && old !== undefined && old.ringId !== call.ringId;
    if (to === 1 && (from !== 1 || rangAgain)) events.push(event("callcard:ringing", call));
    else if (to === 2 && from !== 2) events.push(event("callcard:answered", call));
    else if (to === 3 && old && from !== 3) events.push(event("callcard:ended", call));
    // Found late, chosen or made by the operator: whoever was told of the call without a customer waits for this.
    else if (old && call.card.customer && call.card.customer.id !== old.card.customer?.id)
      events.push(event("callcard:customer", call));
  }
  for (const gone of known.values()) {
    if (stage(gone) !== 3) events.push(event("callcard:ended", gone));
  }
  return events;
}

function event(type: HostEvent["type"], call: DeskCall): HostEvent {
  const { customer, phone, rawNumber } = call.card;
  return {
    type,
    key: `${type} ${call.callId} ${whatMakesItAnother(type, call)}`,
    detail: {
      callId: call.callId,
      number: phone?.e164 ?? rawNumber,
      direction: call.direction,
      queue: call.queue,
      customer: customer && {
        id: customer.id,
        name: customer.name,
        externalUrl: safeUrl(customer.externalUrl),
      },
      ringId: call.ringId,
    },
  };
}

function whatMakesItAnother(type: HostEvent["type"], call: DeskCall): string {
  if (type === "callcard:ended") return "";
  return type === "callcard:customer" ? (call.card.customer?.id ?? "") : call.ringId;
}

/** The address when it is http or https, else "": a CRM field may hold anything. */
export function safeUrl(address: string): string {
  if (!URL.canParse(address)) return "";
  const { protocol } = new URL(address);
  return protocol === "https:" || protocol === "http:" ? address : "";
}
