import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

const folder = join(import.meta.dirname, "../../asterisk-config");
const read = (path: string): string => readFileSync(join(folder, path), "utf8");
const files = ["vanilla", "freepbx"].flatMap((kind) =>
  readdirSync(join(folder, kind), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".conf"))
    .map((name) => join(kind, name)),
);

/** The lines that Asterisk reads: no comments, no empty ones. */
function effective(path: string): string[] {
  return read(path)
    .split("\n")
    .filter((line) => line.trim() !== "" && !line.startsWith(";"));
}

describe("the files an integrator adds", () => {
  test.each(files)("the README explains every line of %s", (path) => {
    const readme = read("README.md");
    for (const line of effective(path)) {
      const word = line.startsWith("[")
        ? /^\[[\w-]+\]/.exec(line)?.[0]
        : path.includes("extensions")
          ? /_\[\+0-9\]\.|Goto\(from-internal|UserEvent\(|Return\(\)/.exec(line)?.[0]
          : line.split("=")[0]?.trim();
      // [general](+) is only where the next lines go.
      if (word !== "[general]") expect(readme).toContain(word);
    }
  });

  test("the manager user is the same for vanilla and FreePBX", () => {
    expect(effective("freepbx/manager_custom.conf")).toEqual(
      effective("vanilla/manager.d/callcard.conf"),
    );
  });

  test("the dialplan is the same for vanilla and FreePBX", () => {
    expect(effective("freepbx/extensions_custom.conf")).toEqual(
      effective("vanilla/extensions_callcard.conf"),
    );
  });

  test("no secret is shipped, only the word that must be changed", () => {
    for (const path of files)
      for (const line of effective(path))
        if (line.startsWith("secret")) expect(line).toBe("secret = CHANGE-ME");
  });

  test("the user has no right that gives the machine away", () => {
    const rights = effective("vanilla/manager.d/callcard.conf").find((line) =>
      line.startsWith("write ="),
    );
    for (const right of ["system", "command", "config", "all", "agi", "user"])
      expect(rights).not.toMatch(new RegExp(`\\b${right}\\b`));
  });
});
