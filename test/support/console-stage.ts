/** The built screens, a {@link ConsoleDouble} and a Chromium, for tests of the console alone. */
import type { Page } from "playwright-core";
import type { Role } from "../../server/people/model.ts";
import { ConsoleDouble } from "./console-double.ts";
import { Stage, type VisitOptions, equip } from "./stage.ts";

export type ConsoleScene = { readonly double: ConsoleDouble; readonly page: Page };

export type ConsoleSceneOptions = VisitOptions & {
  readonly role?: Role;
  /** `#queues` unless said otherwise. */
  readonly place?: string;
  /** What is on the server before the page opens. */
  readonly before?: (double: ConsoleDouble) => void;
};

export class ConsoleStage extends Stage {
  static async open(): Promise<ConsoleStage> {
    return new ConsoleStage(await equip());
  }

  /** A fresh server and profile with the console open. */
  async scene(options: ConsoleSceneOptions = {}): Promise<ConsoleScene> {
    const double = new ConsoleDouble(this.folder, options.role ?? "admin");
    await double.start();
    options.before?.(double);
    const context = await this.visit(double, options);
    const page = await context.newPage();
    await page.goto(`${double.url}/console${options.place ?? ""}`);
    return { double, page };
  }
}
