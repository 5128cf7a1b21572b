/**
 * What the rest of Callcard knows of a PBX: typed events, the snapshot, and the one ordered stream both arrive in.
 *
 * Raw AMI names, units and quirks end in this folder. Times are epoch milliseconds (with fractions), durations carry
 * their unit in the name, an unknown text (`<unknown>`, absent key) is the empty string.
 */
import type { PreferredWish } from "./preferred-queue.ts";

/** Asterisk's channel states (ChannelState 0 to 10), by name. */
export type ChannelState =
  | "down"
  | "reserved"
  | "offHook"
  | "dialing"
  | "ring"
  | "ringing"
  | "up"
  | "busy"
  | "dialingOffHook"
  | "preRing"
  | "unknown";

/** A channel as one event saw it. `id` (Uniqueid) never changes; `linkedId` does and is only a clue. */
export type ChannelInfo = {
  readonly id: string;
  /** Asterisk's name, for example `PJSIP/101-0000002a`; actions such as QueueChangePriorityCaller want this. */
  readonly name: string;
  readonly linkedId: string;
  readonly state: ChannelState;
  readonly callerNumber: string;
  readonly callerName: string;
  readonly connectedNumber: string;
  readonly connectedName: string;
  readonly context: string;
  readonly exten: string;
};

/** A device's state as app_queue and device state report it. */
export type DeviceState =
  | "unknown"
  | "notInUse"
  | "inUse"
  | "busy"
  | "invalid"
  | "unavailable"
  | "ringing"
  | "ringInUse"
  | "onHold";

/** One interface in one queue. */
export type QueueMember = {
  readonly queue: string;
  /** `PJSIP/101`, or FreePBX's `Local/101@from-queue/n`. */
  readonly interface: string;
  /** Where its state is read: `PJSIP/101`, `hint:101@ext-local`; equal to `interface` unless configured otherwise. */
  readonly stateInterface: string;
  readonly name: string;
  readonly penalty: number;
  readonly paused: boolean;
  readonly pausedReason: string;
  readonly status: DeviceState;
  /** True only in the queue that owns the member's present call. */
  readonly inCall: boolean;
  readonly callsTaken: number;
  /** Epoch seconds of the last call's end, 0 for none. */
  readonly lastCallAtSeconds: number;
  /** The member's own wrap-up time; 0 when the queue's value applies. */
  readonly wrapUpSeconds: number;
};

/** How a DialEnd ended. `other` keeps an unknown word countable without widening every switch. */
export type DialStatus =
  | "answer"
  | "busy"
  | "noAnswer"
  | "cancel"
  | "congestion"
  | "unavailable"
  | "aborted"
  | "continue"
  | "goto"
  | "other";

