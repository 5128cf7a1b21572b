/** Everything `<callcard-desk>` knows and does that is not drawing: login, connection, calls, drafts, sound, host events. */
import type {
  DeskCall,
  DeskChange,
  DeskPreview,
  DeskState,
  SkipReason,
} from "../../server/desk/protocol.ts";
import type { DeskActions } from "../shared/context.ts";
import { NewerScreens } from "../shared/newer-screens.ts";
import type { Clock } from "../shared/time.ts";
import { AttentionCaller } from "./attention.ts";
import { DeskConnection, failure, type ConnectionListener, type Link } from "./connection.ts";
import { Drafts } from "./drafts.ts";
import { hostEvents, type HostEvent } from "./host-events.ts";
import { Lead } from "./lead.ts";
import { PopReporter } from "./pops.ts";
import { loadPreferences, savePreferences, type Preferences } from "./preferences.ts";
import { Previews } from "./previews.ts";
import { Ringer } from "./ringer.ts";
import { isLive, selectCall } from "./selection.ts";
import { SessionApi, type LoginResult } from "./session.ts";
import { receiveChange, receiveSnapshot, type Outcome, type Screen } from "./state.ts";
import { Told } from "./told.ts";

/** What the element shows at large. `tokenRefused`: the CRM's token was not accepted and there is no login to fall back to. */
export type Phase = "starting" | "login" | "tokenRefused" | "desk";

export type DeskModelOptions = {
  readonly base: string;
  /** Null: login by name and password. */
  readonly token: (() => Promise<string>) | null;
  /** A new token may come by itself, so a refusal is tried again. */
  readonly renewable: boolean;
  readonly changed: () => void;
  /** Whom a call is with, in words, for a draft that outlives the call. */
  readonly titleOf: (call: DeskCall) => string;
  readonly tellHost: (event: HostEvent, leads: boolean) => void;
  /** True while a new call must not move what the operator types in. */
  readonly busy: () => boolean;
  /** True while something is typed that nobody keeps. */
  readonly typedIn: () => boolean;
};

const TOKEN_RETRY_MS = 15_000;
const START_RETRY_MS = 1000;
const BELL_LATEST_MS = 300;

