/** Looking at a page: with axe, at where the keyboard is, and with one's own eyes. */
import { createRequire } from "node:module";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Locator, Page } from "playwright-core";
import { expect } from "vitest";

/** What axe finds, as `rule: element`; a test expects nothing. */
export async function axeFindings(page: Page): Promise<readonly string[]> {
  // Colours on their way from one to another would be judged half-way.
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.waitForTimeout(500);
  await page.evaluate(
    await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8"),
  );
  return page.evaluate(async () => {
    type Result = { violations: { id: string; nodes: { html: string }[] }[] };
    const { axe } = window as unknown as { axe: { run(): Promise<Result> } };
    const { violations } = await axe.run();
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
  });
}

/** The keyboard is there, or comes there soon. */
export function isFocused(one: Locator): Promise<void> {
  return expect.poll(() => one.evaluate((element) => element.matches(":focus"))).toBe(true);
}

/** Keeps a picture for one's own eyes when `CALLCARD_SHOTS` names a folder. */
export async function shot(page: Page, name: string): Promise<void> {
  const folder = process.env["CALLCARD_SHOTS"];
  if (!folder) return;
  await page.waitForTimeout(400);
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}
