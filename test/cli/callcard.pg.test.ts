/** The command as people call it: a child process of whatever Node is on the machine. */
import { spawn } from "node:child_process";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { openStorage } from "../../server/storage/database.ts";
import { startEmbeddedPostgres } from "../../server/storage/embedded.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";

let database: TestDatabase;
let directory: string;
beforeAll(async () => {
  database = await testDatabase();
  directory = await mkdtemp(join(tmpdir(), "callcard-cli-"));
});
afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
  await database.drop();
});
beforeEach(async () => {
  for (const name of await readdir(directory)) await rm(join(directory, name), { recursive: true });
  await database.pool.query(
    "truncate customers, products, users, api_tokens, audit restart identity cascade",
  );
});

async function callcard(
  args: readonly string[],
  input = "",
  settings: Readonly<Record<string, string>> = { DATABASE_URL: database.url },
) {
  const program = join(import.meta.dirname, "../../bin/callcard.mjs");
  // The machine's own Node, not the pinned one that runs the tests.
  const path = (process.env["PATH"] ?? "")
    .split(":")
    .filter((one) => !one.includes("node_modules"));
  const child = spawn("node", [program, ...args], {
    cwd: directory,
    env: { PATH: path.join(":"), ...settings },
  });
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk) => (out += String(chunk)));
  child.stderr.on("data", (chunk) => (err += String(chunk)));
  child.stdin.end(input);
  const code = await new Promise<number | null>((resolve, reject) =>
    child.once("error", reject).once("close", resolve),
  );
  return { code, out, err };
}

const write = (name: string, content: string | Uint8Array) =>
  writeFile(join(directory, name), content);
const read = (name: string) => readFile(join(directory, name), "utf8");
async function names() {
  const found = await database.pool.query<{ name: string }>(
    "select name from customers order by id",
  );
  return found.rows.map((row) => row.name);
}
async function phones() {
  const found = await database.pool.query<{ e164: string }>(
    "select e164 from customer_phones order by 1",
  );
  return found.rows.map((row) => row.e164);
}

