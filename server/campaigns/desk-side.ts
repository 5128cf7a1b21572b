/**
 * Campaigns as operators' screens see them: what a call is about, whom one is asked to call, and what was said afterwards.
 *
 * What a call is about is in memory before it is dialled; of calls that another process dialled, or this one before it was restarted, it is
 * read when they are first seen.
 */
import { LRUCache } from "lru-cache";
import type { DeskCampaigns, Preview, SaidOfCall, SkipReason } from "../desk/ports.ts";
import type { DeskCampaign } from "../desk/protocol.ts";
import { Refusal } from "../desk/replies.ts";
import type { Database } from "../storage/database.ts";
import type { ClaimedAttempt } from "./attempts/model.ts";
import { isAttemptId } from "./attempts/rows.ts";
import { takeSaid } from "./attempts/said.ts";
import { readDeskCampaigns, recentAttempts } from "./desk-campaign.ts";
import type { Dialler } from "./dialler/dialler.ts";
import type { Offer } from "./dialler/previews.ts";
import type { DiallerLog } from "./dialler/writer.ts";
import { type SharedOffer, SharedOffers, type SharedOffersOptions } from "./shared-offers.ts";
import { clockOf, stretchAt } from "./zone-days.ts";

export type DeskSideOptions = {
  readonly db: Database;
  /** The live call model: calls that were not dialled here. */
  readonly calls: {
    onFact(listener: (fact: { readonly call: { readonly id: string } }) => void): () => void;
  };
  readonly log: DiallerLog;
  readonly now?: () => number;
};

/** So long a call may be wrapped up. */
const KEPT_MS = 12 * 3_600_000;
const MOST_KEPT = 50_000;
/** A call that could not be looked up is tried again when something happens to it, but not sooner. */
const AGAIN_MS = 2000;

export class DeskSide implements DeskCampaigns {
  readonly #options: DeskSideOptions;
  readonly #now: () => number;
  readonly #known = new LRUCache<string, DeskCampaign>({ max: MOST_KEPT, ttl: KEPT_MS });
  /** Calls that are being looked up, or were in vain. */
  readonly #asked = new LRUCache<string, true>({ max: 1000, ttl: AGAIN_MS });
  readonly #callListeners = new Set<(callId: string) => void>();
  readonly #previewListeners = new Set<(userId: string, preview: Preview | null) => void>();
  readonly #releases: (() => void)[] = [];
  readonly #diallers = new Set<Dialler>();
  #shared: SharedOffers | null = null;
  #opened = false;

