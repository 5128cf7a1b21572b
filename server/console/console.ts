/**
 * The supervisors' live view of the queues: one picture for everybody who looks, at most four times a second and only when it
 * changed; why somebody stands where they stand; how another policy would reorder the people waiting now; moves by hand.
 *
 * While nobody looks nothing is computed.
 */
import type { Pbxs } from "../asterisk/pbxs.ts";
import type { LiveCalls, LiveQueueView } from "../calls/live.ts";
import { recordAudit } from "../people/audit.ts";
import type { Policy } from "../priority/model.ts";
import type { History } from "../priority/order.ts";
import type { Checked } from "../priority/rest.ts";
import type { Verdicts } from "../priority/verdicts.ts";
import type { Database } from "../storage/database.ts";
import { type CallerKnown, type WantedPlace, pbxOf, queueOf } from "./picture.ts";
import { previewOf } from "./preview.ts";
import type { ConsolePicture, ConsoleQueue, PreviewQueue, WhyPlaced } from "./protocol.ts";
import { ConsoleRefusal } from "./refusal.ts";

/** What the console asks of the steward. */
export interface ConsoleSteward {
  /** Why callers of a queue are not moved, "" when they are. */
  notMoved(pbx: string, queue: string): ConsoleQueue["notMoved"];
  /** Where each caller of a queue should stand now, by channel id. */
  wanted(pbx: string, queue: string): ReadonlyMap<string, WantedPlace>;
  /** What happened in the queue so far, for orders under other policies. */
  history(pbx: string, queue: string): History;
  /** Why a caller stands where they stand; null for who does not wait there. `titleOf` names the others by their call. */
  why(
    pbx: string,
    queue: string,
    callId: string,
    titleOf: (callId: string) => string,
  ): WhyPlaced | null;
  /** Puts a caller to a place until they are answered, 0 gives them back to the policy. @throws AmiError, AskRefused, NobodyAnswers. */
  moveByHand(move: MoveByHand & { readonly by: string }): Promise<void>;
  /** Told when what is wanted changed without anything else having changed. */
  onChange(listener: () => void): () => void;
}

/** A move by hand. */
export type MoveByHand = {
  readonly pbx: string;
  readonly queue: string;
  readonly channelId: string;
  /** From 1; 0 gives the caller back to the policy. */
  readonly position: number;
};

/** Everything a console is made of. */
export type ConsoleOptions = {
  readonly calls: Pick<LiveCalls, "call" | "queues" | "onFact" | "onQueues">;
  readonly pbxs: Pbxs;
  readonly verdicts: Pick<Verdicts, "of" | "subjectOf" | "person" | "onVerdict">;
  readonly steward: ConsoleSteward;
  readonly policies: {
    published(): { readonly version: number };
    onPublished(listener: () => void): () => void;
  };
  /** The draft's check, against what exists now. */
  readonly checkPolicy: (policy: unknown) => Promise<Checked & { readonly policy: Policy | null }>;
  readonly db: Database;
  /** Whether processes do not hear each other now; default: there is but one. */
  readonly apart?: () => boolean;
  readonly now?: () => number;
};

/** Somebody who looks. Must not throw. */
export type Viewer = { picture(picture: ConsolePicture): void };

const LEAST_BETWEEN_MS = 250;
/** Changes of one moment go into one picture. */
const GATHER_MS = 20;
/** Claims grow by themselves: what nobody told of is seen this often. */
const LOOK_AGAIN_MS = 1000;

/** One process's console. Listens from its making until {@link close}. */
export class Console {
  readonly #options: ConsoleOptions;
  readonly #now: () => number;
  readonly #viewers = new Set<Viewer>();
  readonly #releases: (() => void)[] = [];
  #last: ConsolePicture | null = null;
  /** The last picture without its time. */
  #lastText = "";
  #lastAtMs = -Infinity;
  #changed = true;
  #timer: NodeJS.Timeout | null = null;
  #heartbeat: NodeJS.Timeout | null = null;
  #composed = 0;
  #sent = 0;