describe("import", () => {
  test("good lines are kept, bad ones are written beside with number and reason; exit code 1", async () => {
    await write(
      "customers.csv",
      [
        "\ufeffid;ФИО;Телефон;VIP;Цвет",
        '1;"Петрова; Мария";8 (913) 000-00-01;да;red',
        "2;Excel;7.9130000002E+10;;",
        '3;"never closed;8 913 000-00-03;;',
        "4;too;many;cells;in;this;line",
        "5;N\0L;89130000005;;",
        "6;lost \ufffd;89130000006;;",
        '7;<b onclick="x()">👩‍💻</b>;+7 913 000-00-07, +7 913 000-00-08;нет;',
        "8;=cmd|' /C calc'!A0;;;",
      ].join("\r\n"),
    );
    const { code, out, err } = await callcard(["import", "customers.csv"]);
    expect(err).toBe("");
    expect(code).toBe(1);
    expect(out).toMatch(/^8 customers read .*: 3 new, 0 changed, 0 unchanged, 5 refused\n/);
    expect(out).toContain("Columns not used: Цвет");
    expect(out).toContain("customers.rejected.csv");
    expect(await names()).toEqual([
      "Петрова; Мария",
      `<b onclick="x()">👩‍💻</b>`,
      "=cmd|' /C calc'!A0",
    ]);
    expect(await phones()).toEqual(["+79130000001", "+79130000007", "+79130000008"]);
    const rejected = (await read("customers.rejected.csv")).trimEnd().split("\n");
    expect(rejected[0]).toBe("\ufeffline;field;reason;id;ФИО;Телефон;VIP;Цвет");
    expect(rejected.slice(1).map((line) => line.split(";").slice(0, 2).join(" "))).toEqual([
      ...["3 phones[0]", "4 line", "5 line", "6 name", "7 line"],
    ]);
    expect(rejected[1]).toContain("spreadsheet");
  });

  test("the repaired file of refused lines can be imported as it is", async () => {
    await write("customers.csv", "id,name,phone\n1,A,nonsense\n2,B,89130000002\n");
    expect(await callcard(["import", "customers.csv"])).toMatchObject({ code: 1 });
    const repaired = (await read("customers.rejected.csv")).replace("A,nonsense", "A,89130000001");
    await write("customers.rejected.csv", repaired);
    const again = await callcard(["import", "customers.rejected.csv"]);
    expect(again).toMatchObject({ code: 0, err: "" });
    expect(await phones()).toEqual(["+79130000001", "+79130000002"]);
  });

  test("the same file again changes nothing; exit code 0", async () => {
    await write("customers.csv", "id,name,phone\n1,A,89130000001\n2,B,\n");
    expect(await callcard(["import", "customers.csv"])).toMatchObject({ code: 0 });
    const { code, out } = await callcard(["import", "customers.csv"]);
    expect(code).toBe(0);
    expect(out).toContain("0 new, 0 changed, 2 unchanged, 0 refused");
    expect(await readdir(directory)).toEqual(["customers.csv"]);
  });

  test("Windows-1251 and tabs", async () => {
    // "Анна" in Windows-1251.
    const anna = [0xc0, 0xed, 0xed, 0xe0];
    const text = (words: string) => [...Buffer.from(words, "ascii")];
    await write("list.tsv", Buffer.from([...text("id\tname\n1\t"), ...anna, ...text("\n")]));
    const wrong = await callcard(["import", "list.tsv", "--type", "customers"]);
    expect(wrong).toMatchObject({ code: 2 });
    expect(wrong.err).toContain("--encoding windows-1251");
    const args = ["import", "list.tsv", "--type", "customers", "--encoding", "windows-1251"];
    expect(await callcard(args)).toMatchObject({ code: 0 });
    expect(await names()).toEqual(["Анна"]);
  });

  test("customers, orders and products as NDJSON, with a source", async () => {
    const lines = (...records: unknown[]) =>
      records.map((one) => (typeof one === "string" ? one : JSON.stringify(one))).join("\n");
    await write("customers.ndjson", lines({ sourceId: "c1", name: "A" }, "", "{broken", "[]"));
    const customers = await callcard(["import", "customers.ndjson", "--source", "shop"]);
    expect(customers).toMatchObject({ code: 1 });
    const rejected = (await read("customers.rejected.ndjson")).trim().split("\n");
    expect(rejected.map((line) => JSON.parse(line) as unknown)).toEqual([
      { line: 3, field: "line", reason: "is not JSON", record: "{broken" },
      { line: 4, field: "record", reason: "must be object", record: [] },
    ]);
    const order = { customerSourceId: "c1", number: "7", currency: "RUB", placedAt: "2026-11-01" };
    await write(
      "orders.jsonl",
      lines(
        { ...order, sourceId: "o1", totalMinor: 100 },
        { ...order, sourceId: "o2", total: 5, customerSourceId: "nobody" },
      ),
    );
    const orders = await callcard(["import", "orders.jsonl", "--source", "shop"]);
    expect(orders.out).toContain("1 new, 0 changed, 0 unchanged, 1 refused");
    await write("products.csv", 'артикул,id,название,цена,валюта\nK-1,p1,Чайник,"1 990,00",RUB\n');
    expect(await callcard(["import", "products.csv"])).toMatchObject({ code: 0 });
    const products = await database.pool.query("select sku, name, price_minor from products");
    expect(products.rows).toEqual([{ sku: "K-1", name: "Чайник", price_minor: "199000" }]);
  });

  test("one huge line is refused and the rest is kept", async () => {
    await write("customers.csv", `id,name\n1,${"x".repeat(3_000_000)}\n2,B\n`);
    expect(await callcard(["import", "customers.csv"])).toMatchObject({ code: 1 });
    expect(await names()).toEqual(["B"]);
    expect(await read("customers.rejected.csv")).toContain("2,line,is too long");
  });

  test("many batches, duplicates across them and all", async () => {
    const rows = Array.from(
      { length: 25_000 },
      (_, n) => `${n % 24_000},N${n},8913${String(n % 24_000).padStart(7, "0")}`,
    );
    await write("customers.csv", `id,name,phone\n${rows.join("\n")}\n`);
    const { code, out } = await callcard(["import", "customers.csv"]);
    expect(code).toBe(0);
    expect(out).toContain("25,000 customers read");
    expect(out).toContain("24,000 new, 1,000 changed");
    expect(await phones()).toHaveLength(24_000);
  });

  test.each([
    [["import", "missing/customers.csv"], "there is no file"],
    [["import", "customers.csv", "--colour", "red"], "--colour"],
    [["dance"], 'no command "dance"'],
  ])("%j is a wrong call: exit code 2 and one line", async (args, words) => {
    const { code, err } = await callcard(args);
    expect(code).toBe(2);
    expect(err).toContain(words);
    expect(err.trim().split("\n")).toHaveLength(1);
  });

  test("what was imported stands in the audit", async () => {
    await write("customers.csv", "id,name\n1,A\n");
    await callcard(["import", "customers.csv"]);
    const audit = await database.pool.query("select actor, action, detail from audit");
    expect(audit.rows).toMatchObject([
      { actor: "command line", action: "customers.imported", detail: { records: 1, added: 1 } },
    ]);
  });
});

