/** Everything `<callcard-console>` knows and does that is not drawing: login, live picture, draft, what is published. */
import type { CampaignsPicture, ConsolePicture } from "../../server/console/protocol.ts";
import type { User } from "../../server/people/model.ts";
import type { PublishedBody, Vocabulary } from "../../server/priority/rest.ts";
import type { LoginResult } from "../desk/session.ts";
import { SessionApi } from "../desk/session.ts";
import { NewerScreens } from "../shared/newer-screens.ts";
import type { Clock } from "../shared/time.ts";
import { ConsoleApi } from "./api.ts";
import { CallBacksModel } from "./call-backs/call-backs-model.ts";
import { CampaignsModel } from "./campaigns/campaigns-model.ts";
import { ConsoleConnection, type ConsoleListener, type Link } from "./connection.ts";
import { Draft } from "./draft.ts";
import { OffersModel } from "./offers/offers-model.ts";

export type Phase = "starting" | "login" | "forbidden" | "console";

const START_RETRY_MS = 1500;

export class ConsoleModel implements ConsoleListener {
  phase: Phase = "starting";
  link: Link = "connecting";
  offlineSinceMs = 0;
  user: User | null = null;
  /** The live picture, null before the first one. */
  live: ConsolePicture | null = null;
  published: PublishedBody | null = null;
  vocabulary: Vocabulary | null = null;
  draft: Draft | null = null;
  loginNotice: "" | "loggedOut" | "deactivated" = "";
  readonly api: ConsoleApi;
  readonly callBacks: CallBacksModel;
  readonly campaigns: CampaignsModel;
  readonly offers: OffersModel;
  readonly newer: NewerScreens;
  readonly clock: Clock = { nowMs: () => Date.now() + this.#clockOffsetMs };
  readonly #session: SessionApi;
  readonly #base: string;
  readonly #changed: () => void;
  #connection: ConsoleConnection | null = null;
  #clockOffsetMs = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #closed = false;

  /** @param typedIn true while something is typed that nobody keeps. */
  constructor(base: string, changed: () => void, typedIn: () => boolean = () => false) {
    this.#base = base;
    this.#changed = changed;
    this.api = new ConsoleApi(base);
    this.#session = new SessionApi(base);
    this.campaigns = new CampaignsModel(
      this.api.campaigns,
      (look) => this.request("lookAtCampaigns", { look }),
      changed,
    );
    this.callBacks = new CallBacksModel(this.api.callBacks, changed);
    this.offers = new OffersModel(this.api.offers, changed);
    this.newer = new NewerScreens({
      free: () => (this.draft?.save.state ?? "saved") === "saved" && !typedIn(),
      changed,
    });
  }

  /** Only admins write. */
  get writes(): boolean {
    return this.user?.role === "admin";
  }

  async start(): Promise<void> {
    if (this.#closed) return;
    const answer = await this.api.session();
    if (this.#closed) return;
    if (answer.ok) this.#enter(answer.body.user);
    else if (answer.status === 401) this.#toLogin("");
    else {
      this.setLink("offline");
      this.#timer = setTimeout(() => void this.start(), START_RETRY_MS);
    }
  }

  async login(login: string, password: string): Promise<LoginResult> {
    const result = await this.#session.login(login, password);
    if (result.ok) await this.start();
    return result;
  }

  async logout(): Promise<void> {
    if (await this.#session.logout()) this.#toLogin("");
  }

  request: ConsoleConnection["request"] = async (name, input) =>
    (await this.#connection?.request(name, input)) ?? {
      ok: false,
      code: "noReply",
      message: "",
    };

  /** Reads again what is published and the draft, after this screen changed them or another one did. */
  async refresh(): Promise<void> {
    const [published, draft, vocabulary] = await Promise.all([
      this.api.published(),
      this.api.draft(),
      this.vocabulary ? null : this.api.vocabulary(),
    ]);
    if (this.#closed || this.phase !== "console") return;
    if (published.ok) this.published = published.body;
    if (vocabulary?.ok) this.vocabulary = vocabulary.body;
    if (draft.ok) {
      if (!this.draft) this.draft = new Draft(draft.body, this.api, this.#changed);
      else if (this.draft.save.state === "saved") this.draft.replace(draft.body);
    }
    // The screens need all three.
    if (!this.published || !this.vocabulary || !this.draft)
      this.#timer = setTimeout(() => void this.refresh(), START_RETRY_MS);
    this.#changed();
  }

  picture(picture: ConsolePicture): void {
    this.#clockOffsetMs = picture.serverTimeMs - Date.now();
    this.live = picture;
    // Somebody published in another browser.
    if (this.published && picture.policyVersion !== this.published.version) void this.refresh();
    this.#changed();
  }

  campaignsPicture(picture: CampaignsPicture): void {
    this.#clockOffsetMs = picture.serverTimeMs - Date.now();
    this.campaigns.picture(picture);
  }

  setLink(link: Link): void {
    if (link === "offline" && this.link !== "offline") this.offlineSinceMs = Date.now();
    this.link = link;
    if (link === "online") this.campaigns.online();
    this.#changed();
  }

  screens(version: string): void {
    this.newer.told(version);
  }

  refused(reason: string): void {
    if (reason === "forbidden") {
      this.phase = "forbidden";
      this.#changed();
    } else this.#toLogin(this.live ? "loggedOut" : "");
  }

  ended(reason: "loggedOut" | "deactivated"): void {
    this.#toLogin(reason);
  }

  close(): void {
    this.#closed = true;
    this.newer.close();
    this.#leave();
  }

  #enter(user: User): void {
    this.#leave();
    this.user = user;
    const allowed = user.role === "admin" || user.role === "supervisor";
    this.phase = allowed ? "console" : "forbidden";
    if (allowed) {
      this.link = "connecting";
      this.#connection = new ConsoleConnection(this.#base, this);
      void this.refresh();
    }
    this.#changed();
  }

  #toLogin(notice: ConsoleModel["loginNotice"]): void {
    this.#leave();
    this.phase = "login";
    this.loginNotice = notice;
    this.#changed();
  }

  #leave(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#connection?.close();
    this.#connection = null;
    this.draft?.close();
    this.draft = null;
    this.callBacks.forget();
    this.campaigns.forget();
    this.offers.forget();
    this.live = null;
    this.published = null;
  }
}
