/**
 * The published policy, in memory and at hand at once, and how it is changed: a draft is saved, published, rolled back.
 *
 * Another process that publishes says so on the bus; who misses that finds out within half a minute.
 */
import { isDeepStrictEqual } from "node:util";
import { recordAudit } from "../people/audit.ts";
import type { Bus } from "../storage/bus.ts";
import type { Database } from "../storage/database.ts";
import { checkPolicy, readPolicy } from "./check.ts";
import {
  type StoredVersion,
  findDraft,
  findVersion,
  insertVersion,
  listVersions,
  lockPolicies,
  newestVersion,
  writeDraft,
} from "./policy-store.ts";
import { plainPolicy } from "./ready-policies.ts";
import type {
  Checked,
  DraftBody,
  Problem,
  PublishedBody,
  VersionBody,
  Vocabulary,
} from "./rest.ts";

/** What policies need of the rest. */
export type PoliciesOptions = {
  readonly db: Database;
  readonly bus: Pick<Bus, "publish" | "on">;
  /** What rules may name, for the check before anything is published. */
  readonly vocabulary: () => Promise<Vocabulary>;
  /** Of the plain order that holds before anything was published; default this machine's. */
  readonly timeZone?: string;
  /** How often to look whether another process published; default 30 s. */
  readonly lookMs?: number;
  /** A look that failed, a listener that threw, a stored policy that cannot be read. */
  readonly onError: (error: unknown) => void;
};

/** A change that cannot be made; `message` is for the person. */
export class PolicyError extends Error {
  readonly code: "changedMeanwhile" | "refused" | "nothingToPublish" | "noSuchVersion";
  /** With `refused`: why. */
  readonly checked: Checked;
  constructor(
    code: PolicyError["code"],
    message: string,
    checked: Checked = { problems: [], warnings: [] },
  ) {
    super(message);
    this.name = "PolicyError";
    this.code = code;
    this.checked = checked;
  }
}

/** The policy that holds in this process. */
export class Policies {
  readonly #db: Database;
  readonly #bus: PoliciesOptions["bus"];
  readonly #vocabulary: PoliciesOptions["vocabulary"];
  readonly #onError: PoliciesOptions["onError"];
  readonly #plain: PublishedBody;
  readonly #listeners = new Set<(published: PublishedBody) => void>();
  readonly #stopHearing: () => void;
  readonly #timer: NodeJS.Timeout;
  #published: PublishedBody;

