/** What is shipped for several processes says nothing that the server does not understand. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { parseConfig, settings } from "../../server/config.ts";

const folder = join(import.meta.dirname, "../../deploy");
const text = (name: string) => readFile(join(folder, name), "utf8");
const known = new Set(Object.values(settings).map(({ name }) => name));

type Service = {
  readonly image: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly stop_grace_period?: string;
};

async function services(): Promise<Readonly<Record<string, Service>>> {
  const file = parse(await text("compose.yaml"), { merge: true }) as {
    services: Record<string, Service>;
  };
  return file.services;
}

/** `NAME=value` lines. */
function assignments(lines: string): Readonly<Record<string, string>> {
  const found = lines.matchAll(/^(?:Environment=)?([A-Z][A-Z0-9_]*)=(.*)$/gm);
  return Object.fromEntries([...found].map(([, name, value]) => [name!, value!]));
}

test("every name in the compose file is a setting, and its values are understood", async () => {
  const all = Object.entries(await services());
  const ours = all.filter(([name]) => /^callcard\d$/.test(name));
  expect(ours.length).toBe(3);
  for (const [name, { environment = {} }] of ours) {
    expect(
      Object.keys(environment).filter((one) => !known.has(one)),
      name,
    ).toEqual([]);
    const filled = Object.entries(environment).map(([key, value]) => [
      key,
      // What compose itself puts in: the default, or something for what must be given.
      value.replaceAll(
        /\$\{(\w+):([-?])([^}]*)\}/g,
        (_all, variable: string, how, fallback: string) =>
          how === "-" ? fallback : variable === "PUBLIC_URL" ? "https://callcard.example" : "given",
      ),
    ]);
    expect(() => parseConfig(Object.fromEntries(filled), null), name).not.toThrow();
  }
});

test("images have plain names that everybody has", async () => {
  for (const { image } of Object.values(await services())) expect(image).toMatch(/^[a-z]+(:\d+)?$/);
});

test("every name in the unit and its environment file is a setting, and the file is understood", async () => {
  const unit = assignments(
    [...(await text("systemd/callcard@.service")).matchAll(/^Environment=.*$/gm)].join("\n"),
  );
  const file = assignments(await text("callcard.env"));
  const names = [...Object.keys(unit), ...Object.keys(file)];
  expect(names.filter((name) => !known.has(name))).toEqual([]);
  expect(Object.keys(unit)).toContain("PORT");
  // The file comes over the unit: a port there would be every process' port.
  expect(Object.keys(file)).not.toContain("PORT");
  expect(() => parseConfig({ ...unit, ...file, PORT: "3001" }, null)).not.toThrow();
});

test("nobody ends a process before it may have ended by itself", async () => {
  const seconds = Number(assignments(await text("callcard.env"))["STOP_WITHIN_SECONDS"]);
  const [, unit] = /^TimeoutStopSec=(\d+)$/m.exec(await text("systemd/callcard@.service"))!;
  expect(Number(unit)).toBeGreaterThan(seconds);
  for (const { stop_grace_period: grace, environment } of Object.values(await services())) {
    if (environment?.["STOP_WITHIN_SECONDS"] !== undefined)
      expect(Number.parseInt(grace!, 10)).toBeGreaterThan(
        Number(environment["STOP_WITHIN_SECONDS"]),
      );
  }
});

test("processes start with what npm start gives them", async () => {
  const { scripts } = JSON.parse(await readFile(join(folder, "../package.json"), "utf8")) as {
    scripts: { start: string };
  };
  const [, words] = /node_modules\/\.bin\/node (.*)$/.exec(scripts.start)!;
  expect(await text("systemd/callcard@.service")).toContain(`/node_modules/.bin/node ${words}\n`);
  const [, command] = /^CMD (\[.*\])$/m.exec(await text("Dockerfile"))!;
  expect((JSON.parse(command!) as string[]).slice(1).join(" ")).toBe(words);
});
