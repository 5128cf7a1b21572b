/**
 * Wrap-ups on their way to the database. A draft is written to localStorage at every key and leaves it only when the server
 * has said that PostgreSQL has it; a save without that reply is repeated with the same `draftId` until it comes.
 *
 * Tabs of one user share the drafts through localStorage; each repeats what is pending, which `draftId` makes harmless.
 */
import type { CallingHours } from "../../server/campaigns/model.ts";
import type { CallBack, DeskCall, DeskCampaign } from "../../server/desk/protocol.ts";
import type { WrapUpDraft } from "../../server/desk/work-protocol.ts";
import { newId } from "../shared/ids.ts";
import type { FailureCode } from "./connection.ts";

/** What a campaign asks of a wrap-up; kept with the draft, for when the server does not list the call any more. */
export type CampaignTerms = {
  readonly dispositions: DeskCampaign["dispositions"];
  /** Null: any time will do. */
  readonly hours: CallingHours | null;
  /** Where the person may be. */
  readonly timeZones: readonly string[];
};

/** The terms of a call, null when no campaign made it. */
export function termsOf({ campaign, card }: DeskCall): CampaignTerms | null {
  if (campaign === null) return null;
  const { dispositions, hours = null } = campaign;
  const own = card.customer?.timeZone;
  return { dispositions, hours, timeZones: own ? [own] : card.timeZones };
}

/** True when this way to end asks when to call back. */
export function asksTime(terms: CampaignTerms | null, disposition: string): boolean {
  return terms?.dispositions.find(({ code }) => code === disposition)?.effect === "callBack";
}

/** One call's wrap-up as typed so far. */
export type Draft = {
  readonly draftId: string;
  readonly callId: string;
  readonly disposition: string;
  readonly note: string;
  readonly tags: readonly string[];
  /** `at` and `timeZone` are "" until they are chosen. Kept while another way to end is tried, sent only with one that asks for it. */
  readonly callBack: CallBack | null;
  readonly terms: CampaignTerms | null;
  /** Who it was about, for a call the server does not list any more. */
  readonly title: string;
  readonly startedAtMs: number;
  /** `pending`: the operator pressed save and no reply has come yet. `refused`: the server will not take it. */
  readonly state: "editing" | "pending" | "refused";
  readonly problem: FailureCode | "";
  /** Nothing was typed here since the server had it: when it is saved at another browser, nothing of it is lost here. */
  readonly shared: boolean;
};

/** A save that the server confirmed. */
export type Saved = {
  readonly callId: string;
  readonly title: string;
  readonly startedAtMs: number;
  readonly savedAtMs: number;
};

export type SaveReply =
  | { readonly ok: true; readonly savedAt: string }
  | { readonly ok: false; readonly code: FailureCode };

export type DraftsOptions = {
  readonly userId: string;
  readonly save: (
    draft: Pick<Draft, "draftId" | "callId" | "disposition" | "note" | "tags" | "callBack">,
  ) => Promise<SaveReply>;
  /** Keeps what is typed on the server too. `kept`: PostgreSQL has it. `saved`: there is a wrap-up, and nothing is kept any more. */
  readonly keep?: (callId: string, draft: WrapUpDraft) => Promise<"kept" | "saved" | "no">;
  readonly changed: () => void;
  readonly storage?: Storage | null;
};

/** Codes that mean "not now": everything else the server has looked at and will not take. */
const RETRIED: readonly FailureCode[] = ["noReply", "databaseDown", "internal", "pbxDown"];
/** How long a confirmed save stays on the screen. */
const SAVED_SHOWN_MS = 12_000;
/** What is typed is kept on the server after a pause of this length. */
const KEEP_AFTER_MS = 700;
const RETRY_FIRST_MS = 1000;
const RETRY_MAX_MS = 15_000;