  constructor(options: ConsoleOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.timeOrigin + performance.now());
    const touch = () => this.#touch();
    const { calls, pbxs, policies, steward, verdicts } = options;
    this.#releases.push(
      calls.onQueues(touch),
      calls.onFact(({ type }) => {
        if (type === "ringStarted" || type === "ringEnded" || type === "merged") touch();
      }),
      verdicts.onVerdict(touch),
      policies.onPublished(touch),
      steward.onChange(touch),
    );
    const stopFollowing = pbxs.each((pbx) => {
      const release = pbx.onStatus(touch);
      touch();
      return () => {
        release();
        touch();
      };
    });
    this.#releases.push(() => void stopFollowing());
  }

  /** Somebody looks from now on and gets a picture at once. @returns how they leave. */
  attach(viewer: Viewer): () => void {
    this.#viewers.add(viewer);
    this.#heartbeat ??= setInterval(() => this.#touch(), LOOK_AGAIN_MS).unref();
    const last = this.#last;
    if (last !== null && this.#now() - this.#lastAtMs < LEAST_BETWEEN_MS) {
      viewer.picture(last);
      this.#touch();
    } else if (!this.#look() && this.#last !== null) viewer.picture(this.#last);
    return () => {
      this.#viewers.delete(viewer);
      if (this.#viewers.size > 0) return;
      if (this.#timer !== null) clearTimeout(this.#timer);
      if (this.#heartbeat !== null) clearInterval(this.#heartbeat);
      this.#timer = null;
      this.#heartbeat = null;
    };
  }

  /** The picture as it is now. */
  picture(): ConsolePicture {
    const { apart = () => false, calls, pbxs, policies, steward } = this.#options;
    this.#composed += 1;
    return {
      serverTimeMs: this.#now(),
      policyVersion: policies.published().version,
      apart: apart(),
      pbxs: pbxs.all().map((pbx) => pbxOf(pbx.status())),
      queues: pbxs
        .all()
        .flatMap(({ name: pbx }) =>
          calls
            .queues(pbx)
            .map((queue) =>
              queueOf(
                pbx,
                queue,
                steward.notMoved(pbx, queue.name),
                (callId) => this.#known(callId, queue.name),
                queue.callers.length === 0 ? NOWHERE : steward.wanted(pbx, queue.name),
              ),
            ),
        ),
    };
  }

  /** Why a caller stands where they stand. @throws ConsoleRefusal `notFound`, `gone`. */
  why(callId: string, queue: string): WhyPlaced {
    const { calls, steward, verdicts } = this.#options;
    for (const [pbx, found] of this.#queuesNamed(queue)) {
      if (!found.callers.some((caller) => caller.callId === callId)) continue;
      const titleOf = (id: string) => verdicts.person(id)?.title ?? "";
      const why = steward.why(pbx, queue, callId, titleOf);
      if (why !== null) return why;
    }
    if (calls.call(callId) === undefined)
      throw new ConsoleRefusal("notFound", "callId: there is no such call now");
    throw new ConsoleRefusal("gone", `callId: this call does not wait in ${queue}`);
  }

  /** How the people waiting now would stand under another policy. @throws ConsoleRefusal `invalid`. */
  async preview(unchecked: unknown): Promise<readonly PreviewQueue[]> {
    const { problems, policy } = await this.#options.checkPolicy(unchecked);
    const [problem] = problems;
    if (policy === null || problem !== undefined)
      throw new ConsoleRefusal(
        "invalid",
        `policy${problem?.path ?? ""}: ${problem?.message ?? "not a policy"}`,
      );
    const { calls, pbxs, steward, verdicts } = this.#options;
    const nowMs = this.#now();
    return pbxs.all().flatMap(({ name: pbx }) =>
      calls
        .queues(pbx)
        .filter((queue) => queue.callers.length > 0)
        .map((queue) => {
          const history = steward.history(pbx, queue.name);
          const isOrderedNow = steward.notMoved(pbx, queue.name) === "";
          return previewOf(pbx, queue, policy, nowMs, history, isOrderedNow, (callId) => ({
            subject: verdicts.subjectOf(callId, queue.name),
            person: verdicts.person(callId),
            ringing: this.#isRinging(callId, queue.name),
          }));
        }),
    );
  }

  /**
   * Puts one caller to a place by hand. A move that was made stands in the audit, and one that could not be written there is
   * not made. @throws ConsoleRefusal, AmiError, the database's errors.
   */
  async move(move: MoveByHand, by: string): Promise<void> {
    const { calls, db, pbxs, steward, verdicts } = this.#options;
    const pbx = pbxs.get(move.pbx);
    if (pbx === undefined)
      throw new ConsoleRefusal("notFound", `pbx: there is no PBX ${JSON.stringify(move.pbx)}`);
    const queue = calls.queues(move.pbx).find(({ name }) => name === move.queue);
    if (queue === undefined)
      throw new ConsoleRefusal(
        "notFound",
        `queue: there is no queue ${JSON.stringify(move.queue)}`,
      );
    const { capabilities, state } = pbx.status();
    if (state !== "up") throw new ConsoleRefusal("pbxDown", `The PBX ${move.pbx} is not connected`);
    if (!capabilities.immediatePriority)
      throw new ConsoleRefusal(
        "notPossible",
        `Asterisk ${capabilities.version} cannot move a waiting caller`,
      );
    const caller = queue.callers.find(({ channelId }) => channelId === move.channelId);
    if (caller === undefined)
      throw new ConsoleRefusal("gone", `channelId: nobody waits in ${move.queue} on this channel`);
    if (this.#isRinging(caller.callId, move.queue))
      throw new ConsoleRefusal("notPossible", "channelId: a phone already rings for this caller");
    const { customerId = null } = verdicts.person(caller.callId) ?? {};
    await db.transaction().execute(async (tx) => {
      await recordAudit(tx, {
        actor: by,
        action: "priority.moved",
        detail: {
          pbx: move.pbx,
          queue: move.queue,
          callId: caller.callId,
          customerId,
          from: caller.position,
          to: move.position,
        },
      });
      await steward.moveByHand({ ...move, by });
    });
    this.#touch();
  }

  /** Pictures composed and sent so far, and who looks now. */
  counters(): { readonly composed: number; readonly sent: number; readonly viewers: number } {
    return { composed: this.#composed, sent: this.#sent, viewers: this.#viewers.size };
  }

  /** Stops listening and all timers; may be called twice. */
  close(): void {
    for (const release of this.#releases.splice(0)) release();
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#heartbeat !== null) clearInterval(this.#heartbeat);
    this.#timer = null;
    this.#heartbeat = null;
    this.#viewers.clear();
  }

  #touch(): void {
    this.#changed = true;
    if (this.#viewers.size === 0 || this.#timer !== null) return;
    const sinceMs = this.#now() - this.#lastAtMs;
    this.#timer = setTimeout(
      () => {
        this.#timer = null;
        if (this.#changed) this.#look();
      },
      Math.min(LEAST_BETWEEN_MS, Math.max(GATHER_MS, LEAST_BETWEEN_MS - sinceMs)),
    );
    this.#timer.unref();
  }

  /** Composes a picture and sends it when it is another one. @returns true when it was sent. */
  #look(): boolean {
    this.#changed = false;
    const picture = this.picture();
    this.#lastAtMs = this.#now();
    const text = JSON.stringify({ ...picture, serverTimeMs: 0 });
    if (text === this.#lastText) return false;
    this.#lastText = text;
    this.#last = picture;
    this.#sent += this.#viewers.size;
    for (const viewer of this.#viewers) viewer.picture(picture);
    return true;
  }

  #known(callId: string, queue: string): CallerKnown {
    const { verdicts } = this.#options;
    return {
      person: verdicts.person(callId),
      verdict: verdicts.of(callId, queue),
      ringing: this.#isRinging(callId, queue),
    };
  }

  #isRinging(callId: string, queue: string): boolean {
    const call = this.#options.calls.call(callId);
    return call?.rings.some((ring) => ring.endedAtMs === null && ring.queue === queue) ?? false;
  }

  #queuesNamed(name: string): readonly (readonly [string, LiveQueueView])[] {
    return this.#options.pbxs.all().flatMap(({ name: pbx }) =>
      this.#options.calls
        .queues(pbx)
        .filter((queue) => queue.name === name)
        .map((queue) => [pbx, queue] as const),
    );
  }
}

const NOWHERE: ReadonlyMap<string, WantedPlace> = new Map();
