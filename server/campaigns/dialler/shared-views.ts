/**
 * What is dialled now, for supervisors' screens on every process: the holder of a PBX's lease says it once a second, while somebody looks
 * somewhere.
 */
import type { Bus } from "../../storage/bus.ts";
import type { Lease } from "../../storage/lease.ts";
import type { DiallerView } from "../ports.ts";

export type SharedViewsOptions = {
  readonly bus: Pick<Bus, "publish" | "on">;
  readonly leaseOf: (pbx: string) => Lease;
  /** Diallers of this process. */
  readonly diallers: () => Iterable<{ readonly pbx: string; views(): readonly DiallerView[] }>;
};

const SAY_MS = 1000;
/** Whoever looks says so this often. */
const WANT_MS = 2000;
/** Nobody looks any more when nobody said so for so long. */
const WANTED_MS = 5000;
/** What was said longer ago is not shown. */
const FRESH_MS = 3500;

type Heard = {
  readonly epoch: number;
  readonly atMs: number;
  readonly views: readonly DiallerView[];
};

/** Of one process; works from its making until {@link close}. */
export class SharedViews {
  readonly #options: SharedViewsOptions;
  readonly #heard = new Map<string, Heard>();
  readonly #releases: (() => void)[];
  #timer: NodeJS.Timeout | null = null;
  #wantedUntilMs = -Infinity;
  #askedAtMs = -Infinity;

  constructor(options: SharedViewsOptions) {
    this.#options = options;
    const { bus } = options;
    this.#releases = [
      bus.on("diallingWanted", () => this.#wanted()),
      bus.on("dialling", ({ pbx, epoch, views }) => {
        if (this.#isHeld(pbx) || epoch < (this.#heard.get(pbx)?.epoch ?? 0)) return;
        this.#heard.set(pbx, { epoch, atMs: performance.now(), views: views.filter(isView) });
      }),
    ];
  }

  close(): void {
    for (const release of this.#releases.splice(0)) release();
    this.#rest();
  }

  /** For somebody who looks now: what is dialled on every PBX, by whichever process, and where nobody dials. */
  look(): { readonly views: readonly DiallerView[]; readonly nobody: ReadonlySet<string> } {
    const { bus, diallers, leaseOf } = this.#options;
    const views: DiallerView[] = [];
    const nobody = new Set<string>();
    let wants = false;
    const nowMs = performance.now();
    for (const dialler of diallers()) {
      const { pbx } = dialler;
      if (this.#isHeld(pbx)) {
        views.push(...dialler.views());
        continue;
      }
      wants = true;
      const heard = this.#heard.get(pbx);
      if (heard !== undefined && nowMs - heard.atMs < FRESH_MS) views.push(...heard.views);
      else if (leaseOf(pbx).holder() === "unknown") nobody.add(pbx);
    }
    if (wants && nowMs - this.#askedAtMs >= WANT_MS) {
      this.#askedAtMs = nowMs;
      bus.publish("diallingWanted", {});
    }
    return { views, nobody };
  }

  #isHeld(pbx: string): boolean {
    return this.#options.leaseOf(pbx).held();
  }

  #wanted(): void {
    const nowMs = performance.now();
    const isNew = nowMs > this.#wantedUntilMs;
    this.#wantedUntilMs = nowMs + WANTED_MS;
    if (isNew) this.#say();
    this.#timer ??= setInterval(() => this.#say(), SAY_MS).unref();
  }

  #say(): void {
    if (performance.now() > this.#wantedUntilMs) return this.#rest();
    const { bus, diallers, leaseOf } = this.#options;
    for (const dialler of diallers()) {
      const epoch = leaseOf(dialler.pbx).epoch();
      if (epoch > 0) bus.publish("dialling", { pbx: dialler.pbx, epoch, views: dialler.views() });
    }
  }

  #rest(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }
}

/** Another version may say something else; what matters to a screen must be there. */
function isView(view: unknown): view is DiallerView {
  if (typeof view !== "object" || view === null) return false;
  const { campaignId, operators, pace } = view as Partial<DiallerView>;
  const isPace = pace === null || typeof pace === "object";
  return typeof campaignId === "string" && typeof operators === "object" && isPace;
}
