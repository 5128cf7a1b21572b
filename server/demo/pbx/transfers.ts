/** Handing a call over, as an operator's phone does it by REFER: blind, or after asking. */
import { Conversation, type Party } from "./conversation.ts";
import { Dial } from "./dial.ts";
import type { Channel } from "./exchange.ts";
import { contexts, type SimulatedExchange } from "./pbx.ts";
import { bridgeText, channelState, channelText } from "./text.ts";

/** The conversation a channel is in, or null. */
export function conversationOf(channel: Channel): Conversation | null {
  return channel.owner instanceof Conversation ? channel.owner : null;
}

/** The party at `phone` sends the other side to an extension without asking; false when it does not talk. */
export function blindTransfer(pbx: SimulatedExchange, phone: Channel, to: string): boolean {
  const other = conversationOf(phone)?.blindTransfer(phone, contexts.fromInternal, to) ?? null;
  if (other === null) return false;
  pbx.runDialplan(other, to, {});
  return true;
}

/** What an operator does with the second line. */
type Consultation =
  /** Joins both sides so long after the other one answered. */
  | { readonly joinAfterTalkMs: number }
  /** Does not wait for the answer: hands over while it rings. */
  | { readonly handOverAfterMs: number };

/**
 * The party at `phone` puts the other side on hold, calls `to` on a second line, and hands over. When that cannot be, the second
 * line is hung up and the other side is taken off hold again.
 */
export function attendedTransfer(
  pbx: SimulatedExchange,
  phone: Channel,
  to: string,
  consultation: Consultation,
): void {
  const first = conversationOf(phone);
  if (first === null) return;
  first.hold(phone);
  const { exchange } = pbx;
  const second = exchange.create({
    name: exchange.newPjsipName(phone.device.slice("PJSIP/".length)),
    state: channelState.ring,
    callerNumber: phone.callerNumber,
    callerName: phone.callerName,
    context: contexts.fromInternal,
    exten: to,
    hasDialplan: true,
  });
  // Over without a transfer: the operator goes back to the first line.
  second.onEnd = () => first.resume(phone);
  const done = (transferred: boolean): void => {
    if (!transferred) exchange.partyHungUp(second);
  };
  if ("handOverAfterMs" in consultation) {
    pbx.runDialplan(second, to, {});
    exchange.clock.after(consultation.handOverAfterMs, () =>
      done(handOverRinging(pbx, first, phone, second)),
    );
    return;
  }
  pbx.runDialplan(second, to, {
    talking: (talk) =>
      exchange.clock.after(consultation.joinAfterTalkMs, () =>
        done(complete(pbx, first, phone, talk, second)),
      ),
  });
}

/** Gives the ringing second call to the other side of the first; false when one of them is gone. */
function handOverRinging(
  { exchange }: SimulatedExchange,
  first: Conversation,
  phone: Channel,
  second: Channel,
): boolean {
  const transferee = first.opposite(phone);
  const dial = second.owner;
  if (transferee === null || !(dial instanceof Dial) || second.hungUp || phone.hungUp) return false;
  exchange.tellOf("Unhold", phone);
  exchange.tell(
    "AttendedTransfer",
    "call",
    `Result: Success\r\n${channelText("OrigTransferer", phone)}${bridgeText("Orig", first.bridge)}` +
      `${channelText("SecondTransferer", second)}${channelText("Transferee", transferee.channel)}` +
      "IsExternal: No\r\nDestType: App\r\nDestApp: Dial\r\n",
  );
  const released = first.release(phone);
  if (released === null || !dial.takeOver(released)) return false;
  exchange.hangup(second, 16);
  return true;
}

/** Joins the other sides of both calls of one phone; false when one of them is gone. */
function complete(
  pbx: SimulatedExchange,
  first: Conversation,
  phone: Channel,
  consultation: Conversation,
  second: Channel,
): boolean {
  const { exchange } = pbx;
  const transferee = first.opposite(phone);
  const target = consultation.opposite(second);
  if (transferee === null || target === null || second.hungUp || phone.hungUp) return false;
  phone.holding = false;
  transferee.channel.held = false;
  exchange.onDevice(transferee.channel);
  exchange.tellOf("Unhold", phone);
  exchange.tellOf("Unhold", second);
  // Asterisk moves the target into the first bridge, but a Local channel into the second: that one is easier to move.
  const moved = transferee.channel.other === null ? target : transferee;
  const [stays, of, closes] =
    moved === target ? [first, phone, consultation] : [consultation, second, first];
  join(pbx, moved, stays, of);
  exchange.tellOf("SoftHangupRequest", second, "Cause: 1\r\n");
  exchange.tell(
    "AttendedTransfer",
    "call",
    `Result: Success\r\n${channelText("OrigTransferer", phone)}${bridgeText("Orig", first.bridge)}` +
      `${channelText("SecondTransferer", second)}${bridgeText("Second", consultation.bridge)}` +
      `${channelText("Transferee", transferee.channel)}${channelText("TransferTarget", target.channel)}` +
      `IsExternal: No\r\nDestType: Bridge\r\nDestBridgeUniqueid: ${stays.bridge.id}\r\n`,
  );
  // A queue's agent is still its Local channel; only a phone that was the agent itself is out.
  if (moved === target) first.tellTransferred(phone);
  for (const each of [phone, second]) each.owner = null;
  exchange.hangup(phone, 16);
  exchange.hangup(second, 16);
  closes.close();
  connect(pbx, transferee.channel, target.channel);
  return true;
}

function join(pbx: SimulatedExchange, moved: Party, into: Conversation, of: Channel): void {
  const { exchange } = pbx;
  exchange.leave(moved.channel);
  for (const each of [moved.channel, ...into.bridge.channels]) exchange.stopMusic(each);
  exchange.leave(of);
  into.replace(of, moved);
  exchange.enter(into.bridge, moved.channel, of);
}

/** Both learn whom they talk to now. */
function connect(pbx: SimulatedExchange, transferee: Channel, target: Channel): void {
  const { exchange } = pbx;
  exchange.connectCaller(transferee, { number: target.callerNumber, name: target.callerName });
  exchange.publishNearHalf(transferee);
  exchange.connectCaller(target, {
    number: transferee.callerNumber,
    name: transferee.callerName,
  });
}
