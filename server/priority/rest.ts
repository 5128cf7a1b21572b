/** Bodies of `/api/v1/priority/...` as the console's screens use them. The routes' schemas are held to these types. */
import type { Policy } from "./model.ts";

/** Something wrong (the policy is refused) or doubtful (it is taken, and the person told) at a place of a policy. */
export type Problem = {
  /** JSON pointer into the policy, `/rules/2/when/0/in/1`. */
  readonly path: string;
  /** For the screens' dictionaries, `unknownTier`. */
  readonly code: string;
  /** English, plain, with the value that was wrong and what is allowed. */
  readonly message: string;
  /** What the dictionary's sentence needs. */
  readonly values: Readonly<Record<string, string | number>>;
};
export type Checked = {
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
};

/** `GET /api/v1/priority/policy`. Version 0 is the plain order nobody published. */
export type PublishedBody = {
  readonly version: number;
  readonly publishedAt: string | null;
  readonly publishedBy: string;
  readonly note: string;
  readonly policy: Policy;
};
/** `GET` and `PUT /api/v1/priority/draft`; without a draft of its own it is the published policy. `PUT` takes `{ policy, revision }`. */
export type DraftBody = {
  readonly policy: Policy;
  /** Goes up with every save; a `PUT` with another one is refused (409): somebody else saved meanwhile. */
  readonly revision: number;
  readonly baseVersion: number;
  readonly updatedAt: string | null;
  readonly updatedBy: string;
  readonly changed: boolean;
} & Checked;
/** `GET /api/v1/priority/versions`, newest first. `POST /api/v1/priority/publish { revision, note }`, `POST /api/v1/priority/rollback { version }`. */
export type VersionBody = {
  readonly version: number;
  readonly publishedAt: string;
  readonly publishedBy: string;
  readonly note: string;
  /** The version this one brought back, null for a new one. */
  readonly rolledBackTo: number | null;
  readonly policy: Policy;
};
/** `GET /api/v1/priority/ready-policies`. */
export type ReadyPolicy = {
  readonly id: "gentle" | "strict" | "problems";
  readonly policy: Policy;
};
/** `GET /api/v1/priority/vocabulary`: what exists, for the editor's choices and for the check. */
export type Vocabulary = {
  readonly tiers: readonly string[];
  readonly segments: readonly string[];
  readonly queues: readonly string[];
  readonly regions: readonly string[];
  readonly operators: readonly { readonly login: string; readonly name: string }[];
  /** Of most orders, for sums. ISO 4217. */
  readonly currency: string;
  /** Days with recorded queue calls, newest first, for the simulator. */
  readonly recordedDays: readonly { readonly date: string; readonly calls: number }[];
  /** PBXs connected now whose Asterisk cannot move who waits: only joining gives a place there. */
  readonly cannotMove?: readonly PbxVersion[];
};

/** A PBX as its admin knows it, and its Asterisk, `16.30.1`. */
export type PbxVersion = { readonly name: string; readonly version: string };