  constructor(options: PoliciesOptions) {
    this.#db = options.db;
    this.#bus = options.bus;
    this.#vocabulary = options.vocabulary;
    this.#onError = options.onError;
    const policy = plainPolicy(options.timeZone ?? machineZone());
    this.#plain = { version: 0, publishedAt: null, publishedBy: "", note: "", policy };
    this.#published = this.#plain;
    const stops = [
      options.bus.on("policyPublished", ({ version }) => {
        if (version > this.#published.version) this.#look();
      }),
      options.bus.on("hintsLost", () => this.#look()),
    ];
    this.#stopHearing = () => stops.forEach((stop) => stop());
    this.#timer = setInterval(() => this.#look(), options.lookMs ?? 30_000).unref();
  }

  /** The policy that holds now. */
  published(): PublishedBody {
    return this.#published;
  }

  /** Calls `listener` after another policy came into force. @returns how to stop. */
  onPublished(listener: (published: PublishedBody) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Reads the newest version; call it once before the others are served. */
  async load(): Promise<void> {
    const newest = await newestVersion(this.#db);
    if (newest !== null) this.#take(newest);
  }

  /** What is being worked on, checked; the published policy when nobody changed anything. */
  async draft(): Promise<DraftBody> {
    const [stored, newest] = await Promise.all([findDraft(this.#db), newestVersion(this.#db)]);
    const published = newest === null ? this.#plain : bodyOf(newest);
    const draft = stored ?? {
      policy: published.policy,
      revision: 0,
      baseVersion: published.version,
    };
    const { problems, warnings } = await this.check(draft.policy);
    return {
      policy: draft.policy,
      revision: draft.revision,
      baseVersion: draft.baseVersion,
      updatedAt: stored?.updatedAt.toISOString() ?? null,
      updatedBy: stored?.updatedBy ?? "",
      changed: !isDeepStrictEqual(draft.policy, published.policy),
      problems,
      warnings,
    };
  }

  /**
   * Keeps a draft; its values may still be wrong, its shape may not.
   * @throws PolicyError `changedMeanwhile` when somebody else saved since `revision`, `refused` when it is no policy.
   */
  async saveDraft(input: {
    readonly policy: unknown;
    readonly revision: number;
    readonly by: string;
  }): Promise<DraftBody> {
    const { policy, problems } = readPolicy(input.policy);
    if (policy === null) throw refusal("This is not a policy", { problems, warnings: [] });
    await this.#alone(async (db) => {
      const stored = await findDraft(db);
      expectRevision(stored?.revision ?? 0, input.revision, stored?.updatedBy ?? "");
      const baseVersion = stored?.baseVersion ?? (await newestVersion(db))?.version ?? 0;
      await writeDraft(db, {
        ...{ policy, baseVersion },
        ...{ revision: input.revision + 1, updatedBy: input.by },
      });
    });
    return this.draft();
  }

  /**
   * The draft becomes the policy.
   * @throws PolicyError `changedMeanwhile`, `nothingToPublish`, or `refused` with the problems.
   */
  async publish(input: {
    readonly revision: number;
    readonly note: string;
    readonly by: string;
  }): Promise<PublishedBody> {
    // Read before the transaction: it may take a while, and others wait for the lock.
    const vocabulary = await this.#vocabulary();
    const version = await this.#alone(async (db) => {
      const [stored, newest] = [await findDraft(db), await newestVersion(db)];
      expectRevision(stored?.revision ?? 0, input.revision, stored?.updatedBy ?? "");
      const published = newest?.policy ?? this.#plain.policy;
      if (stored === null || isDeepStrictEqual(stored.policy, published))
        throw new PolicyError("nothingToPublish", "The draft is the same as the published policy");
      const checked = checkPolicy(stored.policy, vocabulary);
      if (checked.policy === null) throw refusal("The policy has problems", checked);
      const next = await insertVersion(db, {
        version: (newest?.version ?? 0) + 1,
        policy: checked.policy,
        ...{ note: input.note, publishedBy: input.by, rolledBackTo: null },
      });
      await writeDraft(db, {
        policy: next.policy,
        revision: stored.revision + 1,
        baseVersion: next.version,
        updatedBy: input.by,
      });
      await recordAudit(db, {
        actor: input.by,
        action: "policy.published",
        detail: { version: next.version, note: input.note, rules: next.policy.rules.length },
      });
      return next;
    });
    return this.#announce(version);
  }

  /**
   * An earlier version holds again, as a new version; version 0 is the plain order. It was good once, so names that are gone
   * meanwhile do not stop it. A draft that somebody changed stays as it is.
   * @throws PolicyError `noSuchVersion`, or `nothingToPublish` when it is what holds already.
   */
  async rollBack(input: { readonly version: number; readonly by: string }): Promise<PublishedBody> {
    const version = await this.#alone(async (db) => {
      const newest = await newestVersion(db);
      const wanted = input.version === 0 ? this.#plain : await findVersion(db, input.version);
      if (wanted === null)
        throw new PolicyError("noSuchVersion", `There is no version ${input.version}`);
      const published = newest?.policy ?? this.#plain.policy;
      if (isDeepStrictEqual(wanted.policy, published))
        throw new PolicyError("nothingToPublish", `Version ${input.version} is what holds now`);
      const next = await insertVersion(db, {
        version: (newest?.version ?? 0) + 1,
        policy: wanted.policy,
        ...{ note: "", publishedBy: input.by, rolledBackTo: input.version },
      });
      const draft = await findDraft(db);
      if (draft !== null && isDeepStrictEqual(draft.policy, published)) {
        await writeDraft(db, {
          policy: next.policy,
          revision: draft.revision + 1,
          baseVersion: next.version,
          updatedBy: input.by,
        });
      }
      await recordAudit(db, {
        actor: input.by,
        action: "policy.rolledBack",
        detail: { version: next.version, to: input.version },
      });
      return next;
    });
    return this.#announce(version);
  }

  /** Newest first. */
  async versions(page: {
    readonly limit: number;
    readonly before?: number | undefined;
  }): Promise<readonly VersionBody[]> {
    return (await listVersions(this.#db, page)).map(bodyOf);
  }

  /** One version, or null. */
  async version(version: number): Promise<VersionBody | null> {
    const found = await findVersion(this.#db, version);
    return found === null ? null : bodyOf(found);
  }

  /** What would be said if this were published. */
  async check(policy: unknown): Promise<Checked> {
    const { problems, warnings } = checkPolicy(policy, await this.#vocabulary());
    return { problems, warnings };
  }

  close(): void {
    clearInterval(this.#timer);
    this.#stopHearing();
    this.#listeners.clear();
  }

  #look(): void {
    this.load().catch(this.#onError);
  }

  #alone<T>(deed: (db: Database) => Promise<T>): Promise<T> {
    return this.#db.transaction().execute(async (db) => {
      await lockPolicies(db);
      return deed(db);
    });
  }

  #announce(version: StoredVersion): PublishedBody {
    this.#take(version);
    this.#bus.publish("policyPublished", { version: version.version });
    return bodyOf(version);
  }

  #take(version: StoredVersion): void {
    // Two looks may answer in either order; versions only go up.
    if (version.version <= this.#published.version) return;
    const { policy, problems } = readPolicy(version.policy);
    if (policy === null) {
      // Written by a later Callcard. What held so far is better than a guess.
      this.#onError(new Error(`policy version ${version.version}: ${wordsOf(problems)}`));
      return;
    }
    this.#published = bodyOf(version);
    for (const listener of this.#listeners) {
      try {
        listener(this.#published);
      } catch (error) {
        this.#onError(error);
      }
    }
  }
}

function expectRevision(actual: number, expected: number, by: string): void {
  if (actual === expected) return;
  const who = by === "" ? "somebody" : by;
  const words = `The draft was changed meanwhile by ${who}: it is at revision ${actual}, not ${expected}`;
  throw new PolicyError("changedMeanwhile", words);
}

function refusal(words: string, checked: Checked): PolicyError {
  return new PolicyError("refused", `${words}: ${wordsOf(checked.problems)}`, checked);
}

function wordsOf(problems: readonly Problem[]): string {
  const first = problems[0];
  return first === undefined ? "" : `${first.path || "/"}: ${first.message}`;
}

function bodyOf(version: StoredVersion): VersionBody {
  return { ...version, publishedAt: version.publishedAt.toISOString() };
}

function machineZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}
