/** A PBX that says what a test tells it to say, in the typed words of the real one, and notes what is asked of it. */
import type {
  AmiAnswer,
  AmiError,
  ChannelInfo,
  ChannelState,
  Pbx,
  PbxEvent,
  PbxInput,
  PbxListener,
  PbxStatus,
  QueueMember,
} from "../../server/asterisk/model.ts";

export type Asked = { readonly name: string; readonly fields: Readonly<Record<string, unknown>> };

/** Members of queue `sales`: extensions 101 to 109 as `PJSIP/...`. */
export function member(extension: string, more: Partial<QueueMember> = {}): QueueMember {
  return {
    queue: "sales",
    interface: `PJSIP/${extension}`,
    stateInterface: `PJSIP/${extension}`,
    name: extension,
    penalty: 0,
    paused: false,
    pausedReason: "",
    status: "notInUse",
    inCall: false,
    callsTaken: 0,
    lastCallAtSeconds: 0,
    wrapUpSeconds: 0,
    ...more,
  };
}

export class ScriptedPbx implements Pbx {
  readonly name: string;
  readonly asked: Asked[] = [];
  /** Refuses the next actions with this. */
  refusal: AmiError | null = null;
  readonly #listeners = new Set<PbxListener>();
  readonly #statusListeners = new Set<(status: PbxStatus) => void>();
  #up = true;
  #now: () => number;

  constructor(name = "main", now: () => number = () => performance.timeOrigin + performance.now()) {
    this.name = name;
    this.#now = now;
  }

  status(): PbxStatus {
    return {
      pbx: this.name,
      state: this.#up ? "up" : "down",
      sinceMs: 0,
      reason: this.#up ? "" : "connection refused",
      capabilities: {
        version: "22.10.1",
        immediatePriority: true,
        withdrawCaller: true,
        deviceStateList: true,
      },
      roundTripMs: 1,
    };
  }

  listen(listener: PbxListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  onStatus(listener: (status: PbxStatus) => void): () => void {
    this.#statusListeners.add(listener);
    return () => this.#statusListeners.delete(listener);
  }

  setUp(up: boolean): void {
    this.#up = up;
    for (const listener of this.#statusListeners) listener(this.status());
  }

  async action(
    name: string,
    fields: Readonly<Record<string, string | readonly string[]>> = {},
  ): Promise<AmiAnswer> {
    this.asked.push({ name, fields });
    if (this.refusal !== null) throw this.refusal;
    if (name === "QueuePause") {
      const paused = fields["Paused"] === "true";
      const extension = String(fields["Interface"]).replace("PJSIP/", "");
      const pausedReason = paused ? String(fields["Reason"] ?? "") : "";
      this.say({ type: "memberChanged", member: member(extension, { paused, pausedReason }) });
    }
    return { message: "ok", fields: {}, items: [] };
  }

  /** Says these, one after the other, at the same moment. */
  say(...inputs: readonly PbxInput[]): void {
    const atMs = this.#now();
    for (const input of inputs) for (const listener of this.#listeners) listener(input, atMs);
  }

  /** Queue `sales` with these members; every other call is over. */
  snapshot(members: readonly QueueMember[], restarted = false): void {
    this.say({
      type: "snapshot",
      snapshot: {
        channels: [],
        queues: [{ name: "sales", strategy: "ringall", weight: 0, members, callers: [] }],
        devices: [],
        restarted,
      },
    });
  }
}

let serial = 0;

/** A caller who waits in `sales`, and what then happens to them. */
export class Caller {
  readonly id: string;
  readonly number: string;
  readonly #pbx: ScriptedPbx;
  readonly #legs = new Map<string, string>();
  #bridge = "";

  constructor(pbx: ScriptedPbx, number: string) {
    serial += 1;
    this.#pbx = pbx;
    this.number = number;
    this.id = `1763779000.${serial * 100}`;
  }

  get callId(): string {
    return `${this.#pbx.name}-${this.id}`;
  }

  ringId(extension: string): string {
    return `${this.#pbx.name}-${this.#legs.get(extension)}`;
  }

  channel(state: ChannelState = "up"): ChannelInfo {
    return {
      id: this.id,
      name: `PJSIP/trunk-${this.id}`,
      linkedId: this.id,
      state,
      callerNumber: this.number,
      callerName: "",
      connectedNumber: "",
      connectedName: "",
      context: "from-trunk",
      exten: "74951234567",
    };
  }

  leg(extension: string, state: ChannelState = "down"): ChannelInfo {
    const id = this.#legs.get(extension) ?? this.#newLeg(extension);
    return {
      ...this.channel(state),
      id,
      name: `PJSIP/${extension}-${id.replace(".", "")}`,
      callerNumber: extension,
      connectedNumber: this.number,
      exten: "",
    };
  }

  #newLeg(extension: string): string {
    serial += 1;
    const id = `1763779000.${serial * 100}`;
    this.#legs.set(extension, id);
    return id;
  }

  start(): void {
    this.#pbx.say({ type: "channelCreated", channel: this.channel("ring") });
  }

  join(): void {
    this.#pbx.say({
      type: "queueJoined",
      channel: this.channel(),
      queue: "sales",
      position: 1,
      waiting: 1,
    });
  }

