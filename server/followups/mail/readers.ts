/** Letters as services hand them over: our own JSON, forms as Mailgun and SendGrid post them, and plain MIME. */
import { createHmac, timingSafeEqual } from "node:crypto";
import { Type } from "typebox";
import { Compile } from "typebox/compile";
import { isWrittenByMachine } from "./automatic.ts";
import { bareId, readMime, textOfHtml } from "./mime.ts";
import { type Letter, LetterError } from "./model.ts";

export const SERVICE_KINDS = ["json", "mailgun", "sendgrid", "mime"] as const;
export type ServiceKind = (typeof SERVICE_KINDS)[number];

const short = Type.Optional(Type.String({ maxLength: 2000 }));
/** What a program of one's own sends. */
export const JsonLetter = Type.Object(
  {
    messageId: short,
    from: Type.String({ minLength: 3, maxLength: 500, description: "`Anna <anna@mail.example>`" }),
    to: Type.Optional(Type.Array(Type.String({ maxLength: 500 }), { maxItems: 100 })),
    subject: short,
    text: Type.Optional(Type.String({ maxLength: 1_000_000 })),
    html: Type.Optional(
      Type.String({ maxLength: 1_000_000, description: "When there is no text" }),
    ),
    at: Type.Optional(Type.String({ maxLength: 64, description: "ISO date-time" })),
    inReplyTo: short,
    headers: Type.Optional(Type.Record(Type.String(), Type.String())),
    files: Type.Optional(
      Type.Array(Type.String({ maxLength: 2000 }), { maxItems: 50, description: "Links" }),
    ),
  },
  { additionalProperties: false },
);
const jsonShape = Compile(JsonLetter);

/** @throws LetterError naming the field. @param nowMs when it came. */
export async function readJson(body: string, nowMs: number): Promise<Letter> {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw new LetterError("body", "is not valid JSON");
  }
  if (!jsonShape.Check(value)) {
    const first = jsonShape.Errors(value)[0];
    const field = first?.instancePath.slice(1).replaceAll("/", ".") ?? "";
    throw new LetterError(field === "" ? "body" : field, first?.message ?? "is not a letter");
  }
  const { at } = value;
  const atMs = at === undefined ? nowMs : Date.parse(at);
  if (Number.isNaN(atMs)) throw new LetterError("at", "is not a time");
  const headers = new Map(
    Object.entries(value.headers ?? {}).map(([name, text]) => [name.toLowerCase(), text]),
  );
  return {
    ...signed(value.from),
    messageId: bareId(value.messageId ?? headers.get("message-id") ?? ""),
    to: (value.to ?? []).map(addressOf),
    subject: value.subject ?? "",
    text: await wordsOf(value.text, value.html),
    answersTo: idsIn(value.inReplyTo ?? "", headers.get("references") ?? ""),
    ...{ files: value.files ?? [], fileNames: [], atMs },
    isAutomatic: isMachine(headers, value.from),
  };
}

/** The form a service posts. @throws LetterError naming the field. */
export async function readForm(
  kind: "mailgun" | "sendgrid",
  form: FormData,
  nowMs: number,
): Promise<Letter> {
  const field = (...names: string[]) => {
    for (const name of names) {
      const value = form.get(name);
      if (typeof value === "string" && value !== "") return value;
    }
    return "";
  };
  // Both may be told to send the letter as it was written.
  const raw = kind === "mailgun" ? field("body-mime") : field("email");
  if (raw !== "") return readMime(raw, nowMs);
  const headers = kind === "mailgun" ? mailgunHeaders(field) : headerLines(field("headers"));
  const from = field("from", "From", "sender");
  if (from === "") throw new LetterError("from", "is missing");
  const stamp = Number(field("timestamp"));
  const dated = Date.parse(headers.get("date") ?? "");
  const files = [...form.values()].filter((value) => value instanceof File);
  return {
    ...signed(from),
    messageId: bareId(field("Message-Id", "message-id") || (headers.get("message-id") ?? "")),
    to: field("recipient", "to", "To").split(",").map(addressOf),
    subject: field("subject", "Subject"),
    text: await wordsOf(field("body-plain", "text"), field("body-html", "html")),
    answersTo: idsIn(headers.get("in-reply-to") ?? "", headers.get("references") ?? ""),
    ...{ files: [], fileNames: files.map(({ name }) => name) },
    atMs: !Number.isNaN(dated) ? dated : stamp > 0 ? stamp * 1000 : nowMs,
    isAutomatic: isMachine(headers, from),
  };
}

/** Whether Mailgun signed it with this key, within a quarter of an hour. */
export function isMailgunSigned(form: FormData, key: string, nowMs: number): boolean {
  const field = (name: string) => {
    const value = form.get(name);
    return typeof value === "string" ? value : "";
  };
  const [timestamp, token, signature] = [field("timestamp"), field("token"), field("signature")];
  if (!/^\d{1,12}$/.test(timestamp) || Math.abs(nowMs / 1000 - Number(timestamp)) > 900)
    return false;
  if (!/^[0-9a-f]{64}$/i.test(signature)) return false;
  const expected = createHmac("sha256", key)
    .update(timestamp + token)
    .digest();
  return timingSafeEqual(expected, Buffer.from(signature, "hex"));
}

async function wordsOf(text: string | undefined, html: string | undefined): Promise<string> {
  if (text !== undefined && text.trim() !== "") return text;
  return html === undefined || html === "" ? "" : textOfHtml(html);
}

function signed(from: string): Pick<Letter, "from" | "fromName"> {
  const name = /^\s*"?([^"<]*?)"?\s*</.exec(from)?.[1] ?? "";
  return { from: addressOf(from), fromName: name };
}

/** `Anna <A@b.example>` -> `a@b.example` */
function addressOf(text: string): string {
  const angled = /<([^<>]*)>\s*$/.exec(text.trim());
  return (angled?.[1] ?? text).trim().toLowerCase();
}

function idsIn(...texts: readonly string[]): readonly string[] {
  return texts
    .flatMap((text) => text.split(/[\s,]+/))
    .map(bareId)
    .filter((id) => id !== "")
    .slice(-50);
}

function isMachine(headers: ReadonlyMap<string, string>, from: string): boolean {
  return isWrittenByMachine((name) => headers.get(name) ?? (name === "from" ? from : ""));
}

/** `[["Subject", "..."], ...]` */
function mailgunHeaders(field: (name: string) => string): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  try {
    const pairs: unknown = JSON.parse(field("message-headers") || "[]");
    if (Array.isArray(pairs))
      for (const pair of pairs as unknown[])
        if (Array.isArray(pair)) headers.set(String(pair[0]).toLowerCase(), String(pair[1]));
  } catch {
    // Of headers that cannot be read nothing is known; the letter is taken all the same.
  }
  return headers;
}

function headerLines(text: string): ReadonlyMap<string, string> {
  const lines = text.replace(/\r?\n[ \t]+/g, " ").split(/\r?\n/);
  return new Map(
    lines.flatMap((line) => {
      const colon = line.indexOf(":");
      return colon < 1
        ? []
        : [[line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const];
    }),
  );
}
