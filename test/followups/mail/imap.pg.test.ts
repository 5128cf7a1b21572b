/** Letters of a real mailbox (dovecot) into a real PostgreSQL: each once, whatever dies when. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { importCustomers } from "../../../server/customers/import.ts";
import { openClaims } from "../../../server/followups/claims/open.ts";
import { type Letters, openLetters } from "../../../server/followups/mail/imap/letters.ts";
import { saveRules } from "../../../server/followups/mail/settings.ts";
import { createLog } from "../../../server/http/log.ts";
import { createMetrics } from "../../../server/http/metrics.ts";
import type { ImapConfig } from "../../../server/imap-config.ts";
import { localBus } from "../../../server/storage/bus.ts";
import { type Dovecot, openDovecot } from "../../support/dovecot.ts";
import { type TestDatabase, testDatabase } from "../../support/postgres.ts";

let database: TestDatabase;
let server: Dovecot;
let mailbox: ImapConfig;
let open: Letters[];
let said: string;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.pool.query(
    "truncate customers, messages, mailboxes restart identity cascade; delete from installation where key = 'mail'",
  );
  const anna = { sourceId: "c1", name: "Анна", email: "anna@mail.example" };
  await importCustomers(database, [anna], { defaultRegion: "RU", source: "shop" });
  await saveRules(
    database.db,
    { complaintAddresses: [], complaintWords: ["сломан"], ownAddresses: [] },
    "test",
  );
  server = await openDovecot();
  open = [];
  said = "";
  const { ca, password, port, user } = server;
  mailbox = {
    ...{ host: "localhost", port, tls: "atOnce", user, password, folder: "INBOX", ca },
    whenTaken: { do: "seen" },
  };
});
afterEach(async () => {
  await Promise.all(open.map((letters) => letters.close()));
  await server.close();
  expect(said).not.toContain(server.password);
});

/** Looks on its own once an hour: what comes sooner was told by the server. */
function take(change: Partial<ImapConfig> = {}, everyMs = 3_600_000): Letters {
  const log = createLog({ level: "info", destination: { write: (line) => void (said += line) } });
  const bus = localBus(() => undefined);
  const letters = openLetters({
    claims: openClaims({ storage: database, bus, log, timeZone: "UTC" }),
    ...{ db: database.db, region: "RU", databaseUrl: database.url, log, everyMs, waitMs: 20 },
    mailbox: { ...mailbox, ...change },
  });
  open.push(letters);
  return letters;
}
const letter = (n: number, subject = `Письмо ${n}`) =>
  [
    ...["From: Anna <Anna@mail.example>", "To: info@shop.example", `Subject: ${encoded(subject)}`],
    ...[`Message-ID: <${n}@mail.example>`, "Date: Sun, 22 Nov 2026 10:00:00 +0000"],
    ...["Content-Type: text/plain; charset=utf-8", "", "Здравствуйте", ""],
  ].join("\r\n");
const encoded = (text: string) => `=?utf-8?B?${Buffer.from(text).toString("base64")}?=`;
const rows = async (text: string) =>
  (await database.pool.query<Record<string, unknown>>(text)).rows;
const subjects = async () =>
  (await rows("select subject from messages order by id")).map((row) => row["subject"]);
const inFolder = (folder: string, which = "all") =>
  server
    .admin("search", "-u", server.user, "mailbox", folder, which)
    .split("\n")
    .filter((line) => line !== "").length;
const connected = (letters: Letters) =>
  expect.poll(() => letters.state().detail).toBe("letters are taken");

test("a letter is taken as soon as it comes, becomes a claim and is marked as read", async () => {
  await connected(take());
  server.deliver(letter(1, "Пришёл сломанный"));
  await expect
    .poll(() => rows("select subject, customer_id from claims"))
    .toEqual([{ subject: "Пришёл сломанный", customer_id: "1" }]);
  await expect.poll(() => inFolder("INBOX", "seen")).toBe(1);
});

test("a server that tells of nothing is asked", async () => {
  await server.close();
  server = await openDovecot("IMAP4rev1 SASL-IR AUTH=PLAIN");
  mailbox = { ...mailbox, ca: server.ca, port: server.port, password: server.password };
  await connected(take({ whenTaken: { do: "move", folder: "Taken" } }, 100));
  server.deliver(letter(1));
  await expect.poll(subjects).toEqual(["Письмо 1"]);
  await expect.poll(() => inFolder("INBOX")).toBe(0);
});

test("of the letters that were there before, only those nobody read are taken; later ones whoever read them", async () => {
  for (const n of [1, 2, 3]) server.deliver(letter(n));
  server.admin("flags", "add", "-u", server.user, "\\Seen", "mailbox", "INBOX", "uid", "1,3");
  await connected(take({ whenTaken: { do: "leave" } }));
  expect(await subjects()).toEqual(["Письмо 2"]);
  await open.pop()!.close();
  server.deliver(letter(4));
  server.admin("flags", "add", "-u", server.user, "\\Seen", "mailbox", "INBOX", "uid", "4");
  await connected(take({ whenTaken: { do: "leave" } }));
  expect(await subjects()).toEqual(["Письмо 2", "Письмо 4"]);
  expect(inFolder("INBOX", "unseen")).toBe(1);
});

