/**
 * The supervisors' live view of campaigns: one picture for everybody who looks, at most twice a second and only when it changed. While
 * nobody looks nothing is asked of anybody.
 */
import type { CampaignBook, DiallerView } from "../campaigns/ports.ts";
import type { AbandonmentFigure, CampaignFigures } from "../campaigns/rest.ts";
import type { CampaignsPicture } from "./protocol.ts";

/** Where the picture comes from. */
export type CampaignWatchOptions = {
  readonly book: Pick<CampaignBook, "all" | "onChange">;
  /** What is dialled now, by whichever process, and the PBXs on which none dials. */
  readonly look: () => {
    readonly views: readonly DiallerView[];
    readonly nobody: ReadonlySet<string>;
  };
  /** Of all campaigns that are not ended. Asked at most once a second, and never while an answer is outstanding. */
  readonly figures: () => Promise<readonly CampaignFigures[]>;
  readonly log: { warn(fields: object, message: string): void };
  readonly now?: () => number;
};

/** Somebody who looks at campaigns. Must not throw. */
export type CampaignViewer = { campaigns(picture: CampaignsPicture): void };

const LEAST_BETWEEN_MS = 500;
const FIGURES_HOLD_MS = 1000;

/** One process's watch over campaigns. Listens from its making until {@link close}. */
export class CampaignWatch {
  readonly #options: CampaignWatchOptions;
  readonly #now: () => number;
  readonly #viewers = new Set<CampaignViewer>();
  readonly #release: () => void;
  #timer: NodeJS.Timeout | null = null;
  #figures: ReadonlyMap<string, CampaignFigures> | null = null;
  #askedAtMs = -Infinity;
  #asking = false;
  #lastText = "";
  #asked = 0;
  #sent = 0;

  constructor(options: CampaignWatchOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.timeOrigin + performance.now());
    // A campaign was started, stopped or edited: its figures are others too.
    this.#release = options.book.onChange(() => (this.#askedAtMs = -Infinity));
  }

  /** Somebody looks from now on and gets a picture as soon as there is one. @returns how they leave. */
  attach(viewer: CampaignViewer): () => void {
    // Of when somebody looked last.
    if (this.#viewers.size === 0 && this.#isOld()) this.#figures = null;
    this.#viewers.add(viewer);
    if (this.#figures !== null) viewer.campaigns(this.#picture(this.#figures));
    else if (this.#isOld()) void this.#ask();
    this.#timer ??= setInterval(() => this.#look(), LEAST_BETWEEN_MS).unref();
    return () => {
      this.#viewers.delete(viewer);
      if (this.#viewers.size === 0) this.#rest();
    };
  }

  /** Figures asked for and pictures sent so far, and who looks now. */
  counters(): { readonly asked: number; readonly sent: number; readonly viewers: number } {
    return { asked: this.#asked, sent: this.#sent, viewers: this.#viewers.size };
  }

  /** Stops listening and all timers; may be called twice. */
  close(): void {
    this.#release();
    this.#rest();
    this.#viewers.clear();
  }

  #rest(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  #look(): void {
    if (this.#isOld()) void this.#ask();
    this.#send();
  }

  #isOld(): boolean {
    return this.#now() - this.#askedAtMs >= FIGURES_HOLD_MS;
  }

  async #ask(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    this.#askedAtMs = this.#now();
    this.#asked += 1;
    const first = this.#figures === null;
    try {
      const all = await this.#options.figures();
      this.#figures = new Map(all.map((one) => [one.campaignId, one]));
    } catch (error) {
      // Those of before are shown on; the next look asks again.
      this.#options.log.warn({ err: error }, "the figures of campaigns could not be read");
    } finally {
      this.#asking = false;
    }
    // Whoever came first has seen nothing yet.
    if (first) this.#send();
  }

  #send(): void {
    if (this.#figures === null || this.#viewers.size === 0) return;
    const picture = this.#picture(this.#figures);
    const text = JSON.stringify({ ...picture, serverTimeMs: 0 });
    if (text === this.#lastText) return;
    this.#lastText = text;
    this.#sent += this.#viewers.size;
    for (const viewer of this.#viewers) viewer.campaigns(picture);
  }

  #picture(figures: ReadonlyMap<string, CampaignFigures>): CampaignsPicture {
    const { nobody, views: all } = this.#options.look();
    const views = new Map(all.map((view) => [view.campaignId, view]));
    return {
      serverTimeMs: this.#now(),
      campaigns: this.#options.book
        .all()
        .map(({ id, settings, state, pausedBecause, revision }) => ({
          ...(figures.get(id) ?? noFigures(id, settings.abandonment.mostShare)),
          name: settings.name,
          ...{ state, pausedBecause, revision },
          mode: settings.mode,
          pbx: settings.pbx,
          queue: settings.queue,
          dialler: views.get(id) ?? null,
          ...(nobody.has(settings.pbx) ? { nobodyDials: true as const } : {}),
        })),
    };
  }
}

/** Of a campaign that was made since figures were asked for. */
function noFigures(campaignId: string, mostShare: number): CampaignFigures {
  const none: AbandonmentFigure = { answered: 0, abandonedInTruth: 0, abandonedByRule: 0 };
  return {
    campaignId,
    ...{ planned: 0, due: 0, dialling: 0, ringing: 0, waiting: 0, talking: 0, unknown: 0 },
    ended: {},
    contacts: { open: 0, done: 0, withdrawn: 0 },
    abandonment: { day: none, hours24: none, days30: none, mostShare },
  };
}
