/** Letters in MIME, as mailboxes and some services give them. */
import { type ParsedMail, simpleParser } from "mailparser";
import { isWrittenByMachine } from "./automatic.ts";
import type { Letter } from "./model.ts";

const MOST_ANSWERS = 50;

/** Never refuses: what cannot be read of it is empty. @param atMs when it came, for one that does not tell its time. */
export async function readMime(raw: Buffer | string, atMs: number): Promise<Letter> {
  const mail = await simpleParser(raw, {
    skipImageLinks: true,
    skipTextToHtml: true,
    maxHtmlLengthToParse: 1_000_000,
  });
  // As they were written: of some the parser makes something of its own.
  const headers = (name: string) => {
    const found = mail.headerLines.find(({ key }) => key === name)?.line ?? "";
    return found.slice(found.indexOf(":") + 1).trim();
  };
  const from = mail.from?.value[0];
  const references = [mail.references ?? [], mail.inReplyTo ?? []].flat();
  return {
    messageId: bareId(mail.messageId ?? ""),
    from: (from?.address ?? "").trim().toLowerCase(),
    fromName: from?.name ?? "",
    to: addressesOf(mail),
    subject: mail.subject ?? "",
    text: mail.text ?? "",
    answersTo: references.map(bareId).slice(-MOST_ANSWERS),
    files: [],
    fileNames: mail.attachments.map(({ filename }) => filename ?? "").filter((name) => name !== ""),
    atMs: mail.date === undefined || Number.isNaN(mail.date.getTime()) ? atMs : mail.date.getTime(),
    isAutomatic: isWrittenByMachine(headers),
  };
}

/** What a person reads of a page of HTML; links stay beside their words. */
export async function textOfHtml(html: string): Promise<string> {
  const encoded = Buffer.from(html).toString("base64");
  const part = `Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n`;
  const { text = "" } = await simpleParser(part + encoded, { skipTextToHtml: true });
  return text;
}

/** `<a@b>` -> `a@b` */
export function bareId(id: string): string {
  return id.trim().replace(/^<|>$/g, "");
}

function addressesOf(mail: ParsedMail): readonly string[] {
  const fields = [mail.to, mail.cc].flat().flatMap((field) => field?.value ?? []);
  return fields.map(({ address = "" }) => address.trim().toLowerCase()).filter((one) => one !== "");
}
