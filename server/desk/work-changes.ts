/** What changes under a card that is open: actions that waited ended, claims and call backs moved, the shop changed the order. */
import type { Bus } from "../storage/bus.ts";
import type { Cards } from "./cards.ts";
import type { DeskWork } from "./ports.ts";

/** What is followed, and who is told. */
export type FollowWorkOptions = {
  readonly work: Pick<DeskWork, "orders" | "claims" | "callBacks">;
  readonly cards: Pick<Cards, "refreshWork" | "callsOf" | "callsWith">;
  /** Null: this process alone. */
  readonly bus: Bus | null;
  /** Somebody's list of call backs may be another. */
  readonly callBacksChanged: () => void;
};

/** Follows from now on: by the parts' own word, and by hints of other processes. @returns how to stop. */
export function followWork({ work, cards, bus, callBacksChanged }: FollowWorkOptions): () => void {
  const ordersChanged = (orderIds: readonly string[]) => {
    const fits = cards.callsWith(({ orders, work: of }) =>
      orderIds.some((id) => of?.order?.id === id || orders.some((order) => order.id === id)),
    );
    for (const callId of [...fits]) cards.refreshWork(callId, true);
  };
  const customerChanged = (customerId: string) => {
    for (const callId of [...cards.callsOf(customerId)]) cards.refreshWork(callId);
  };
  const phoneChanged = (phone: string) => {
    for (const callId of [...cards.callsWith((card) => card.phone?.e164 === phone)])
      cards.refreshWork(callId);
  };
  const stops = [
    work.orders.onAction(({ orderId }) => ordersChanged([orderId])),
    work.claims.onChange(({ customerId }) => customerChanged(customerId)),
    // The lists listen for themselves.
    work.callBacks.onChange(({ phone }) => phoneChanged(phone)),
  ];
  if (bus !== null)
    stops.push(
      bus.on("ordersChanged", ({ orderIds }) => ordersChanged(orderIds)),
      bus.on("claimsChanged", ({ customerId }) => customerChanged(customerId)),
      bus.on("orderActionEnded", ({ actionId }) => {
        const fits = cards.callsWith(
          ({ work: of }) => of?.order?.actions.some(({ id }) => id === actionId) ?? false,
        );
        for (const callId of [...fits]) cards.refreshWork(callId, true);
      }),
      bus.on("callBacksChanged", ({ callBackId }) => {
        callBacksChanged();
        const fits = cards.callsWith(({ work: of }) => of?.callBack?.id === callBackId);
        for (const callId of [...fits]) cards.refreshWork(callId);
      }),
    );
  return () => {
    for (const stop of stops) stop();
  };
}
