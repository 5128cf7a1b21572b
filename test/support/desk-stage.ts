/** The built widget, a {@link DeskDouble} and a Chromium, for tests of the screen alone. */
import type { BrowserContext, Page } from "playwright-core";
import type { DeskState } from "../../server/desk/protocol.ts";
import { DeskDouble } from "./desk-double.ts";
import { sampleState } from "./desk-samples.ts";
import { Stage, type VisitOptions, equip } from "./stage.ts";

/** One test's server and profile. */
export type Scene = {
  readonly double: DeskDouble;
  readonly context: BrowserContext;
  /** Opens one more tab of the stand-alone page, logged in. */
  readonly tab: () => Promise<Page>;
};

export type SceneOptions = VisitOptions & { readonly state?: Partial<DeskState> };

export class DeskStage extends Stage {
  static async open(): Promise<DeskStage> {
    return new DeskStage(await equip());
  }

  async scene(options: SceneOptions = {}): Promise<Scene> {
    const double = new DeskDouble(this.folder, sampleState(Date.now(), options.state));
    await double.start();
    const context = await this.visit(double, options);
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
    const host = new DeskDouble(this.folder, sampleState(Date.now()));
    host.hostPage = page;
    await host.start();
    this.endWithTest(() => host.stop());
    return host;
  }
}
