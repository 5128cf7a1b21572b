/**
 * Keeps the queue of preferred operators right on every PBX: at the start, after a reconnect, when operators sit down, stand up, take a
 * pause or change queues. Everything it must know again after a restart, or when it takes over from another process, stands in the queue
 * itself. Only the process that holds a PBX's lease acts.
 */
import { type Pbx, AmiError, type QueueMember } from "../asterisk/model.ts";
import type { Pbxs } from "../asterisk/pbxs.ts";
import { PREFERRED_QUEUE } from "../asterisk/preferred-queue.ts";
import type { Lease } from "../storage/lease.ts";
import type { PreferredSeat } from "./caller-answer.ts";
import { type PreferredDeed, type Sitting, planPreferred, reachable } from "./preferred-plan.ts";

/** What the live call model answers. */
export interface PreferredCalls {
  onQueues(listener: (pbx: string) => void): () => void;
  /** Of the queue of preferred operators; null when this PBX has none: then nobody is preferred there. */
  preferredMembers(pbx: string): readonly QueueMember[] | null;
  /** With their memberships of all other queues. */
  extensions(
    pbx: string,
  ): readonly { readonly extension: string; readonly members: readonly QueueMember[] }[];
}

export type PreferredOptions = {
  readonly pbxs: Pbxs;
  readonly calls: PreferredCalls;
  /** Who holds a PBX's acts there. */
  readonly leaseOf: (pbx: string) => Lease;
  /** Who sits where, on all PBXs, whichever process their screen is at. */
  readonly sitting: () => Iterable<Sitting>;
  readonly log: {
    info(fields: object, message: string): void;
    warn(fields: object, message: string): void;
  };
  /** Changes are looked at together after this long; default 200. */
  readonly gatherMs?: number;
  /** How often everything is looked at without a change, default 15 s: who sits where is not told by the PBX. */
  readonly everyMs?: number;
};

type Followed = {
  readonly pbx: Pbx;
  readonly lease: Lease;
  timer: NodeJS.Timeout | null;
  working: boolean;
  /** The last refusal, told once. */
  trouble: string;
};

/** The keeper. {@link open} begins, {@link close} ends; members stay where they are. */
export class PreferredOperators {
  readonly #options: PreferredOptions;
  readonly #followed = new Map<string, Followed>();
  readonly #releases: (() => void)[] = [];
  #every: NodeJS.Timeout | null = null;

  constructor(options: PreferredOptions) {
    this.#options = options;
  }

  open(): void {
    if (this.#every !== null) return;
    this.#releases.push(this.#options.calls.onQueues((pbx) => this.#look(pbx)));
    this.#every = setInterval(() => this.seatsChanged(), this.#options.everyMs ?? 15_000);
    this.#every.unref();
    const stopFollowing = this.#options.pbxs.each((pbx) => this.#follow(pbx));
    this.#releases.push(() => void stopFollowing());
  }

  #follow(pbx: Pbx): () => void {
    const lease = this.#options.leaseOf(pbx.name);
    const followed: Followed = { pbx, lease, timer: null, working: false, trouble: "" };
    this.#followed.set(pbx.name, followed);
    const releases = [
      pbx.onStatus(() => this.#look(pbx.name)),
      lease.onChange(() => this.#look(pbx.name)),
    ];
    this.#look(pbx.name);
    return () => {
      for (const release of releases) release();
      if (followed.timer !== null) clearTimeout(followed.timer);
      followed.timer = null;
      if (this.#followed.get(pbx.name) === followed) this.#followed.delete(pbx.name);
    };
  }

  close(): void {
    for (const release of this.#releases.splice(0)) release();
    if (this.#every !== null) clearInterval(this.#every);
    this.#every = null;
  }

  /** Somebody sat down or stood up. */
  seatsChanged(): void {
    for (const name of this.#followed.keys()) this.#look(name);
  }

  /** Where a PBX's dialplan reaches an operator now; null when it cannot. */
  seatOf(pbx: string, login: string): PreferredSeat | null {
    const followed = this.#followed.get(pbx);
    if (followed?.pbx.status().state !== "up") return null;
    const found = reachable(login, this.#options.calls.preferredMembers(pbx) ?? []);
    if (found === null) return null;
    for (const { login: other, pbx: theirs, extension } of this.#options.sitting())
      if (other === login && theirs === pbx)
        return { extension, penalty: found.member.penalty, free: found.free };
    return null;
  }

  #look(pbx: string): void {
    const followed = this.#followed.get(pbx);
    if (followed === undefined || followed.timer !== null || this.#every === null) return;
    followed.timer = setTimeout(() => {
      followed.timer = null;
      // What is under way changes the queue, and that is looked at again.
      if (!followed.working) void this.#putRight(followed);
    }, this.#options.gatherMs ?? 200);
    followed.timer.unref();
  }

  async #putRight(followed: Followed): Promise<void> {
    const { lease, pbx } = followed;
    if (!lease.held()) return;
    const members = this.#options.calls.preferredMembers(pbx.name);
    if (pbx.status().state !== "up" || members === null) return;
    const extensions = new Map(
      this.#options.calls.extensions(pbx.name).map((one) => [one.extension, one.members]),
    );
    const deeds = planPreferred({
      members,
      sitting: [...this.#options.sitting()].filter((seat) => seat.pbx === pbx.name),
      membershipsOf: (extension) => extensions.get(extension) ?? [],
    });
    if (deeds.length === 0) return;
    followed.working = true;
    let done = true;
    try {
      for (const deed of deeds) {
        // Whoever has it now sees what is left to do.
        if (!lease.held()) break;
        done = (await this.#do(followed, deed)) && done;
      }
    } finally {
      followed.working = false;
    }
    // Events of our own deeds, and of what others did meanwhile, may have come while we worked. What was refused is tried at leisure.
    if (done) this.#look(pbx.name);
  }

  /** @returns false when the PBX refused. */
  async #do(followed: Followed, deed: PreferredDeed): Promise<boolean> {
    const { pbx } = followed;
    try {
      await act(pbx, deed);
      this.#options.log.info({ pbx: pbx.name, ...deed }, "preferred operators");
      followed.trouble = "";
      return true;
    } catch (error) {
      if (!(error instanceof AmiError)) throw error;
      // Somebody did the same meanwhile: their event tells.
      if (/already there|not there|not found/i.test(error.message)) return true;
      if (followed.trouble !== error.message)
        this.#options.log.warn(
          { pbx: pbx.name, deed: deed.do, why: error.message },
          "preferred operators",
        );
      followed.trouble = error.message;
      return false;
    }
  }
}

async function act(pbx: Pbx, deed: PreferredDeed): Promise<void> {
  const where = { Queue: PREFERRED_QUEUE, Interface: deed.interface };
  if (deed.do === "remove") await pbx.action("QueueRemove", where);
  else if (deed.do === "penalty")
    await pbx.action("QueuePenalty", { ...where, Penalty: String(deed.penalty) });
  else if (deed.do === "pause")
    await pbx.action("QueuePause", { ...where, Paused: String(deed.paused) });
  else
    await pbx.action("QueueAdd", {
      ...where,
      Penalty: String(deed.penalty),
      Paused: String(deed.paused),
      MemberName: deed.name,
      StateInterface: deed.stateInterface,
    });
}