/** Every typed event of a PBX. Agent legs of app_queue are `agent`; keys that Asterisk may leave out are nullable. */
export type PbxEvent =
  /** Newchannel. */
  | { readonly type: "channelCreated"; readonly channel: ChannelInfo }
  /** Newstate. */
  | { readonly type: "channelState"; readonly channel: ChannelInfo }
  /** NewCallerid or NewConnectedLine. */
  | { readonly type: "channelIdentity"; readonly channel: ChannelInfo }
  /** Hangup; `cause` is the Q.850 number (16 normal, 17 busy, 26 answered elsewhere, ...). */
  | { readonly type: "channelHungUp"; readonly channel: ChannelInfo; readonly cause: number }
  /**
   * HangupRequest: the far end hung up or refused. SoftHangupRequest (`soft`): Asterisk wants the channel to end, which it also says after
   * the far end did. Hangup follows. `cause` 0 when not told.
   */
  | {
      readonly type: "hangupRequested";
      readonly channel: ChannelInfo;
      readonly cause: number;
      readonly soft: boolean;
    }
  /** DialBegin; `caller` is null for AMI Originate. */
  | {
      readonly type: "dialBegan";
      readonly caller: ChannelInfo | null;
      readonly callee: ChannelInfo;
      readonly dialString: string;
    }
  /** DialEnd; may come twice for a pair, or never (Originate that timed out). */
  | {
      readonly type: "dialEnded";
      readonly caller: ChannelInfo | null;
      readonly callee: ChannelInfo;
      readonly status: DialStatus;
    }
  /** BridgeEnter; `swapChannelId` names the channel it replaces, else "". */
  | {
      readonly type: "bridgeEntered";
      readonly bridgeId: string;
      readonly bridgeType: string;
      readonly channel: ChannelInfo;
      readonly swapChannelId: string;
    }
  /** BridgeLeave. */
  | { readonly type: "bridgeLeft"; readonly bridgeId: string; readonly channel: ChannelInfo }
  /** BridgeDestroy. */
  | { readonly type: "bridgeDestroyed"; readonly bridgeId: string }
  /** BridgeMerge: everything in `fromBridgeId` is now in `toBridgeId`. */
  | { readonly type: "bridgeMerged"; readonly toBridgeId: string; readonly fromBridgeId: string }
  /** LocalBridge: the two halves of one Local channel. */
  | {
      readonly type: "localBridged";
      readonly one: ChannelInfo;
      readonly two: ChannelInfo;
      readonly context: string;
      readonly exten: string;
      /** False for `/n` (both halves live as long as the call). */
      readonly optimizable: boolean;
    }
  /** LocalOptimizationEnd: both halves are about to hang up while the call goes on. (`Success` is unreliable.) */
  | { readonly type: "localOptimized"; readonly one: ChannelInfo; readonly two: ChannelInfo }
  /** BlindTransfer. */
  | {
      readonly type: "blindTransferred";
      readonly transferer: ChannelInfo;
      readonly transferee: ChannelInfo | null;
      readonly context: string;
      readonly exten: string;
      readonly success: boolean;
    }
  /**
   * AttendedTransfer; also a blonde one, of a phone that still rings. `destination` does not tell which: a blonde one is "app" by
   * REFER and "bridge" by feature code. `target` may be missing although it answered.
   */
  | {
      readonly type: "attendedTransferred";
      readonly originalTransferer: ChannelInfo;
      readonly secondTransferer: ChannelInfo;
      readonly transferee: ChannelInfo | null;
      readonly target: ChannelInfo | null;
      readonly destination: "bridge" | "app" | "link" | "threeway" | "fail" | "other";
      readonly success: boolean;
    }
  /** Pickup: `channel` took the call that rang at `target`. */
  | { readonly type: "pickedUp"; readonly channel: ChannelInfo; readonly target: ChannelInfo }
  | { readonly type: "held"; readonly channel: ChannelInfo }
  | { readonly type: "resumed"; readonly channel: ChannelInfo }
  | {
      readonly type: "queueJoined";
      readonly channel: ChannelInfo;
      readonly queue: string;
      readonly position: number;
      readonly waiting: number;
    }
  | {
      readonly type: "queueLeft";
      readonly channel: ChannelInfo;
      readonly queue: string;
      readonly position: number;
      readonly waiting: number;
    }
  /** QueueCallerAbandon: a true abandon only together with the caller's hangup. */
  | {
      readonly type: "queueAbandoned";
      readonly channel: ChannelInfo;
      readonly queue: string;
      readonly position: number;
      readonly originalPosition: number;
      readonly holdMs: number;
    }
  | {
      readonly type: "agentCalled";
      readonly channel: ChannelInfo | null;
      readonly agent: ChannelInfo;
      readonly queue: string;
      readonly interface: string;
      readonly memberName: string;
    }
  | {
      readonly type: "agentRingNoAnswer";
      readonly channel: ChannelInfo | null;
      readonly agent: ChannelInfo | null;
      readonly queue: string;
      readonly interface: string;
      readonly memberName: string;
      readonly ringMs: number;
    }
  | {
      readonly type: "agentConnected";
      readonly channel: ChannelInfo | null;
      readonly agent: ChannelInfo | null;
      readonly queue: string;
      readonly interface: string;
      readonly memberName: string;
      readonly holdMs: number;
      readonly ringMs: number;
    }
  /** AgentComplete; caller keys are absent when the caller's hangup was processed first. */
  | {
      readonly type: "agentCompleted";
      readonly channel: ChannelInfo | null;
      readonly agent: ChannelInfo | null;
      readonly queue: string;
      readonly interface: string;
      readonly memberName: string;
      readonly holdMs: number;
      readonly talkMs: number;
      readonly reason: "caller" | "agent" | "transfer" | "other";
    }
  /** QueueMemberAdded, QueueMemberStatus, QueueMemberPause, QueueMemberPenalty, QueueMemberRinginuse. */
  | { readonly type: "memberChanged"; readonly member: QueueMember }
  | { readonly type: "memberRemoved"; readonly queue: string; readonly interface: string }
  | { readonly type: "deviceState"; readonly device: string; readonly state: DeviceState }
  | {
      readonly type: "originateEnded";
      readonly actionId: string;
      readonly channelId: string;
      readonly success: boolean;
      /** Control-frame number: 4 answered, 5 busy, 8 congestion, 3 no answer, 1 hung up, 0 everything else. */
      readonly reason: number;
    }
  | {
      readonly type: "userEvent";
      readonly name: string;
      readonly channelId: string;
      readonly fields: Readonly<Record<string, string>>;
    };