  constructor(options: DeskSideOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.timeOrigin + performance.now());
  }

  /** What other processes offer is shown too, from now on. */
  share(options: Omit<SharedOffersOptions, "show">): void {
    const shared = new SharedOffers({
      ...options,
      show: (pbx, userId, offer) => void this.#showShared(pbx, userId, offer),
    });
    this.#shared = shared;
    this.#releases.push(() => shared.close());
  }

  /** Begins to listen, and reads what may still have to be wrapped up. Never fails: without PostgreSQL it is read call by call. */
  async open(): Promise<void> {
    this.#opened = true;
    this.#releases.push(this.#options.calls.onFact(({ call }) => this.#seen(call.id)));
    await this.#readRecent([...this.#diallers].map(({ pbx }) => pbx));
  }

  /** Shows what this dialler offers. @returns how to show it no more. */
  follow(dialler: Dialler): () => void {
    this.#diallers.add(dialler);
    const release = dialler.onPreview(
      (userId, offer) => void this.#offered(dialler, userId, offer),
    );
    const shareNoMore = this.#shared?.follow(dialler);
    if (this.#opened) void this.#readRecent([dialler.pbx]);
    return () => {
      release();
      shareNoMore?.();
      this.#diallers.delete(dialler);
    };
  }

  close(): void {
    for (const release of this.#releases.splice(0)) release();
  }

  /** Reads what a call will be about before it is dialled or offered. Fails when PostgreSQL does: nothing is dialled then. */
  async prepare(pbx: string, attempt: Pick<ClaimedAttempt, "id">): Promise<DeskCampaign | null> {
    const campaign = (await readDeskCampaigns(this.#options.db, [attempt.id])).get(attempt.id);
    if (campaign === undefined) return null;
    this.#know(`${pbx}-${attempt.id}`, campaign);
    return campaign;
  }

  ofCall(callId: string): DeskCampaign | null {
    return this.#known.get(callId) ?? null;
  }

  onCall(listener: (callId: string) => void): () => void {
    this.#callListeners.add(listener);
    return () => void this.#callListeners.delete(listener);
  }

  onPreview(listener: (userId: string, preview: Preview | null) => void): () => void {
    this.#previewListeners.add(listener);
    return () => void this.#previewListeners.delete(listener);
  }

  async call(userId: string, attemptId: string): Promise<void> {
    await this.#offering(userId, attemptId).call(userId, attemptId);
  }

  async skip(userId: string, attemptId: string, reason: SkipReason): Promise<void> {
    await this.#offering(userId, attemptId).skip(userId, attemptId, reason);
  }

  async wrapUp(trx: Database, said: SaidOfCall): Promise<void> {
    const attemptId = attemptIdOf(said.callId);
    if (attemptId === null) throw new Refusal("invalid", "callId: no campaign made this call");
    const campaign =
      this.ofCall(said.callId) ?? (await readDeskCampaigns(trx, [attemptId])).get(attemptId);
    const disposition = campaign?.dispositions.find(({ code }) => code === said.disposition);
    if (disposition === undefined)
      throw new Refusal("invalid", "disposition: the campaign does not have this code");
    const nowMs = this.#now();
    const asksForTime = disposition.effect === "callBack";
    const callBackAtMs = asksForTime ? callBackTime(said, nowMs) : null;
    const { login } = await trx
      .selectFrom("users")
      .select("login")
      .where("id", "=", said.userId)
      .executeTakeFirstOrThrow();
    const isTaken = await takeSaid(
      trx,
      {
        ...{ attemptId, code: disposition.code, effect: disposition.effect, note: said.note },
        ...{ by: login, callBackAtMs },
        callBackUserId: asksForTime && said.callBack?.toMe === true ? said.userId : null,
      },
      nowMs,
    );
    if (!isTaken) throw new Refusal("invalid", "callId: its campaign is not known any more");
  }

  async #readRecent(pbxs: readonly string[]): Promise<void> {
    const { db, log } = this.#options;
    try {
      const ids = await recentAttempts(db, this.#now() - KEPT_MS);
      for (const [id, campaign] of await readDeskCampaigns(db, ids))
        for (const pbx of pbxs) this.#know(`${pbx}-${id}`, campaign);
    } catch (error) {
      log.warn({ err: error }, "campaigns of earlier calls could not be read");
    }
  }

  /** Whoever offers it: a dialler here, or the others by way of a question. */
  #offering(userId: string, attemptId: string): Pick<Dialler, "call" | "skip"> {
    const dialler = [...this.#diallers].find((each) => each.hasOffer(userId, attemptId));
    const offering = dialler ?? this.#shared;
    if (!offering) throw new Refusal("gone", "attemptId: this offer is over");
    return offering;
  }

  async #showShared(pbx: string, userId: string, offer: SharedOffer | null): Promise<void> {
    if (offer === null) {
      this.#tellPreview(userId, null);
      return;
    }
    const { attemptId } = offer;
    try {
      const campaign = await this.prepare(pbx, { id: attemptId });
      if (campaign !== null && this.#shared?.has(userId, attemptId) === true)
        this.#tellPreview(userId, { ...offer, pbx, campaign });
    } catch (error) {
      // Their operator sees it as soon as the list is said again.
      this.#shared?.notShown(pbx, userId);
      this.#options.log.warn({ err: error, attemptId }, "another's offer could not be shown");
    }
  }

  async #offered(dialler: Dialler, userId: string, offer: Offer | null): Promise<void> {
    if (offer === null) {
      this.#tellPreview(userId, null);
      return;
    }
    const { attempt, dialledAtMs, offeredAtMs } = offer;
    const { id: attemptId, phone, customerId } = attempt;
    try {
      const campaign = await this.prepare(dialler.pbx, attempt);
      // The offer may be over by now; its end was told already.
      if (campaign === null || !dialler.hasOffer(userId, attemptId)) return;
      this.#tellPreview(userId, {
        ...{ attemptId, campaign, phone, customerId, offeredAtMs, dialledAtMs },
        pbx: dialler.pbx,
      });
    } catch (error) {
      this.#options.log.warn({ err: error, attemptId }, "an offer could not be shown");
      // Nobody is called unseen.
      dialler.takeBack(userId, attemptId);
    }
  }

  #tellPreview(userId: string, preview: Preview | null): void {
    for (const listener of this.#previewListeners) listener(userId, preview);
  }

  #seen(callId: string): void {
    const attemptId = attemptIdOf(callId);
    if (attemptId === null || this.#known.has(callId) || this.#asked.has(callId)) return;
    this.#asked.set(callId, true);
    void this.#lookUp(callId, attemptId);
  }

  async #lookUp(callId: string, attemptId: string): Promise<void> {
    try {
      const found = (await readDeskCampaigns(this.#options.db, [attemptId])).get(attemptId);
      if (found !== undefined) this.#know(callId, found);
    } catch (error) {
      this.#options.log.warn({ err: error, callId }, "what a call is about could not be read");
    }
  }

  #know(callId: string, campaign: DeskCampaign): void {
    this.#known.set(callId, campaign);
    for (const listener of this.#callListeners) listener(callId);
  }
}

/** The attempt of a call that a campaign made (`<pbx>-<attempt id>`); null for every other call. */
export function attemptIdOf(callId: string): string | null {
  const at = callId.lastIndexOf("-cc-");
  const id = callId.slice(at + 1);
  return at > 0 && isAttemptId(id) ? id : null;
}

/** @throws Refusal `invalid` without a time, in an unknown zone, or in the past. */
function callBackTime({ callBack }: SaidOfCall, nowMs: number): number {
  if (callBack === null)
    throw new Refusal("invalid", "callBack: this disposition asks for a time to call back");
  const atMs = momentOf(callBack.at, callBack.timeZone);
  if (atMs === null) throw new Refusal("invalid", "callBack: no such time in this zone");
  if (atMs <= nowMs) throw new Refusal("invalid", "callBack.at: lies in the past");
  return atMs;
}

/**
 * When a zone's wall shows a time; epoch ms. A time that a clock jumps over is as much later as it jumps, of one that comes twice the first
 * counts. Null for an unknown zone or what is no time.
 * @param wall `2026-11-23T15:00`
 */
export function momentOf(wall: string, timeZone: string): number | null {
  const clock = clockOf(timeZone);
  const wallMs = /^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(wall) ? Date.parse(`${wall}:00Z`) : Number.NaN;
  if (clock === null || Number.isNaN(wallMs)) return null;
  const dayMs = 86_400_000;
  // No change of clocks is near a day before and after but the one that may matter.
  const before = stretchAt(clock, wallMs - dayMs).offsetMs;
  const after = stretchAt(clock, wallMs + dayMs).offsetMs;
  const early = wallMs - Math.max(before, after);
  const late = wallMs - Math.min(before, after);
  const isRight = (atMs: number) => atMs + stretchAt(clock, atMs).offsetMs === wallMs;
  if (isRight(early)) return early;
  return isRight(late) ? late : wallMs - before;
}
