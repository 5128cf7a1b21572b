import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { settings } from "../server/config.ts";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");

test("the README lists every setting with its default and meaning", () => {
  const rows = Object.values(settings).map(
    ({ name, default: fallback, about }) =>
      `| \`${name}\` | ${fallback === "" ? "" : `\`${fallback}\``} | ${about} |`,
  );
  const table = ["| setting | default | meaning |", "|---|---|---|", ...rows].join("\n");
  const [, written = ""] = /<!-- settings -->\n([^]*?)\n<!-- \/settings -->/.exec(readme) ?? [];
  const plain = (text: string) => text.replaceAll(" ", "").replaceAll(/-+/g, "-");
  expect(plain(written.trim())).toBe(plain(table));
});

test("every picture the README shows is in the repository", async () => {
  const { existsSync } = await import("node:fs");
  const pictures = [...readme.matchAll(/\((docs\/[^)]+\.png)\)/g)].map(([, path]) => path!);
  expect(pictures.filter((path) => !existsSync(new URL(`../${path}`, import.meta.url)))).toEqual(
    [],
  );
});