export class Drafts {
  readonly #options: DraftsOptions;
  readonly #prefix: string;
  readonly #drafts = new Map<string, Draft>();
  readonly #saved = new Map<string, Saved>();
  readonly #shownLongEnough = new Set<string>();
  readonly #sending = new Set<string>();
  readonly #storage: Storage | null;
  readonly #closing = new AbortController();
  /** What the server keeps, as last told by it or to it. */
  readonly #given = new Map<string, string>();
  readonly #keeping = new Map<string, ReturnType<typeof setTimeout>>();
  #timer: ReturnType<typeof setTimeout> | null = null;
  #delayMs = RETRY_FIRST_MS;
  #kept = true;

  constructor(options: DraftsOptions) {
    this.#options = options;
    this.#prefix = `callcard:draft:${options.userId}:`;
    this.#storage = options.storage === undefined ? openStorage() : options.storage;
    this.#load();
    window.addEventListener("storage", (event) => this.#otherTab(event), {
      signal: this.#closing.signal,
    });
    window.addEventListener(
      "beforeunload",
      (event) => {
        if (!this.#kept && this.#drafts.size > 0) event.preventDefault();
      },
      { signal: this.#closing.signal },
    );
    if (this.#pending().length > 0) this.#schedule();
  }

  /** All drafts, oldest call first. */
  all(): readonly Draft[] {
    return [...this.#drafts.values()].toSorted((a, b) => a.startedAtMs - b.startedAtMs);
  }

  of(callId: string): Draft | null {
    return this.#drafts.get(callId) ?? null;
  }

  /** The confirmed save of a call, as long as nothing was typed after it. */
  savedOf(callId: string): Saved | null {
    return this.#saved.get(callId) ?? null;
  }

  /** Confirmed saves of the last seconds. */
  justSaved(): readonly Saved[] {
    return [...this.#saved.values()].filter(({ callId }) => !this.#shownLongEnough.has(callId));
  }

  /** False when the browser refuses to keep anything: a reload would lose what is typed. */
  get kept(): boolean {
    return this.#kept;
  }

  /** What the operator typed. */
  edit(
    call: Pick<DeskCall, "callId" | "startedAtMs">,
    title: string,
    input: {
      disposition: string;
      note: string;
      tags?: readonly string[];
      callBack?: CallBack | null;
    },
    terms: CampaignTerms | null = null,
  ): void {
    const old = this.#drafts.get(call.callId);
    const { disposition, note, tags = [], callBack = null } = input;
    if (disposition === "" && note === "" && tags.length === 0 && callBack === null) {
      this.discard(call.callId);
      return;
    }
    this.#put({
      draftId: old?.draftId ?? newId(),
      callId: call.callId,
      ...{ disposition, note, tags, callBack },
      terms: terms ?? old?.terms ?? null,
      title,
      startedAtMs: call.startedAtMs,
      // Typing after "save" was pressed makes a different text: it must be saved again by hand.
      state: "editing",
      problem: "",
      shared: false,
    });
    this.#keepSoon(call.callId);
  }

  /**
   * What the server keeps of a call: taken over where nothing was typed here, or nothing since it was last kept. When the wrap-up was saved
   * at another browser, what nobody typed on here goes.
   */
  adopt(call: DeskCall, title: string): void {
    const { callId, startedAtMs, draft } = call;
    const over = call.state === "ended" || call.state === "elsewhere";
    if (over && !call.needsWrapUp && draft === null) this.#savedElsewhere(callId);
    const given = JSON.stringify(draft ?? NOTHING);
    const before = this.#given.get(callId);
    if (given === before || this.#keeping.has(callId)) return;
    this.#given.set(callId, given);
    const local = this.#drafts.get(callId);
    if (draft === null || !call.needsWrapUp || this.#saved.has(callId)) return;
    if (local && (local.state !== "editing" || JSON.stringify(keptOf(local)) !== before)) return;
    this.#put({
      draftId: local?.draftId ?? newId(),
      callId,
      ...{ disposition: draft.disposition, note: draft.note, tags: draft.tags },
      callBack: local?.callBack ?? null,
      terms: termsOf(call),
      title,
      startedAtMs,
      state: "editing",
      problem: "",
      shared: true,
    });
  }

  /** What the server lists is known; of drafts whose call it does not list any more it is asked whether they were saved. */
  listed(calls: readonly DeskCall[]): void {
    const known = new Set(calls.map(({ callId }) => callId));
    for (const { callId, state } of this.#drafts.values()) {
      if (state !== "editing" || known.has(callId)) continue;
      this.#given.delete(callId);
      this.#keepSoon(callId);
    }
  }

  /** True when the server has what is typed of this call, so that any browser goes on with it. */
  isEverywhere(callId: string): boolean {
    const draft = this.#drafts.get(callId);
    return draft !== undefined && this.#given.get(callId) === JSON.stringify(keptOf(draft));
  }

  /** The operator pressed save. */
  submit(callId: string): void {
    const draft = this.#drafts.get(callId);
    if (!draft) return;
    this.#put({ ...draft, state: "pending", problem: "" });
    void this.#send(callId);
  }

  /** Throws away a draft that the server will not take. */
  discard(callId: string): void {
    this.#remove(callId);
    this.#keepSoon(callId);
    this.#options.changed();
  }

  /** The connection is back: everything pending is tried at once. */
  flush(): void {
    this.#delayMs = RETRY_FIRST_MS;
    for (const draft of this.#pending()) void this.#send(draft.callId);
    for (const { callId, state } of this.#drafts.values())
      if (state === "editing" && !this.isEverywhere(callId)) this.#keepSoon(callId);
  }

  close(): void {
    for (const timer of this.#keeping.values()) clearTimeout(timer);
    this.#keeping.clear();
    this.#closing.abort();
    if (this.#timer) clearTimeout(this.#timer);
  }

  #pending(): readonly Draft[] {
    return [...this.#drafts.values()].filter((draft) => draft.state === "pending");
  }

  async #send(callId: string): Promise<void> {
    const draft = this.#drafts.get(callId);
    if (!draft || draft.state !== "pending" || this.#sending.has(callId)) return;
    this.#sending.add(callId);
    clearTimeout(this.#keeping.get(callId));
    this.#keeping.delete(callId);
    const { draftId, disposition, note, tags, terms } = draft;
    // An ordinary call's is promised by hand; a campaign's goes with the way to end that asks for it.
    const callBack = terms === null || asksTime(terms, disposition) ? draft.callBack : null;
    const reply = await this.#options.save({ draftId, callId, disposition, note, tags, callBack });
    this.#sending.delete(callId);
    if (this.#closing.signal.aborted) return;
    const now = this.#drafts.get(callId);
    // Edited while it was on its way: what is on the screen is not what was saved.
    if (!now || now.disposition !== disposition || now.note !== note) return;
    if (JSON.stringify([now.callBack, now.tags]) !== JSON.stringify([draft.callBack, tags])) return;
    if (reply.ok) {
      this.#delayMs = RETRY_FIRST_MS;
      const savedAtMs = Date.parse(reply.savedAt) || Date.now();
      this.#saved.set(callId, {
        callId,
        title: draft.title,
        startedAtMs: draft.startedAtMs,
        savedAtMs,
      });
      this.#remove(callId);
      setTimeout(() => {
        this.#shownLongEnough.add(callId);
        this.#options.changed();
      }, SAVED_SHOWN_MS);
    } else if (RETRIED.includes(reply.code)) {
      this.#put({ ...now, problem: reply.code });
      this.#schedule();
    } else {
      this.#put({ ...now, state: "refused", problem: reply.code });
    }
    this.#options.changed();
  }

  #keepSoon(callId: string): void {
    const { keep } = this.#options;
    if (!keep || this.#closing.signal.aborted) return;
    clearTimeout(this.#keeping.get(callId));
    this.#keeping.set(
      callId,
      setTimeout(() => {
        this.#keeping.delete(callId);
        const draft = this.#drafts.get(callId);
        if (draft && draft.state !== "editing") return;
        const kept = draft ? keptOf(draft) : NOTHING;
        const given = JSON.stringify(kept);
        if (given === this.#given.get(callId)) return;
        void keep(callId, kept).then((done) => {
          if (done === "no" || this.#closing.signal.aborted) return undefined;
          if (done === "kept") this.#given.set(callId, given);
          const now = this.#drafts.get(callId);
          if (done === "saved") this.#savedElsewhere(callId);
          else if (now?.state === "editing" && JSON.stringify(keptOf(now)) === given)
            this.#put({ ...now, shared: true });
          this.#options.changed();
          return undefined;
        });
      }, KEEP_AFTER_MS),
    );
  }

  /** There is a wrap-up, saved at another browser. What was typed here after is the operator's to save or to empty; so is a time only known here. */
  #savedElsewhere(callId: string): void {
    const draft = this.#drafts.get(callId);
    if (draft?.state !== "editing" || !draft.shared || draft.callBack !== null) return;
    if (this.#keeping.has(callId)) return;
    this.#remove(callId);
    this.#options.changed();
  }

  #schedule(): void {
    if (this.#timer || this.#closing.signal.aborted) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      for (const draft of this.#pending()) void this.#send(draft.callId);
    }, this.#delayMs);
    this.#delayMs = Math.min(RETRY_MAX_MS, this.#delayMs * 2);
  }

  #put(draft: Draft): void {
    this.#saved.delete(draft.callId);
    this.#shownLongEnough.delete(draft.callId);
    this.#drafts.set(draft.callId, draft);
    try {
      this.#storage?.setItem(this.#prefix + draft.callId, JSON.stringify(draft));
      this.#kept = this.#storage !== null;
    } catch {
      this.#kept = false;
    }
    this.#options.changed();
  }

  #remove(callId: string): void {
    this.#drafts.delete(callId);
    try {
      this.#storage?.removeItem(this.#prefix + callId);
    } catch {
      this.#kept = false;
    }
  }

  #load(): void {
    const storage = this.#storage;
    if (!storage) {
      this.#kept = false;
      return;
    }
    for (let index = 0; index < storage.length; index++) {
      const key = storage.key(index);
      if (!key?.startsWith(this.#prefix)) continue;
      const draft = parseDraft(storage.getItem(key));
      if (draft) this.#drafts.set(draft.callId, draft);
    }
  }

  #otherTab(event: StorageEvent): void {
    if (!event.key?.startsWith(this.#prefix)) return;
    const callId = event.key.slice(this.#prefix.length);
    const draft = parseDraft(event.newValue);
    if (draft) {
      this.#drafts.set(callId, draft);
      if (draft.state === "pending") this.#schedule();
    } else {
      this.#drafts.delete(callId);
    }
    this.#options.changed();
  }
}

/** A stored draft, or null for anything else: another script of the host page may write to the same storage. */
export function parseDraft(text: string | null): Draft | null {
  if (!text) return null;
  try {
    const value = JSON.parse(text) as Partial<Record<keyof Draft, unknown>> | null;
    const strings = ["draftId", "callId", "disposition", "note", "title", "problem"] as const;
    if (!value || strings.some((key) => typeof value[key] !== "string")) return null;
    if (typeof value.startedAtMs !== "number") return null;
    if (value.state !== "editing" && value.state !== "pending" && value.state !== "refused")
      return null;
    const draft = value as Draft;
    // Written by a version without campaigns, or without tags.
    const tags = Array.isArray(value.tags)
      ? value.tags.filter((tag) => typeof tag === "string")
      : [];
    const shared = value.shared === true;
    return { ...draft, tags, callBack: draft.callBack ?? null, terms: draft.terms ?? null, shared };
  } catch {
    return null;
  }
}

function openStorage(): Storage | null {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}

const NOTHING: WrapUpDraft = { disposition: "", note: "", tags: [] };

/** What of a draft the server keeps. */
function keptOf({ disposition, note, tags }: Draft): WrapUpDraft {
  return { disposition, note, tags };
}
