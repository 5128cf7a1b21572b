/** The built widget, a {@link DeskDouble} and a Chromium, for tests of the screen alone. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { build } from "vite";
import type { DeskState } from "../../server/desk/protocol.ts";
import { openChromium, profile } from "./chromium.ts";
import { DeskDouble } from "./desk-double.ts";
import { sampleState } from "./desk-samples.ts";

/** One test's server and profile. */
export type Scene = {
  readonly double: DeskDouble;
  readonly context: BrowserContext;
  /** Opens one more tab of the stand-alone page, logged in. */
  readonly tab: () => Promise<Page>;
};

export type SceneOptions = NonNullable<Parameters<typeof profile>[1]> & {
  readonly state?: Partial<DeskState>;
  /** False: nobody is logged in. */
  readonly session?: boolean;
};

export class DeskStage {
  readonly #folder: string;
  readonly #browser: Browser;
  #closers: (() => Promise<void>)[] = [];

  constructor(folder: string, browser: Browser) {
    this.#folder = folder;
    this.#browser = browser;
  }

  /** Builds the widget as the product does, and starts Chromium. */
  static async open(): Promise<DeskStage> {
    const folder = await mkdtemp(join(tmpdir(), "callcard-widget-"));
    process.env["CALLCARD_WIDGET_OUT"] = folder;
    const configFile = join(import.meta.dirname, "../../widget/vite.config.ts");
    await build({ configFile, logLevel: "warn" });
    return new DeskStage(folder, await openChromium());
  }

  async scene(options: SceneOptions = {}): Promise<Scene> {
    const double = new DeskDouble(this.#folder, sampleState(Date.now(), options.state));
    await double.start();
    const context = await profile(this.#browser, options);
    this.#closers.push(
      () => context.close(),
      () => double.stop(),
    );
    if (options.session !== false)
      await context.addCookies([{ name: "callcard_session", value: "good", url: double.url }]);
    return {
      double,
      context,
      tab: async () => {
        const page = await context.newPage();
        await page.goto(`${double.url}/`);
        return page;
      },
    };
  }

  /** Another server of the same widget folder, for a page of another origin. */
  async host(page: string): Promise<DeskDouble> {
    const host = new DeskDouble(this.#folder, sampleState(Date.now()));
    host.hostPage = page;
    await host.start();
    this.#closers.push(() => host.stop());
    return host;
  }

  /** Ends one test's scene. */
  async clear(): Promise<void> {
    for (const close of this.#closers.splice(0)) await close();
  }

  async close(): Promise<void> {
    await this.clear();
    await this.#browser.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
