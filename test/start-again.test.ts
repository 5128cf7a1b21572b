import { expect, test } from "vitest";
import { ConfigError } from "../server/setting.ts";
import { startAgain } from "../server/start-again.ts";

const refused = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
const quick = { pauseMs: 1, giveUpAfterMs: 10_000 };

test("what comes of PostgreSQL's absence is tried again, told each time", async () => {
  const said: string[] = [];
  const failures = [
    new ConfigError("DATABASE_URL", null, "a PostgreSQL that answers", refused),
    new Error("timeout exceeded when trying to connect"),
  ];
  const found = await startAgain(
    async () => {
      const failure = failures.shift();
      if (failure) throw failure;
      return "serves";
    },
    { ...quick, say: (line) => said.push(line) },
  );
  expect(found).toBe("serves");
  expect(said).toEqual([
    expect.stringMatching(/^DATABASE_URL: .*PostgreSQL is waited for\.$/),
    expect.stringMatching(/^timeout exceeded .*PostgreSQL is waited for\.$/),
  ]);
});

test.each([
  ["a wrong password", Object.assign(new Error("no"), { code: "28P01" })],
  ["a wrong setting", new ConfigError("PORT", "x", "a port")],
  ["a mistake of ours", new TypeError("x is not a function")],
])("%s ends the start at once", async (_, failure) => {
  let tries = 0;
  const starting = startAgain(
    async () => {
      tries += 1;
      throw failure;
    },
    { ...quick, say: () => undefined },
  );
  await expect(starting).rejects.toBe(failure);
  expect(tries).toBe(1);
});

test("whoever looks after the process hears of a PostgreSQL that stays away", async () => {
  const starting = startAgain(
    async () => {
      throw refused;
    },
    { pauseMs: 5, giveUpAfterMs: 20, say: () => undefined },
  );
  await expect(starting).rejects.toBe(refused);
});
