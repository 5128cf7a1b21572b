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

/** What a line of dialplan is known by: the variable or function it sets, else the extension or application. */
function dialplanWord(line: string): string {
  if (line.startsWith("exten => _[")) return "_[+0-9].";
  const [, step = ""] = /^(?:exten => [^,]+,1| same => n(?:\(\w+\))?),(.*)$/.exec(line) ?? [];
  const [, set] = /^Set\(_*((?:CURLOPT|CHANNEL)\(\w+\)|(?:LOCAL\()?\w+\)?)=/.exec(step) ?? [];
  return set?.replace(/^LOCAL\((\w+)\)$/, "$1") ?? /^\w+\(/.exec(step)?.[0] ?? line;
}

/** The lines of some contexts. */
function contexts(path: string, ...names: readonly string[]): string[] {
  let inside = false;
  return effective(path).filter((line) => {
    if (line.startsWith("[")) inside = names.some((name) => line === `[${name}]`);
    return inside;
  });
}

describe("the files an integrator adds", () => {
  test.each(files)("the README explains every line of %s", (path) => {
    const readme = read("README.md");
    for (const line of effective(path)) {
      const word = line.startsWith("[")
        ? /^\[[\w-]+\]/.exec(line)?.[0]
        : path.includes("extensions")
          ? dialplanWord(line)
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

  test("the dialplan is the same for vanilla and FreePBX but for the way into the queue", () => {
    const same = [
      ...["callcard-dial", "callcard-queue-left", "callcard-rating"],
      ...["callcard-before-queue", "callcard-preferred"],
    ];
    const vanilla = contexts("vanilla/extensions_callcard.conf", ...same);
    expect(vanilla.filter((line) => line.startsWith("["))).toHaveLength(5);
    expect(contexts("freepbx/extensions_custom.conf", ...same)).toEqual(vanilla);
  });

  test("whatever may be changed for a PBX stands in three lines of their own", () => {
    for (const path of ["vanilla/extensions_callcard.conf", "freepbx/extensions_custom.conf"])
      expect(contexts(path, "callcard-before-queue").slice(1, 4)).toEqual([
        "exten => s,1,Set(LOCAL(url)=http://127.0.0.1:3000)",
        " same => n,Set(LOCAL(token)=CHANGE-ME)",
        " same => n,Set(LOCAL(limit)=0.4)",
      ]);
  });

  test("no secret is shipped, only the word that must be changed", () => {
    for (const path of files)
      for (const line of effective(path))
        if (line.startsWith("secret")) expect(line).toBe("secret = CHANGE-ME");
        else if (line.includes("(token)=")) expect(line).toMatch(/=CHANGE-ME\)$/);
  });

  test("the user has no right that gives the machine away", () => {
    const rights = effective("vanilla/manager.d/callcard.conf").find((line) =>
      line.startsWith("write ="),
    );
    for (const right of ["system", "command", "config", "all", "agi", "user"])
      expect(rights).not.toMatch(new RegExp(`\\b${right}\\b`));
  });
});
