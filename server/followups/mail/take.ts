/** A letter is taken: kept once, matched, and a claim, or something a person has to look at, in one transaction. */
import { createHash, randomUUID } from "node:crypto";
import type { CountryCode } from "libphonenumber-js/max";
import { sql } from "kysely";
import type { Database } from "../../storage/database.ts";
import type { Claim } from "../model.ts";
import { MOST_PHOTOS, MOST_TEXT, linkOf } from "../claims/file.ts";
import type { ClaimsBook } from "../claims/open.ts";
import { matchLetter } from "./match.ts";
import type { Letter, MailSettings, Taken } from "./model.ts";
import { storable } from "./text.ts";

export type TakeParts = {
  readonly db: Database;
  readonly claims: Pick<ClaimsBook, "fileIn" | "changed">;
  readonly region: CountryCode;
};

/** `source` of letters, however they came: one that comes by two ways is one. */
export const MAIL = "mail";
const LONGEST_TEXT = 20_000;
const LONGEST_SUBJECT = 500;
const MOST_LINKS = 50;
/** Somebody who writes more complaints than this in an hour is a machine, or needs a person. */
const CLAIMS_IN_AN_HOUR = 5;

/** The same letter again changes nothing. @throws only when PostgreSQL fails: then the letter must come again. */
export async function takeLetter(
  { db, claims, region }: TakeParts,
  letter: Letter,
  settings: MailSettings,
): Promise<Taken> {
  const sourceId = idOf(letter);
  const subject = storable(letter.subject).replace(/\s+/g, " ").slice(0, LONGEST_SUBJECT);
  const words = storable(letter.text);
  const files = letter.fileNames
    .map((name) => `[${storable(name).slice(0, 200)}]`)
    .slice(0, MOST_LINKS);
  const text = cut([words.slice(0, LONGEST_TEXT), ...files].join("\n").trim(), LONGEST_TEXT);
  const links = linksOf(letter.files, words);
  const { taken, claim } = await db.transaction().execute(async (trx) => {
    const known = {
      taken: { messageId: sourceId, outcome: "known", claimNumber: "" },
      claim: null,
    };
    const row = await trx
      .insertInto("messages")
      .values({
        ...{ source: MAIL, source_id: sourceId, direction: "in", channel: "email" },
        ...{ party: storable(letter.from).slice(0, 254), subject, text, links },
        at: new Date(Math.min(letter.atMs, Date.now())),
      })
      .onConflict((conflict) => conflict.columns(["source", "source_id"]).doNothing())
      .returning("id")
      .executeTakeFirst();
    if (row === undefined) return known as { taken: Taken; claim: Claim | null };
    const match = await matchLetter(trx, letter, region);
    const isOurs =
      settings.ownAddresses.includes(letter.from) ||
      settings.complaintAddresses.includes(letter.from);
    const isQuiet = letter.isAutomatic || isOurs;
    let claim: Claim | null = null;
    let waitsBecause = "";
    if (!isQuiet && match.customerId === null)
      waitsBecause = match.isAmbiguous ? "ambiguous" : "unmatched";
    else if (!isQuiet && match.claimId === null && isComplaint(letter, settings)) {
      if (await isFlood(trx, letter.from)) waitsBecause = "tooMany";
      else
        claim = await complain(
          trx,
          claims,
          match.customerId!,
          match.orderId,
          letter,
          subject,
          text,
        );
    }
    await trx
      .updateTable("messages")
      .set({
        ...{ customer_id: match.customerId, order_id: match.orderId },
        claim_id: claim?.id ?? match.claimId,
        ...{ waits_because: waitsBecause, settled_at: waitsBecause === "" ? new Date() : null },
      })
      .where("id", "=", row.id)
      .execute();
    const outcome = claim !== null ? "claim" : waitsBecause !== "" ? "waits" : "kept";
    const taken: Taken = { messageId: sourceId, outcome, claimNumber: claim?.number ?? "" };
    return { taken, claim };
  });
  if (claim !== null) claims.changed(claim);
  return taken;
}

async function complain(
  trx: Database,
  claims: Pick<ClaimsBook, "fileIn">,
  customerId: string,
  orderId: string | null,
  letter: Letter,
  subject: string,
  text: string,
): Promise<Claim> {
  const photos = linksOf(letter.files, "").slice(0, MOST_PHOTOS);
  const { claim } = await claims.fileIn(trx, {
    ...{ id: randomUUID(), customerId, orderId, line: null, kind: "other", wish: "" },
    ...{ subject, text: cut(text, MOST_TEXT), photos, userId: null, callId: "", by: letter.from },
  });
  return claim;
}

/** By the admin's rule. */
export function isComplaint(
  letter: Pick<Letter, "to" | "subject" | "text">,
  settings: MailSettings,
): boolean {
  if (letter.to.some((address) => settings.complaintAddresses.includes(address))) return true;
  const plain = (text: string) => text.toLowerCase().replaceAll("ё", "е");
  const text = plain(`${letter.subject}\n${withoutQuotes(letter.text)}`);
  return settings.complaintWords.some((word) => text.includes(plain(word)));
}

/** What somebody else wrote and this letter answers to is not this person's complaint. */
function withoutQuotes(text: string): string {
  return text
    .split("\n")
    .filter((line) => !line.startsWith(">"))
    .join("\n");
}

async function isFlood(trx: Database, from: string): Promise<boolean> {
  // One after the other, so that letters that come at once are counted.
  await sql`select pg_advisory_xact_lock(hashtext('callcard.mail'), hashtext(${from}))`.execute(
    trx,
  );
  const { rows } = await sql<{ n: number }>`
    select count(*)::int as n from messages
    where party = ${from} and claim_id is not null and received_at > now() - interval '1 hour'`.execute(
    trx,
  );
  return (rows[0]?.n ?? 0) >= CLAIMS_IN_AN_HOUR;
}

/** Of one without a Message-ID: the same words of the same person at the same time are the same letter. */
function idOf(letter: Letter): string {
  const id = storable(letter.messageId);
  if (id !== "" && id.length <= 400) return id;
  const { from, subject, text, atMs } = letter;
  return createHash("sha256")
    .update(JSON.stringify([id, from, subject, text, id === "" ? atMs : 0]))
    .digest("hex");
}

function linksOf(files: readonly string[], text: string): string[] {
  const found = new Set<string>();
  const written = text.match(/https?:\/\/[^\s<>"'\])]+/gi) ?? [];
  for (const link of [...files, ...written.map((one) => one.replace(/[.,;:!?]+$/, ""))]) {
    const safe = linkOf(link);
    if (safe !== null) found.add(safe);
    if (found.size >= MOST_LINKS) break;
  }
  return [...found];
}

/** A pair of surrogates is not cut in two. */
function cut(text: string, length: number): string {
  return text.length <= length ? text : text.slice(0, length).replace(/[\u{D800}-\u{DBFF}]$/u, "");
}
