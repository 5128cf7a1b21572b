import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { parseConfig } from "../server/config.ts";

const directory = mkdtempSync(join(tmpdir(), "callcard-imap-"));
afterAll(() => rmSync(directory, { recursive: true }));
const file = (name: string, text: string) => {
  writeFileSync(join(directory, name), text);
  return join(directory, name);
};
const mailbox = {
  IMAP_URL: "imaps://claims%40shop.example@imap.shop.example",
  IMAP_PASSWORD: "open sesame",
};
const imap = (env: Record<string, string>) => parseConfig(env, null).imap;

test("without an address no mailbox is read", () => {
  expect(imap({})).toBeNull();
});

test("a mailbox needs its address and password alone", () => {
  expect(imap(mailbox)).toEqual({
    ...{ host: "imap.shop.example", port: 993, tls: "atOnce", user: "claims@shop.example" },
    ...{ password: "open sesame", folder: "INBOX", whenTaken: { do: "seen" } },
  });
});

test("the password may stand in a file, the port, folder and authority be others", () => {
  const env = {
    IMAP_URL: "imap://anna@[::1]:1143",
    IMAP_PASSWORD_FILE: file("password", "open sesame\n"),
    IMAP_FOLDER: "Claims/New",
    IMAP_TAKEN: "move: Claims/Taken",
    IMAP_TLS_CA: file("ca.pem", "PEM"),
  };
  expect(imap(env)).toEqual({
    ...{ host: "::1", port: 1143, tls: "startTls", user: "anna", password: "open sesame" },
    ...{ folder: "Claims/New", whenTaken: { do: "move", folder: "Claims/Taken" }, ca: "PEM" },
  });
});

test.each([
  [{ ...mailbox, IMAP_URL: "pop3://anna@host" }, /^IMAP_URL: .*imaps:\/\/user@host/],
  [{ ...mailbox, IMAP_URL: "imaps://host" }, /^IMAP_URL: /],
  [{ ...mailbox, IMAP_URL: "imaps://anna:open%20sesame@host" }, /^IMAP_URL: .*without a password/],
  [{ ...mailbox, IMAP_URL: "imaps://anna@host/INBOX" }, /^IMAP_URL: /],
  [{ ...mailbox, IMAP_PASSWORD: "" }, /^IMAP_PASSWORD: empty/],
  [{ ...mailbox, IMAP_PASSWORD_FILE: "p" }, /^IMAP_PASSWORD_FILE: .*empty when IMAP_PASSWORD/],
  [
    { ...mailbox, IMAP_PASSWORD: "", IMAP_PASSWORD_FILE: join(directory, "none") },
    /^IMAP_PASSWORD_FILE: .*readable file/,
  ],
  [{ ...mailbox, IMAP_TAKEN: "archive" }, /^IMAP_TAKEN: "archive".*leave, seen, delete or move/],
  [{ ...mailbox, IMAP_TAKEN: "move:" }, /^IMAP_TAKEN: /],
  [{ ...mailbox, IMAP_TAKEN: "move:INBOX" }, /^IMAP_TAKEN: .*another folder/],
  [{ ...mailbox, IMAP_TLS_CA: join(directory, "none") }, /^IMAP_TLS_CA: .*readable PEM/],
])("a mailbox that cannot be read stops the start with its setting: %#", (env, message) => {
  expect(() => imap(env)).toThrow(message);
  expect(() => imap(env)).not.toThrow(/sesame/);
});
