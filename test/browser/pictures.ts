/**
 * `npm run pictures`: the README's pictures of the screens, taken in a real Chromium from the built widget with
 * sample calls, so that they never show anybody's data and are the same after every run.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "playwright-core";
import type { DeskState } from "../../server/desk/protocol.ts";
import {
  campaignCall,
  ended,
  sampleCall,
  sampleCard,
  samplePreview,
  sampleState,
  severalCard,
  talking,
  unknownCard,
} from "../support/desk-samples.ts";
import { sampleWork } from "../support/desk-work-samples.ts";
import { readyPolicies } from "../../server/priority/ready-policies.ts";
import { sampleVocabulary } from "../support/console-samples.ts";
import { ConsoleStage, type ConsoleSceneOptions } from "../support/console-stage.ts";
import { DeskStage, type SceneOptions } from "../support/desk-stage.ts";

const folder = join(import.meta.dirname, "../../docs/pictures");

type Shot = SceneOptions & {
  readonly name: string;
  /** What the operator does before the picture is taken. */
  readonly deeds?: (page: Page) => Promise<void>;
  readonly calls: DeskState["calls"];
  readonly preview?: DeskState["preview"];
};

const now = Date.now();
const call = sampleCall(now, { card: sampleCard(now, { work: sampleWork(now) }) });
const worked = talking(call, now, 74_000);
const orderOnTop = async (page: Page): Promise<void> => {
  await page.locator("callcard-offers li").first().waitFor();
  await page.locator("callcard-order").evaluate((order) => order.scrollIntoView());
};
const shots: readonly Shot[] = [
  {
    ...{ name: "ringing-ru", height: 900, calls: [call] },
    // A page that nobody touched yet says that it may not ring aloud.
    deeds: (page) => page.mouse.click(1050, 600),
  },
  { name: "talking-ru-dark", colorScheme: "dark", calls: [worked] },
  { name: "several-uk", locale: "uk-UA", calls: [sampleCall(now, { card: severalCard(now) })] },
  { name: "unknown-en", locale: "en-GB", calls: [sampleCall(now, { card: unknownCard(now) })] },
  { name: "wrap-up-en", locale: "en-GB", calls: [ended(call, now)] },
  { name: "campaign-call-ru", calls: [talking(campaignCall(now), now, 42_000)] },
  { name: "campaign-preview-ru-dark", colorScheme: "dark", calls: [], preview: samplePreview(now) },
  { name: "order-offers-ru", height: 900, calls: [worked], deeds: orderOnTop },
  {
    ...{ name: "delivery-en-dark", locale: "en-GB", colorScheme: "dark", height: 900 },
    calls: [worked],
    async deeds(page) {
      await orderOnTop(page);
      await page.getByRole("button", { name: "Change delivery" }).click();
      await page.locator("callcard-delivery .way").first().waitFor();
      await page.locator("callcard-delivery .way").first().click();
    },
  },
  {
    ...{ name: "claim-uk", locale: "uk-UA", height: 900 },
    calls: [worked],
    async deeds(page) {
      await page.getByRole("button", { name: "Звернення" }).first().click();
      const claim = page.locator("callcard-claim");
      await claim.getByLabel("Про яке замовлення?").selectOption("103877");
      await claim.getByRole("radio").first().check();
      await claim.locator("fieldset").nth(1).getByRole("radio").nth(1).check();
      await claim.locator("textarea").first().fill("Пакет порваний, кава розсипалася");
      await claim.evaluate((form) => form.scrollIntoView());
    },
  },
  { name: "ringing-phone", width: 360, height: 740, calls: [call] },
];

await mkdir(folder, { recursive: true });
const stage = await DeskStage.open();
try {
  for (const { name, calls, preview = null, deeds, ...options } of shots) {
    const { presence, user } = sampleState(now);
    const language = options.locale?.slice(0, 2) ?? "ru";
    const state =
      calls[0] === undefined
        ? "ready"
        : calls[0].state === "ended"
          ? "wrapUp"
          : calls[0].state === "talking"
            ? "talking"
            : "ringing";
    const scene = await stage.scene({
      ...{ width: 1280, height: 800 },
      ...options,
      state: {
        calls,
        preview: preview && { ...preview, dialledAtMs: Date.now() + 30_000 },
        presence: { ...presence, state, sinceMs: Date.now() - 5000 },
        user: { ...user, language },
      },
    });
    const page = await scene.tab();
    await page.getByRole("main").waitFor();
    await deeds?.(page);
    await page.waitForTimeout(500);
    await page.screenshot({ path: join(folder, `${name}.png`) });
    await stage.clear();
  }
} finally {
  await stage.close();
}

const [gentle, , problems] = readyPolicies(sampleVocabulary, "Europe/Moscow");
const consoleShots: readonly (ConsoleSceneOptions & { readonly name: string })[] = [
  { name: "console-queues-ru" },
  { name: "console-queues-ru-dark", colorScheme: "dark" },
  { name: "console-rules-en", place: "#rules", locale: "en-GB" },
  { name: "console-rules-ru-dark", place: "#rules", colorScheme: "dark" },
  { name: "console-what-if-uk", place: "#what-if", locale: "uk-UA" },
  { name: "console-offers-en", place: "#offers", locale: "en-GB" },
  { name: "console-what-if-ru-dark", place: "#what-if", colorScheme: "dark" },
];
const consoleStage = await ConsoleStage.open();
try {
  for (const { name, ...options } of consoleShots) {
    const { page } = await consoleStage.scene({
      ...{ width: 1280, height: 800 },
      ...options,
      before: (double) => {
        // The what-if compares with plain order, so that its difference is seen.
        if (options.place !== "#what-if") double.publish(gentle!.policy, "");
        double.draft = problems!.policy;
      },
    });
    await page.getByRole("heading", { level: 1 }).waitFor({ state: "attached" });
    if (options.place === "#what-if") {
      await page.locator("callcard-console-what-if button[type=submit]").click();
      await page.getByRole("table").waitFor();
    } else if (options.place === "#offers") {
      await page.getByRole("article").first().waitFor();
    } else if (!options.place) {
      await page.locator("callcard-console-queues .who").nth(1).click();
    }
    await page.waitForTimeout(900);
    await page.screenshot({ path: join(folder, `${name}.png`) });
    await consoleStage.clear();
  }
} finally {
  await consoleStage.close();
}