test("letters that were taken go where they are told to", async () => {
  server.deliver(letter(1));
  server.deliver(letter(2));
  await connected(take({ whenTaken: { do: "move", folder: "Taken/Here" } }));
  expect(await subjects()).toHaveLength(2);
  expect([inFolder("INBOX"), inFolder("Taken/Here")]).toEqual([0, 2]);
  await open.pop()!.close();
  server.deliver(letter(3));
  await connected(take({ whenTaken: { do: "delete" } }));
  expect(await subjects()).toHaveLength(3);
  expect(inFolder("INBOX")).toBe(0);
});

test("STARTTLS is taken too", async () => {
  server.deliver(letter(1));
  await connected(take({ tls: "startTls", port: server.startTlsPort }));
  expect(await subjects()).toEqual(["Письмо 1"]);
});

test("a server that nobody vouches for, a refused login and a folder that is not there are told in words", async () => {
  const { ca: _, ...unknown } = mailbox;
  for (const [change, words] of [
    [
      { ...unknown, ca: undefined as never },
      /wait in the mailbox: nobody trusted vouches for the server/,
    ],
    [{ password: "another" }, /wait in the mailbox: the login is refused$/],
    [{ folder: "None" }, /wait in the mailbox: there is no such folder$/],
  ] as const) {
    const letters = take(change);
    await expect.poll(() => letters.state().detail).toMatch(words);
    expect(letters.state().ok).toBe(true);
    await letters.close();
  }
  expect(await subjects()).toEqual([]);
});

test("however often the process is killed, every letter is taken once and marked", async () => {
  const count = 32;
  for (let n = 0; n < count; n += 1) server.deliver(letter(n, "Сломан"));
  const seen: number[] = [];
  for (let kills = 0; inFolder("INBOX", "unseen") > 0; kills += 1) {
    const child = spawn(
      process.execPath,
      [
        new URL("letters-process.ts", import.meta.url).pathname,
        database.url,
        JSON.stringify(mailbox),
      ],
      { stdio: ["ignore", "ignore", "inherit"] },
    );
    const before = seen.at(-1) ?? 0;
    const wanted = Math.min(count, before + 4 + (kills % 5));
    const soFar = async () =>
      Number((await rows("select count(*)::int as n from messages"))[0]!["n"]);
    while ((await soFar()) < wanted) await sleep(3);
    // The last one is let to mark them: all are taken, and it would be killed before it began for ever.
    if (wanted === count) while (inFolder("INBOX", "unseen") > 0) await sleep(50);
    child.kill("SIGKILL");
    await once(child, "exit");
    seen.push(await soFar());
  }
  expect(seen.length).toBeGreaterThan(5);
  expect(await subjects()).toHaveLength(count);
  // Five complaints in an hour become claims, the others wait for a person: none twice, none forgotten.
  expect(
    await rows("select waits_because, count(*)::int as n from messages group by 1 order by 1"),
  ).toEqual([
    { waits_because: "", n: 5 },
    { waits_because: "tooMany", n: count - 5 },
  ]);
  expect(await rows("select count(*)::int as n from claims")).toEqual([{ n: 5 }]);
});

test("a letter the server does not give waits for a person, and those after it are taken", async () => {
  server.deliver(letter(1));
  server.deliver(letter(2, "Не даётся"));
  server.deliver(letter(3));
  server.hide(2);
  const letters = take();
  await connected(letters);
  expect(
    await rows("select subject, waits_because, settled_at, text from messages order by at, id"),
  ).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ subject: "Письмо 1", waits_because: "" }),
      expect.objectContaining({ subject: "Письмо 3", waits_because: "" }),
      expect.objectContaining({
        ...{ waits_because: "unreadable", settled_at: null },
        text: "INBOX, UID 2: the mail server does not give it",
      }),
    ]),
  );
  const metrics = createMetrics();
  letters.expose(metrics);
  expect(await metrics.text()).toContain('callcard_mail_taken_total{kind="unreadable"} 1');
});

test("a server that goes and comes again is found again, and nothing is taken twice", async () => {
  const letters = take();
  await connected(letters);
  await server.stop();
  await expect.poll(() => letters.state().detail).toMatch(/^letters wait in the mailbox: /);
  const metrics = createMetrics();
  letters.expose(metrics);
  expect(await metrics.text()).toContain("callcard_mail_connected 0");
  await server.start();
  server.deliver(letter(1));
  await expect.poll(subjects).toEqual(["Письмо 1"]);
  await connected(letters);
  expect(await metrics.text()).toContain("callcard_mail_connected 1");
});

test("a server that numbers its letters anew has none taken again", async () => {
  server.deliver(letter(1));
  await connected(take());
  await open.pop()!.close();
  server.admin("mailbox", "update", "-u", server.user, "--uid-validity", "7", "INBOX");
  server.deliver(letter(2));
  await connected(take());
  expect(await subjects()).toEqual(["Письмо 1", "Письмо 2"]);
  expect(await rows("select uid_validity, last_uid from mailboxes")).toEqual([
    { uid_validity: "7", last_uid: "2" },
  ]);
});

test("of two processes one reads; when it ends the other goes on", async () => {
  const one = take();
  await connected(one);
  const other = take();
  await sleep(300);
  expect(other.state().detail).toBe("another process reads the mailbox");
  await one.close();
  await connected(other);
  server.deliver(letter(1));
  await expect.poll(subjects).toEqual(["Письмо 1"]);
});