/** A queue as QueueStatus lists it. */
export type QueueSnapshot = {
  readonly name: string;
  readonly strategy: string;
  readonly weight: number;
  readonly members: readonly QueueMember[];
  readonly callers: readonly {
    readonly channelId: string;
    readonly channelName: string;
    readonly position: number;
    readonly waitMs: number;
    readonly priority: number;
  }[];
};

/** Everything that is true on a PBX at one moment; applied first after every connect, then events that came meanwhile. */
export type PbxSnapshot = {
  readonly channels: readonly (ChannelInfo & {
    /** How long the channel has existed. */
    readonly ageMs: number;
    readonly bridgeId: string;
    readonly application: string;
    readonly applicationData: string;
    /** For what the caller is, or is about to be, in the queue of preferred operators; only where the dialplan's variables tell it. */
    readonly wish?: PreferredWish;
  })[];
  readonly queues: readonly QueueSnapshot[];
  readonly devices: readonly { readonly device: string; readonly state: DeviceState }[];
  /** True when Asterisk itself restarted since the last connection: nothing remembered is still alive. */
  readonly restarted: boolean;
};

/** The one ordered stream a PBX gives: events, and the edges of a connection. */
export type PbxInput =
  | PbxEvent
  | { readonly type: "snapshot"; readonly snapshot: PbxSnapshot }
  | { readonly type: "connectionLost"; readonly reason: string };

/** Receives the stream in order; must return at once (it runs in the read path) and may throw without harm. */
export type PbxListener = (input: PbxInput, atMs: number) => void;

/** What this Asterisk can do, found out at connect. */
export type PbxCapabilities = {
  /** For example `22.10.1`; "" until known. */
  readonly version: string;
  /** QueueChangePriorityCaller honours Immediate (18.20, 20.5, 21 and later). */
  readonly immediatePriority: boolean;
  /** QueueWithdrawCaller exists (16.25, 18.11, 19.3 and later). */
  readonly withdrawCaller: boolean;
  /** DeviceStateList answers. */
  readonly deviceStateList: boolean;
};

/** Where the connection to a PBX stands, for `/readyz`, the screens and the log. */
export type PbxStatus = {
  readonly pbx: string;
  /** `flooding`: it sends more than can be read. What it says is dropped for a while; then its snapshot is read. */
  readonly state: "connecting" | "synchronising" | "up" | "flooding" | "down" | "stopped";
  readonly sinceMs: number;
  /** Why it is down, in words for the person on call; "" when up. */
  readonly reason: string;
  readonly capabilities: PbxCapabilities;
  /** Last ping's round trip; null before the first. */
  readonly roundTripMs: number | null;
};

/** An AMI answer with its list items, keys lower-cased as asterisk-manager gives them. */
export type AmiAnswer = {
  readonly message: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly items: readonly Readonly<Record<string, string>>[];
};

/**
 * One PBX as the rest of the server sees it. `server/asterisk/link.ts` implements it over AMI.
 * Every deed has a deadline and fails with {@link AmiError} when Asterisk refuses or the connection goes.
 */
export interface Pbx {
  readonly name: string;
  status(): PbxStatus;
  /** Adds a listener of the ordered stream; returns how to remove it. */
  listen(listener: PbxListener): () => void;
  /** Adds a listener of status changes; returns how to remove it. */
  onStatus(listener: (status: PbxStatus) => void): () => void;
  /** Sends one action; keys and values with CR, LF or NUL are refused before anything is sent. */
  action(
    name: string,
    fields?: Readonly<Record<string, string | readonly string[]>>,
    options?: { readonly deadlineMs?: number; readonly list?: boolean },
  ): Promise<AmiAnswer>;
}

/** An action that Asterisk refused, that got no answer in time, or that lost its connection. */
export class AmiError extends Error {
  readonly code: "refused" | "deadline" | "disconnected" | "invalid" | "login";
  readonly action: string;
  constructor(code: AmiError["code"], action: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "AmiError";
    this.code = code;
    this.action = action;
  }
}
