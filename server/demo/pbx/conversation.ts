/**
 * Two parties in a bridge: talk, hold, hang-up, and being handed over.
 */
import type { Bridge, Channel, ChannelOwner, Exchange } from "./exchange.ts";
import { bridgeText, channelText } from "./text.ts";

/** How a conversation was over. `transfer` means that the call goes on elsewhere. */
export type Over = { readonly kind: "hangup" | "transfer"; readonly by: Channel };

/** One side; `after` says what its channel does when the conversation dissolves without its own hang-up. */
export type Party = { readonly channel: Channel; readonly after: () => void };

/** A bridge of two and who owns its ends. It is over once, and then tells `onOver` before the bridge is left. */
export class Conversation implements ChannelOwner {
  readonly #exchange: Exchange;
  readonly bridge: Bridge;
  #parties: Party[];
  readonly #onOver: (over: Over) => void;
  #over = false;
  #told = false;

  constructor(exchange: Exchange, parties: readonly [Party, Party], onOver: (over: Over) => void) {
    this.#exchange = exchange;
    this.#parties = [...parties];
    this.#onOver = onOver;
    this.bridge = exchange.createBridge();
    for (const party of parties) party.channel.owner = this;
    // The called party is in the bridge first, as in app_dial and app_queue.
    for (const party of parties.toReversed()) exchange.enter(this.bridge, party.channel);
  }

  /** The other side of a channel. */
  peer(channel: Channel): Channel | null {
    return this.#parties.find((each) => each.channel !== channel)?.channel ?? null;
  }

  gone(channel: Channel, cause: number): void {
    this.#finish({ kind: "hangup", by: channel });
    const others = this.#dissolve(channel);
    // A conversation that took place ends by normal clearing, whatever the request said.
    this.#exchange.hangup(channel, cause === 0 ? 16 : cause);
    for (const each of others) each.after();
  }

  /** The party puts the other on hold. */
  hold(by: Channel): void {
    const other = this.peer(by);
    if (this.#over || by.holding || other === null) return;
    by.holding = true;
    other.held = true;
    this.#exchange.tellOf("Hold", by, "MusicClass: default\r\n");
    this.#exchange.startMusic(other);
    this.#exchange.onDevice(other);
  }

  resume(by: Channel): void {
    const other = this.peer(by);
    if (this.#over || !by.holding || other === null) return;
    this.#exchange.tellOf("Unhold", by);
    this.#unhold(by, other);
  }

  /** The party at `by` sends the other side to an extension. Returns the other's channel, free for the dialplan, or null. */
  blindTransfer(by: Channel, context: string, exten: string): Channel | null {
    const other = this.peer(by);
    if (this.#over || other === null) return null;
    // REFER ends the hold, also one that never was.
    this.#exchange.tellOf("Unhold", by);
    this.#unhold(by, other);
    this.#exchange.tell(
      "BlindTransfer",
      "call",
      `Result: Success\r\n${channelText("Transferer", by)}${channelText("Transferee", other)}` +
        `${bridgeText("", this.bridge)}IsExternal: No\r\nContext: ${context}\r\nExtension: ${exten}\r\n`,
    );
    other.context = context;
    other.exten = exten;
    return this.release(by);
  }

  /** Ends the conversation because `by` hands the other side over and is out. Returns the other's channel, free for the dialplan. */
  release(by: Channel): Channel | null {
    const other = this.peer(by);
    if (this.#over || other === null) return null;
    this.#finish({ kind: "transfer", by });
    this.#dissolve(by);
    other.hasDialplan = true;
    other.hangupCause = 16;
    this.#exchange.hangup(by, 16);
    return other;
  }

  /** Takes `channel` out for another place in the dialplan; the other side does what it does after a conversation. */
  redirect(channel: Channel): boolean {
    if (this.#over) return false;
    this.#finish({ kind: "transfer", by: channel });
    const others = this.#dissolve(channel);
    for (const each of others) each.after();
    return true;
  }

  /** The side opposite `by`, or null when the conversation is over. */
  opposite(by: Channel): Party | null {
    return this.#over ? null : (this.#parties.find((each) => each.channel !== by) ?? null);
  }

  /** Tells `onOver` that `by` handed its side over, while the bridge goes on or is left by whoever calls this. */
  tellTransferred(by: Channel): void {
    this.#tellOver({ kind: "transfer", by });
  }

  /** The bridge was left by everybody through the caller's doing. */
  close(): void {
    this.#over = true;
    this.#exchange.destroyBridge(this.bridge);
  }

  /** Puts `party` in the place of `of`. The bridge is left and entered by whoever calls this. */
  replace(of: Channel, party: Party): void {
    const index = this.#parties.findIndex((each) => each.channel === of);
    party.channel.owner = this;
    this.#parties[index] = party;
    of.owner = null;
  }

  /**
   * Asterisk takes a Local channel out once both of its halves talk: the phone behind it takes the near half's place here, and
   * both halves are hung up.
   */
  optimize(near: Channel): void {
    const far = near.other;
    const behind = far?.owner instanceof Conversation ? far.owner : null;
    const phone = far === null ? null : (behind?.peer(far) ?? null);
    if (
      this.#over ||
      near.bridge !== this.bridge ||
      far === null ||
      behind === null ||
      phone === null
    )
      return;
    const exchange = this.#exchange;
    const halves = channelText("LocalOne", near) + channelText("LocalTwo", far);
    exchange.tell(
      "LocalOptimizationBegin",
      "call",
      `${halves}${channelText("Source", phone)}DestUniqueId: ${far.id}\r\nId: 0\r\n`,
    );
    exchange.leave(phone);
    exchange.leave(near);
    this.replace(near, { channel: phone, after: () => exchange.hangup(phone, 16) });
    exchange.enter(this.bridge, phone, near);
    // "No" is what Asterisk says when it did take the channel out.
    exchange.tell("LocalOptimizationEnd", "call", `${halves}Success: No\r\nId: 0\r\n`);
    near.owner = null;
    far.owner = null;
    exchange.hangup(near, 16);
    exchange.destroyBridge(behind.bridge);
  }

  #unhold(by: Channel, other: Channel): void {
    by.holding = false;
    other.held = false;
    this.#exchange.stopMusic(other);
    this.#exchange.onDevice(other);
  }

  #finish(over: Over): void {
    if (this.#over) return;
    this.#over = true;
    for (const { channel } of this.#parties) {
      const other = this.peer(channel);
      if (channel.holding && other !== null) this.#unhold(channel, other);
    }
    this.#tellOver(over);
  }

  #tellOver(over: Over): void {
    if (this.#told) return;
    this.#told = true;
    this.#onOver(over);
  }

  /** Everybody leaves, `first` first; returns the others. Nobody has an owner then. */
  #dissolve(first: Channel): readonly Party[] {
    const others = this.#parties.filter((each) => each.channel !== first);
    for (const each of [first, ...others.map((party) => party.channel)]) {
      if (each.bridge === this.bridge) this.#exchange.leave(each);
      each.owner = null;
    }
    this.#exchange.destroyBridge(this.bridge);
    return others;
  }
}
