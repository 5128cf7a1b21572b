/** The built screens, a {@link ConsoleDouble} and a Chromium, for tests of the console alone. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { build } from "vite";
import type { Role } from "../../server/people/model.ts";
import { openChromium, profile } from "./chromium.ts";
import { ConsoleDouble } from "./console-double.ts";

export type ConsoleScene = { readonly double: ConsoleDouble; readonly page: Page };

export type ConsoleSceneOptions = NonNullable<Parameters<typeof profile>[1]> & {
  readonly role?: Role;
  readonly session?: boolean;
  /** `#queues` unless said otherwise. */
  readonly place?: string;
  /** What is on the server before the page opens. */
  readonly before?: (double: ConsoleDouble) => void;
};

export class ConsoleStage {
  readonly #folder: string;
  readonly #browser: Browser;
  #closers: (() => Promise<void>)[] = [];

  constructor(folder: string, browser: Browser) {
    this.#folder = folder;
    this.#browser = browser;
  }

  static async open(): Promise<ConsoleStage> {
    const folder = await mkdtemp(join(tmpdir(), "callcard-console-"));
    process.env["CALLCARD_WIDGET_OUT"] = folder;
    const configFile = join(import.meta.dirname, "../../widget/vite.config.ts");
    await build({ configFile, logLevel: "warn" });
    return new ConsoleStage(folder, await openChromium());
  }

  /** A fresh server and profile with the console open. */
  async scene(options: ConsoleSceneOptions = {}): Promise<ConsoleScene> {
    const double = new ConsoleDouble(this.#folder, options.role ?? "admin");
    await double.start();
    options.before?.(double);
    const context = await profile(this.#browser, options);
    this.#closers.push(
      () => context.close(),
      () => double.stop(),
    );
    if (options.session !== false)
      await context.addCookies([{ name: "callcard_session", value: "good", url: double.url }]);
    const page = await context.newPage();
    await page.goto(`${double.url}/console${options.place ?? ""}`);
    return { double, page };
  }

  async clear(): Promise<void> {
    for (const close of this.#closers.splice(0)) await close();
  }

  async close(): Promise<void> {
    await this.clear();
    await this.#browser.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
