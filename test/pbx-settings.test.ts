import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { type PbxConfig, loadConfig } from "../server/config.ts";
import { PbxSettings } from "../server/pbx-settings.ts";

const closers: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const listOf = (...names: readonly string[]) =>
  `pbxs:\n${names.map((name) => `  - {name: ${name}, host: 127.0.0.1, secret: s}\n`).join("")}`;

/** A real file, read as the server reads it. */
function house() {
  const directory = mkdtempSync(join(tmpdir(), "callcard-settings-"));
  closers.push(() => rmSync(directory, { recursive: true }));
  const file = join(directory, "pbxs.yaml");
  writeFileSync(file, listOf("a"));
  const env: Record<string, string> = { CALLCARD_CONFIG: file };
  const applied: (readonly string[])[] = [];
  const warned: object[] = [];
  const settings = new PbxSettings({
    config: loadConfig(env, directory),
    read: () => loadConfig(env, directory),
    apply: async (pbxs: readonly PbxConfig[]) => void applied.push(pbxs.map(({ name }) => name)),
    log: { info: () => undefined, warn: (fields) => warned.push(fields) },
    gatherMs: 1,
  });
  closers.push(() => settings.close());
  return { directory, file, env, applied, warned, settings };
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 2));

test("a list that changed is applied, the same list is not", async () => {
  const { applied, file, settings } = house();
  await settings.readAgain();
  expect(applied).toEqual([]);
  writeFileSync(file, listOf("b", "a"));
  await settings.readAgain();
  await settings.readAgain();
  expect(applied).toEqual([["b", "a"]]);
  expect(settings.state()).toMatchObject({ file, problem: "", needRestart: [] });
});

test("a file that cannot be used changes nothing and is told once, with its name and the key", async () => {
  const { applied, file, settings, warned } = house();
  writeFileSync(file, "pbxs:\n  - {name: a, host: 127.0.0.1, secret: hunter2, port: many}\n");
  await settings.readAgain();
  await settings.readAgain();
  const { problem } = settings.state();
  expect(problem).toContain(`${file}: pbxs[0].port: "many" is not allowed`);
  expect(problem).not.toContain("hunter2");
  expect([applied, warned]).toEqual([[], [{ file, problem }]]);
  for (const broken of ["pbxs: []", "", "pbxs: [", "pbxs:\n  - {name: a, host: h}\n"]) {
    writeFileSync(file, broken);
    await settings.readAgain();
    expect(settings.state().problem).not.toBe("");
  }
  rmSync(file);
  await settings.readAgain();
  expect(settings.state().problem).toContain(file);
  writeFileSync(file, listOf("c"));
  await settings.readAgain();
  expect([applied, settings.state().problem]).toEqual([[["c"]], ""]);
});

test("settings that need a restart are named, and do not keep the list from changing", async () => {
  const { applied, env, file, settings } = house();
  env["WRAP_UP_PAUSE_SECONDS"] = "30";
  env["EXTENSION_PATTERN"] = "[0-9]{4}";
  writeFileSync(file, listOf("a", "b"));
  await settings.readAgain();
  expect(applied).toEqual([["a", "b"]]);
  expect(settings.state().needRestart.toSorted()).toEqual([
    "EXTENSION_PATTERN",
    "WRAP_UP_PAUSE_SECONDS",
  ]);
});

test("the file is read when it changes, also when another one is put in its place", async () => {
  const { applied, directory, file, settings } = house();
  settings.open();
  writeFileSync(file, listOf("a", "b"));
  while (applied.length < 1) await turn();
  const other = join(directory, "new.yaml");
  writeFileSync(other, listOf("c"));
  renameSync(other, file);
  while (applied.at(-1)?.join() !== "c") await turn();
  expect(applied).toEqual([["a", "b"], ["c"]]);
});
