import type {
  RingOutcome,
  QueueLeftHow,
  CallEndedHow,
  Direction,
} from "../../server/calls/model.ts";
import type { LabAmi } from "./ami.ts";
import type { Lab } from "./lab.ts";
import type { LabVersion } from "./root.ts";

/** What really happened to one call of a story, in the call model's words; what the model must find out from AMI alone. */
export type CallTruth = {
  readonly direction: Direction;
  /** The outside number (or the calling extension of an internal call), as it was sent; "" when withheld. */
  readonly party: string;
  /** The extension that dialled, "" for inbound. */
  readonly fromExtension: string;
  readonly visits: readonly { readonly queue: string; readonly how: QueueLeftHow }[];
  /** In the order they began; those of one ringall begin together. */
  readonly rings: readonly { readonly extension: string; readonly outcome: RingOutcome }[];
  /** Who talked with the outside party (or with each other), in order. */
  readonly talks: readonly string[];
  readonly transfers: readonly {
    readonly kind: "blind" | "attended" | "blonde" | "pickup";
    readonly fromExtension: string;
    readonly to: string;
  }[];
  readonly held: boolean;
  readonly endedHow: CallEndedHow;
};

/** One thing that happens on a PBX, played with real phones. */
export type Story = {
  /** Name of the trace's files. */
  readonly name: string;
  /** One sentence: what happens. */
  readonly title: string;
  /** Only these versions can play it; all without it. */
  readonly versions?: readonly LabVersion[];
  readonly truth: readonly CallTruth[];
  /** Goes on before anybody listens: for a listener that connects in the middle of calls. */
  before?(lab: Lab): Promise<void>;
  /**
   * Plays it to the end: when it returns every call is over or about to be.
   * @param listener the recording AMI connection, with the integrator's rights, for stories in which Callcard itself acts
   */
  play(lab: Lab, listener: LabAmi): Promise<void>;
};

/** A truth with the parts most stories share filled in: an inbound call from the first customer. */
export function truth(parts: Partial<CallTruth>): CallTruth {
  return {
    direction: "inbound",
    party: customer,
    fromExtension: "",
    visits: [],
    rings: [],
    talks: [],
    transfers: [],
    held: false,
    endedHow: "completed",
    ...parts,
  };
}

/** Invented callers. */
export const customer = "+79130000001";
export const secondCustomer = "+79130000002";

/** Lets a little time pass, so that one thing is clearly after another. */
export function pause(ms = 300): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}