describe("people", () => {
  test("the first user added does not keep the admin from being made", async () => {
    const { code, out } = await callcard(
      ["user", "add", "maria", "--name", "Maria"],
      "secret-words\n",
    );
    expect(code).toBe(0);
    expect(out).toContain("admin can log in, password:");
    expect(out).not.toContain("secret-words");
    const list = await callcard(["user", "list"]);
    expect(list.out).toMatch(/^maria +Maria +operator +yes/m);
    expect(list.out).toMatch(/^admin +Admin +admin +yes/m);
  });

  test("a password can be set, and one is made when none is given", async () => {
    await callcard(["user", "add", "maria"], "secret-words\n");
    expect((await callcard(["user", "password", "maria"], "")).out).toMatch(
      /New password of maria: \S{8,}/,
    );
    expect(await callcard(["user", "password", "nobody"], "secret-words\n")).toMatchObject({
      code: 2,
      err: "callcard: there is no active user nobody\n",
    });
    expect(await callcard(["user", "add", "maria"], "secret-words\n")).toMatchObject({ code: 2 });
    expect(await callcard(["user", "add", "boris"], "short\n")).toMatchObject({ code: 2 });
    expect(
      await callcard(["user", "add", "boris", "--role", "integrator"], "secret-words\n"),
    ).toMatchObject({ code: 2 });
  });

  test("a token is shown once, listed without its secret, and revoked", async () => {
    const added = await callcard(["token", "add", "shop"]);
    expect(added.out).toMatch(/^cc_\S{40,}$/m);
    const secret = /cc_\S+/.exec(added.out)![0];
    const list = await callcard(["token", "list"]);
    expect(list.out).toMatch(/^1 +shop +integrator/m);
    expect(list.out).not.toContain(secret);
    expect(await callcard(["token", "revoke", "1"])).toMatchObject({ code: 0 });
    expect(await callcard(["token", "revoke", "99"])).toMatchObject({ code: 2 });
  });
});

test("help tells the commands", async () => {
  const { code, out } = await callcard(["help"]);
  expect(code).toBe(0);
  for (const command of ["import", "user add", "token add"])
    expect(out).toContain(`callcard ${command}`);
});

test("a database that cannot be reached is told in one line: exit code 3", async () => {
  await write("customers.csv", "id,name\n1,A\n");
  const program = join(import.meta.dirname, "../../bin/callcard.mjs");
  const child = spawn("node", [program, "import", "customers.csv"], {
    cwd: directory,
    env: { PATH: process.env["PATH"], DATABASE_URL: "postgres://nobody@127.0.0.1:1/none" },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let err = "";
  child.stderr.on("data", (chunk) => (err += String(chunk)));
  expect(await new Promise((resolve) => child.once("close", resolve))).toBe(3);
  expect(err).toMatch(/^callcard: .*ECONNREFUSED.*\n$/);
});

describe("the embedded PostgreSQL", () => {
  test("is started for the command and stopped after it, unless somebody else is using it", async () => {
    const data = join(directory, "data");
    const own = { DATA_DIR: data, DATABASE_URL: "" };
    expect(await callcard(["token", "add", "first"], "", own)).toMatchObject({ code: 0 });
    const pidFile = join(data, "postgres", "cluster", "postmaster.pid");
    await expect(readFile(pidFile)).rejects.toMatchObject({ code: "ENOENT" });

    const server = await startEmbeddedPostgres(join(data, "postgres"));
    const storage = openStorage(server.url, { maxConnections: 1 });
    try {
      await storage.pool.query("select 1");
      expect(await callcard(["token", "add", "second"], "", own)).toMatchObject({ code: 0 });
      const tokens = await storage.pool.query("select name from api_tokens order by id");
      expect(tokens.rows).toEqual([{ name: "first" }, { name: "second" }]);
    } finally {
      await storage.close();
      await server.stop();
    }
  });
});