  arrive(): void {
    this.start();
    this.join();
  }

  /** The phone of a member begins to ring. */
  ring(extension: string): void {
    this.#legs.delete(extension);
    const agent = this.leg(extension);
    this.#pbx.say(
      { type: "channelCreated", channel: agent },
      {
        type: "agentCalled",
        channel: this.channel(),
        agent,
        queue: "sales",
        interface: `PJSIP/${extension}`,
        memberName: extension,
      },
      { type: "dialBegan", caller: this.channel(), callee: agent, dialString: extension },
      { type: "channelState", channel: this.leg(extension, "ringing") },
    );
  }

  /** Nobody lifts that phone; the queue goes on. */
  noAnswer(extension: string): void {
    const agent = this.leg(extension, "ringing");
    this.#pbx.say(
      {
        type: "agentRingNoAnswer",
        channel: this.channel(),
        agent,
        queue: "sales",
        interface: `PJSIP/${extension}`,
        memberName: extension,
        ringMs: 15_000,
      },
      { type: "dialEnded", caller: this.channel(), callee: agent, status: "noAnswer" },
      { type: "channelHungUp", channel: agent, cause: 16 },
    );
  }

  /** That phone is lifted; others that ring lose. */
  answer(extension: string, losers: readonly string[] = []): void {
    const agent = this.leg(extension, "up");
    this.#bridge = `bridge-${this.id}`;
    const inputs: PbxEvent[] = [
      { type: "channelState", channel: agent },
      { type: "dialEnded", caller: this.channel(), callee: agent, status: "answer" },
      {
        type: "queueLeft",
        channel: this.channel(),
        queue: "sales",
        position: 1,
        waiting: 0,
      },
      {
        type: "agentConnected",
        channel: this.channel(),
        agent,
        queue: "sales",
        interface: `PJSIP/${extension}`,
        memberName: extension,
        holdMs: 1000,
        ringMs: 1000,
      },
    ];
    for (const loser of losers) {
      const leg = this.leg(loser, "ringing");
      inputs.push(
        { type: "dialEnded", caller: this.channel(), callee: leg, status: "cancel" },
        { type: "channelHungUp", channel: leg, cause: 26 },
      );
    }
    for (const channel of [agent, this.channel()])
      inputs.push({
        type: "bridgeEntered",
        bridgeId: this.#bridge,
        bridgeType: "basic",
        channel,
        swapChannelId: "",
      });
    this.#pbx.say(...inputs);
  }

  /** `from` sends the caller to `to`'s phone, which rings. */
  blindTransfer(from: string, to: string): void {
    const transferer = this.leg(from, "up");
    this.#pbx.say(
      {
        type: "blindTransferred",
        transferer,
        transferee: this.channel(),
        context: "from-internal",
        exten: to,
        success: true,
      },
      { type: "bridgeLeft", bridgeId: this.#bridge, channel: this.channel() },
      { type: "bridgeLeft", bridgeId: this.#bridge, channel: transferer },
      { type: "channelHungUp", channel: transferer, cause: 16 },
    );
    const target = this.leg(to);
    this.#pbx.say(
      { type: "channelCreated", channel: target },
      { type: "dialBegan", caller: this.channel(), callee: target, dialString: to },
      { type: "channelState", channel: this.leg(to, "ringing") },
    );
  }

  /** The phone rung by a transfer is lifted. */
  answerDialled(extension: string): void {
    const leg = this.leg(extension, "up");
    this.#bridge = `bridge2-${this.id}`;
    this.#pbx.say(
      { type: "channelState", channel: leg },
      { type: "dialEnded", caller: this.channel(), callee: leg, status: "answer" },
      ...[leg, this.channel()].map((channel) => ({
        type: "bridgeEntered" as const,
        bridgeId: this.#bridge,
        bridgeType: "basic",
        channel,
        swapChannelId: "",
      })),
    );
  }

  /** The caller hangs up, whatever was going on. */
  hangUp(ringing: readonly string[] = [], talking: readonly string[] = []): void {
    const inputs: PbxEvent[] = [];
    for (const extension of ringing) {
      const leg = this.leg(extension, "ringing");
      inputs.push(
        { type: "dialEnded", caller: this.channel(), callee: leg, status: "cancel" },
        { type: "channelHungUp", channel: leg, cause: 0 },
      );
    }
    for (const extension of talking) {
      const leg = this.leg(extension, "up");
      inputs.push(
        { type: "bridgeLeft", bridgeId: this.#bridge, channel: this.channel() },
        { type: "bridgeLeft", bridgeId: this.#bridge, channel: leg },
        { type: "channelHungUp", channel: leg, cause: 16 },
      );
    }
    if (talking.length === 0)
      inputs.push(
        {
          type: "queueAbandoned",
          channel: this.channel(),
          queue: "sales",
          position: 1,
          originalPosition: 1,
          holdMs: 1000,
        },
        { type: "queueLeft", channel: this.channel(), queue: "sales", position: 1, waiting: 0 },
      );
    inputs.push({ type: "channelHungUp", channel: this.channel(), cause: 16 });
    this.#pbx.say(...inputs);
  }
}
