/**
 * Two parties in a bridge: talk, hold, hang-up, and being handed over.
 */
import type { Bridge, Channel, ChannelOwner, Exchange } from "./exchange.ts";

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

  constructor(exchange: Exchange, parties: readonly [Party, Party], onOver: (over: Over) => void) {
    this.#exchange = exchange;
    this.#parties = [...parties];
    this.#onOver = onOver;
    this.bridge = exchange.createBridge();
    for (const party of parties) {
      party.channel.owner = this;
      exchange.enter(this.bridge, party.channel);
    }
  }

  /** The other side of a channel. */
  peer(channel: Channel): Channel | null {
    return this.#parties.find((each) => each.channel !== channel)?.channel ?? null;
  }

  gone(channel: Channel, cause: number): void {
    const party = this.#parties.find((each) => each.channel === channel);
    if (party === undefined) return;
    this.#finish({ kind: "hangup", by: channel });
    const others = this.#dissolve(channel);
    this.#exchange.hangup(channel, cause);
    for (const each of others) each.after();
  }

  /** The party puts the other on hold. */
  hold(by: Channel): void {
    if (this.#over || by.onHold) return;
    by.onHold = true;
    this.#exchange.tellOf("Hold", by);
    const other = this.peer(by);
    if (other !== null) this.#exchange.startMusic(other);
    this.#exchange.onDevice(by);
  }

  resume(by: Channel): void {
    if (this.#over || !by.onHold) return;
    by.onHold = false;
    this.#exchange.tellOf("Unhold", by);
    const other = this.peer(by);
    if (other !== null) this.#exchange.stopMusic(other);
    this.#exchange.onDevice(by);
  }

  /**
   * Takes both out of the bridge because `by` hands the other side over; `by` is hung up, the other channel is the caller's to
   * use (its owner is cleared). Returns it, or null when the conversation was already over.
   */
  handOver(by: Channel, tell: (other: Channel) => void): Channel | null {
    const other = this.peer(by);
    if (this.#over || other === null) return null;
    tell(other);
    this.#finish({ kind: "transfer", by });
    this.#dissolve(by);
    other.owner = null;
    return other;
  }

  /** Takes `channel` out for another place in the dialplan; the other side does what it does after a conversation. */
  redirect(channel: Channel): boolean {
    if (this.#over) return false;
    this.#finish({ kind: "transfer", by: channel });
    const others = this.#dissolve(channel);
    channel.owner = null;
    for (const each of others) each.after();
    return true;
  }

  /** Puts `channel` (already out of its own bridge) in the place of `of`, which leaves the bridge and is the caller's to hang up. */
  replace(of: Channel, by: Party): boolean {
    const index = this.#parties.findIndex((each) => each.channel === of);
    if (this.#over || index === -1) return false;
    by.channel.owner = this;
    this.#exchange.enter(this.bridge, by.channel, of);
    this.#exchange.leave(of);
    of.owner = null;
    this.#parties[index] = by;
    return true;
  }

  /** Takes one party out for another bridge and hangs nobody up; the conversation is over. */
  release(channel: Channel): void {
    this.#finish({ kind: "transfer", by: channel });
    this.#exchange.leave(channel);
    channel.owner = null;
  }

  /** Lets the rest of a released conversation go. */
  dissolveRest(): readonly Channel[] {
    const rest = this.#parties.filter((each) => each.channel.bridge === this.bridge);
    for (const each of rest) {
      this.#exchange.leave(each.channel);
      each.channel.owner = null;
    }
    this.#exchange.destroyBridge(this.bridge);
    return rest.map((each) => each.channel);
  }

  #finish(over: Over): void {
    if (this.#over) return;
    this.#over = true;
    for (const each of this.#parties) {
      if (each.channel.onHold) {
        each.channel.onHold = false;
        const other = this.peer(each.channel);
        if (other !== null) this.#exchange.stopMusic(other);
      }
    }
    this.#onOver(over);
  }

  /** Everybody leaves, `first` first; returns the others, without an owner. */
  #dissolve(first: Channel): readonly Party[] {
    const others = this.#parties.filter((each) => each.channel !== first);
    this.#exchange.leave(first);
    for (const each of others) {
      this.#exchange.leave(each.channel);
      each.channel.owner = null;
    }
    this.#exchange.destroyBridge(this.bridge);
    return others;
  }
}
