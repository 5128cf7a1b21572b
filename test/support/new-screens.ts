/** Screens that are updated under open pages. */
import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { BUILT_SCREENS } from "./stage.ts";

let updates = 0;

/** Puts other screens into the folder a server serves. @returns their version. */
export async function newScreens(folder: string): Promise<string> {
  const version = `update-of-test-${++updates}`;
  const known = new RegExp(`${BUILT_SCREENS}|update-of-test-\\d+`, "g");
  let changed = 0;
  for (const name of await readdir(folder, { recursive: true })) {
    if (!name.endsWith(".js")) continue;
    const text = await readFile(join(folder, name), "utf8");
    const fresh = text.replaceAll(known, version);
    if (fresh === text) continue;
    changed += 1;
    await writeFile(join(folder, name), fresh);
  }
  if (changed === 0) throw new Error("no screens know their version");
  return version;
}

/** Leaves a word that a page forgets when it is loaded anew. */
export const mark = (page: Page) =>
  page.evaluate(() => void Object.assign(window, { marked: true }));
export const isMarked = (page: Page) => page.evaluate(() => "marked" in window);