export class DeskModel implements ConnectionListener {
  phase: Phase = "starting";
  link: Link = { state: "connecting" };
  screen: Screen | null = null;
  /** The call whose card is shown; may be one of the recent calls. */
  selected: string | null = null;
  /** Why the login page is shown, when there is something to say. */
  loginNotice: "" | "unreachable" | "loggedOut" | "deactivated" = "";
  drafts: Drafts | null = null;
  preferences: Preferences = loadPreferences();
  /** The offered call is on the screen, or will be as soon as no live call is. */
  previewOpen = false;
  readonly previews: Previews;
  readonly newer: NewerScreens;
  readonly attention = new AttentionCaller();
  readonly ringer: Ringer;
  readonly clock: Clock = { nowMs: () => Date.now() + this.#clockOffsetMs };
  readonly act: DeskActions;

  readonly #options: DeskModelOptions;
  readonly #session: SessionApi;
  readonly #told = new Told();
  readonly #closing = new AbortController();
  readonly #pops: PopReporter;
  #clockOffsetMs = 0;
  #connection: DeskConnection | null = null;
  #lead: Lead | null = null;
  #refusals = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(options: DeskModelOptions) {
    this.#options = options;
    this.#session = new SessionApi(options.base);
    this.ringer = new Ringer(options.changed);
    this.#pops = new PopReporter({
      received: (pop) => this.#connection?.popReceived(pop),
      painted: (pop, written) => this.#connection?.popPainted(pop, written),
    });
    this.previews = new Previews({
      call: async (attemptId) => failure(await this.#request("previewCall", { attemptId })),
      skip: async (attemptId, reason) =>
        failure(await this.#request("previewSkip", { attemptId, reason })),
      changed: options.changed,
    });
    this.newer = new NewerScreens({ free: () => this.#isFree(), changed: options.changed });
    this.act = this.#actions();
    window.addEventListener(
      "storage",
      (event) => {
        if (event.key !== "callcard:preferences") return;
        this.preferences = loadPreferences();
        this.#sound();
        options.changed();
      },
      { signal: this.#closing.signal },
    );
  }

  get calls(): readonly DeskCall[] {
    return this.screen?.desk.calls ?? [];
  }

  /** The call whose card is shown. */
  get shown(): DeskCall | null {
    const find = (calls: readonly DeskCall[]): DeskCall | undefined =>
      calls.find((call) => call.callId === this.selected);
    return find(this.calls) ?? find(this.screen?.recent ?? []) ?? null;
  }

  /** Whom this operator is asked to call, null for nobody. */
  get preview(): DeskPreview | null {
    return this.screen?.desk.preview ?? null;
  }

  /** True in exactly one of several tabs: the one that rings. */
  get leads(): boolean {
    return this.#lead?.leads ?? false;
  }

  /** True when login by name and password is how this screen says who it is. */
  get usesLogin(): boolean {
    return this.#options.token === null;
  }

  /** Finds out who is here, then connects. */
  async start(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    if (this.#options.token) {
      this.#connect();
      return;
    }
    const state = await this.#session.current();
    if (this.#closing.signal.aborted) return;
    if (state === "user") this.#connect();
    else if (state === "nobody") this.#toLogin("");
    else {
      this.link =
        this.link.state === "offline" ? this.link : { state: "offline", sinceMs: Date.now() };
      this.#options.changed();
      this.#after(START_RETRY_MS, () => void this.start());
    }
  }

  async login(login: string, password: string): Promise<LoginResult> {
    const result = await this.#session.login(login, password);
    if (result.ok && !this.#closing.signal.aborted) this.#connect();
    return result;
  }

  async logout(): Promise<void> {
    if (await this.#session.logout()) this.#toLogin("");
  }

  select(callId: string | null): void {
    this.selected = callId;
    this.previewOpen = callId === null && this.preview !== null;
    this.#options.changed();
  }

  callPreview(): void {
    if (this.preview) void this.previews.call(this.preview);
  }

  skipPreview(reason: SkipReason): void {
    if (this.preview) void this.previews.skip(this.preview, reason);
  }

  prefer(change: Partial<Preferences>): void {
    this.preferences = { ...this.preferences, ...change };
    savePreferences(this.preferences);
    this.#sound();
    this.#options.changed();
  }

  /** All elements show what was received; the bell comes after the card is painted, because it costs the frame milliseconds. */
  async updated(): Promise<void> {
    // Where a browser produces no frames (a window behind another) the bell must not wait for one.
    await Promise.race([
      this.#pops.updated(),
      new Promise((late) => setTimeout(late, BELL_LATEST_MS)),
    ]);
    if (!this.#closing.signal.aborted) this.#sound();
  }

  close(): void {
    this.#closing.abort();
    if (this.#timer) clearTimeout(this.#timer);
    this.#disconnect();
    this.previews.close();
    this.newer.close();
    this.ringer.close();
    this.attention.close();
  }

  snapshot(state: DeskState): void {
    this.#refusals = 0;
    this.#clockOffsetMs = state.serverTimeMs - Date.now();
    const same = this.screen?.desk.user.id === state.user.id ? this.screen.desk : null;
    this.screen = receiveSnapshot(this.screen, state);
    this.phase = "desk";
    this.#openFor(state.user.id);
    this.#received(same?.calls ?? [], same?.preview ?? null, same !== null);
    this.drafts?.listed(this.calls);
    this.resumed();
  }

  change(change: DeskChange): Outcome {
    const { calls, preview } = this;
    const { outcome, screen } = receiveChange(this.screen, change);
    if (outcome === "applied") {
      this.screen = screen;
      this.#received(calls, preview, true);
    }
    return outcome;
  }

  setLink(link: Link): void {
    this.link = link;
    if (link.state === "online") this.drafts?.flush();
    this.#options.changed();
  }

  resumed(): void {
    this.#pops.connected(this.calls);
  }

  screens(version: string): void {
    this.newer.told(version);
  }

  refused(): void {
    this.#refusals++;
    if (this.#options.token) {
      const tryNow = this.#options.renewable && this.#refusals === 1;
      if (!tryNow) this.phase = "tokenRefused";
      this.#options.changed();
      if (tryNow) this.#connection?.retry();
      else if (this.#options.renewable)
        this.#after(TOKEN_RETRY_MS, () => this.#connection?.retry());
      return;
    }
    void this.#askWhoWeAre();
  }

  ended(reason: "loggedOut" | "deactivated"): void {
    if (this.usesLogin) {
      this.#toLogin(reason);
      return;
    }
    this.#disconnect();
    this.screen = null;
    this.phase = "tokenRefused";
    this.#options.changed();
  }

  /** Nobody calls or is offered, and nothing is typed: the page could be loaded anew. */
  #isFree(): boolean {
    if (this.calls.some(isLive) || this.preview !== null) return false;
    return (this.drafts?.all() ?? []).length === 0 && !this.#options.typedIn();
  }

  async #askWhoWeAre(): Promise<void> {
    const state = await this.#session.current();
    if (this.#closing.signal.aborted) return;
    if (state === "nobody") this.#toLogin(this.screen ? "loggedOut" : "");
    else this.#connection?.retry();
  }

  #connect(): void {
    this.#disconnect();
    this.phase = "starting";
    this.link = { state: "connecting" };
    this.#connection = new DeskConnection({
      base: this.#options.base,
      token: this.#options.token,
      listener: this,
    });
    this.#options.changed();
  }

  #disconnect(): void {
    this.#connection?.close();
    this.#connection = null;
    this.#lead?.close();
    this.#lead = null;
    this.drafts?.close();
    this.drafts = null;
    this.ringer.set(false, 0, false);
  }

  #toLogin(notice: DeskModel["loginNotice"]): void {
    this.#disconnect();
    this.screen = null;
    this.selected = null;
    this.phase = "login";
    this.link = { state: "connecting" };
    this.loginNotice = notice;
    this.#options.changed();
  }

  /** Opens what belongs to one person, once. */
  #openFor(userId: string): void {
    this.#lead ??= new Lead(`callcard:ring:${userId}`, () => {
      this.#sound();
      this.#options.changed();
    });
    this.drafts ??= new Drafts({
      userId,
      changed: this.#options.changed,
      keep: async (callId, draft) => {
        const reply = await this.#request("saveDraft", { callId, draft });
        if (!reply.ok) return "no";
        return reply.saved === true ? "saved" : "kept";
      },
      save: async (draft) => {
        const reply = await this.#request("saveWrapUp", draft);
        return reply.ok ? { ok: true, savedAt: reply.savedAt } : { ok: false, code: reply.code };
      },
    });
  }

  /** @param news False when the page has just been opened: what is there then was told before. */
  #received(before: readonly DeskCall[], previewBefore: DeskPreview | null, news: boolean): void {
    this.#pops.received(this.calls);
    for (const call of this.calls) this.drafts?.adopt(call, this.#options.titleOf(call));
    const busy = this.#options.busy();
    if (this.previews.received(previewBefore, this.preview, this.clock.nowMs())) {
      if (!busy) this.previewOpen = true;
      if (news && this.leads && !this.preferences.muted)
        this.ringer.sample(this.preferences.volume);
    }
    if (this.preview === null) this.previewOpen = false;
    const chosen = this.selected;
    this.selected = selectCall(before, this.calls, chosen, busy);
    // A call that is over may wait; one that goes on comes before an offer.
    if (this.previewOpen && !this.calls.some(isLive)) this.selected = busy ? chosen : null;
    this.#options.changed();
    const events = hostEvents(before, this.calls).filter(({ key }) => this.#told.first(key));
    if (events.length > 0) void this.#tellHost(events);
  }

  /** The host is told which tab leads, so the tabs must have agreed first (only a fresh page has to wait). */
  async #tellHost(events: readonly HostEvent[]): Promise<void> {
    await this.#lead?.settled;
    for (const event of events) this.#options.tellHost(event, this.leads);
  }

  #sound(): void {
    const { muted, volume } = this.preferences;
    const ringing = this.leads && this.calls.some((call) => call.state === "ringing");
    const talking = this.calls.some((call) => isLive(call) && call.state !== "ringing");
    this.ringer.set(ringing, muted ? 0 : volume, talking);
  }

  #request: DeskConnection["request"] = async (name, input) =>
    (await this.#connection?.request(name, input)) ?? {
      ok: false,
      code: "noReply",
      message: "not connected",
    };

  #actions(): DeskActions {
    const ask = this.#request;
    return {
      dial: async (number) => failure(await ask("dial", { number })),
      ready: async () => failure(await ask("ready", {})),
      pause: async (reason) => failure(await ask("pause", { reason })),
      chooseDevice: async (pbx, extension, takeOver) =>
        failure(await ask("chooseDevice", { pbx, extension, takeOver })),
      chooseCustomer: async (callId, customerId) =>
        failure(await ask("chooseCustomer", { callId, customerId })),
      createCustomer: async (callId, input) =>
        failure(await ask("createCustomer", { callId, ...input })),
      showScript: (open) => this.prefer({ script: open }),
      addNote: async (callId, text) => failure(await ask("addNote", { callId, text })),
      ask,
      search: async (text) => {
        const reply = await ask("searchCustomers", { text });
        return reply.ok
          ? { ok: true, customers: reply.customers }
          : { ok: false, code: reply.code };
      },
    };
  }

  #after(ms: number, action: () => void): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = setTimeout(action, ms);
  }
}
