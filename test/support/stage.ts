/** The screens as they are built, and a Chromium to look at them with: what every stage of the browser tests stands on. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContext } from "playwright-core";
import { build } from "vite";
import { openChromium, profile } from "./chromium.ts";

/** How a person's browser is, and whether they are logged in (they are unless this is false). */
export type VisitOptions = NonNullable<Parameters<typeof profile>[1]> & {
  readonly session?: boolean;
};

/** Which screens the built ones say that they are. */
export const BUILT_SCREENS = "screens-of-tests";

/** Builds the screens as the product does, into `folder`. */
export async function buildScreens(folder: string): Promise<void> {
  process.env["CALLCARD_WIDGET_OUT"] = folder;
  process.env["CALLCARD_SCREENS"] = BUILT_SCREENS;
  const configFile = join(import.meta.dirname, "../../widget/vite.config.ts");
  await build({ configFile, logLevel: "warn" });
}

/** A folder with the built screens, and a Chromium. */
type Equipment = { readonly folder: string; readonly browser: Browser };

/** Builds the screens into a folder of their own and starts Chromium, for the constructor of a {@link Stage}. */
export async function equip(): Promise<Equipment> {
  const folder = await mkdtemp(join(tmpdir(), "callcard-screens-"));
  await buildScreens(folder);
  return { folder, browser: await openChromium() };
}

/** One test file's Chromium and screens; what a single test opened ends with {@link Stage.clear}. */
export class Stage {
  /** Where the built screens are. */
  readonly folder: string;
  readonly #browser: Browser;
  readonly #closers: (() => Promise<void>)[] = [];

  constructor({ folder, browser }: Equipment) {
    this.folder = folder;
    this.#browser = browser;
  }

  /** A fresh profile for a server that ends with the test too. */
  async visit(
    double: { readonly url: string; stop(): Promise<void> },
    options: VisitOptions,
  ): Promise<BrowserContext> {
    const context = await profile(this.#browser, options);
    this.endWithTest(
      () => context.close(),
      () => double.stop(),
    );
    if (options.session !== false)
      await context.addCookies([{ name: "callcard_session", value: "good", url: double.url }]);
    return context;
  }

  /** Called in this order when the test is over. */
  endWithTest(...closers: readonly (() => Promise<void>)[]): void {
    this.#closers.push(...closers);
  }

  /** Ends what one test opened. */
  async clear(): Promise<void> {
    for (const close of this.#closers.splice(0)) await close();
  }

  async close(): Promise<void> {
    await this.clear();
    await this.#browser.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}
