import { expect, test } from "vitest";
import { readMime } from "../../../server/followups/mail/mime.ts";

const letter = (...headers: string[]) =>
  readMime(["From: Anna <Anna@Mail.example>", ...headers, "", "text"].join("\r\n"), 5);

test.each([
  "Auto-Submitted: auto-replied (vacation)",
  "Precedence: bulk",
  "List-Id: <news.shop.example>",
  "List-Unsubscribe: <https://news.example/>",
  "Return-Path: <>",
  "Content-Type: multipart/report; report-type=delivery-status; boundary=x",
])("a letter with `%s` was written by a machine", async (header) => {
  expect((await letter(header)).isAutomatic).toBe(true);
});

test("a person's letter was not, and one without date or id is read all the same", async () => {
  expect(await letter("Auto-Submitted: no", "Return-Path: <anna@mail.example>")).toMatchObject({
    ...{ isAutomatic: false, from: "anna@mail.example", messageId: "", atMs: 5 },
  });
  expect(await readMime(Buffer.from([0, 255, 10, 13, 58]), 7)).toMatchObject({ from: "", atMs: 7 });
});
