/**
 * After a call whoever was talked to is asked by message how it was: a webhook `rating.wanted` with a link and words, for the shop's own
 * messenger or SMS gateway. Who takes over from another process may ask again for the same call: nobody is asked twice.
 */
import { sql } from "kysely";
import type { Call } from "../../../calls/model.ts";
import type { Database } from "../../../storage/database.ts";
import { writeWebhooks } from "../../../webhooks/write.ts";
import { TOKEN_TTL_MS, tokenSecret, writeToken } from "../token.ts";
import { languageOf, languageOfPhone } from "./language.ts";
import { type AskingSettings, readAsking } from "./settings.ts";
import { MESSAGE } from "./words.ts";

/** A call that ended. */
export type EndedCall = {
  readonly call: Call;
  /** E.164; null: withheld, or no number. */
  readonly phone: string | null;
  readonly customerId: string | null;
};

/** Why nobody is asked. */
export type NotAsked = "off" | "notAnswered" | "short" | "otherQueue" | "noNumber";

/** What can be told without looking anything up. Null: they may be asked. */
export function whyNotAsked(
  { call, phone }: Pick<EndedCall, "call" | "phone">,
  settings: AskingSettings,
): NotAsked | null {
  if (!settings.enabled) return "off";
  if (call.direction === "internal" || call.talks.length === 0) return "notAnswered";
  if (call.endedHow === "merged" || call.endedHow === "lostSight") return "notAnswered";
  // Calls that we make are answered when the other side is, whoever of us was first.
  const endedAtMs = call.endedAtMs ?? call.startedAtMs;
  const talkedMs = call.talks.reduce(
    (sum, talk) => sum + Math.max(0, (talk.endedAtMs ?? endedAtMs) - talk.startedAtMs),
    0,
  );
  if (talkedMs < settings.leastTalkSeconds * 1000) return "short";
  if (settings.queues.length > 0 && !settings.queues.includes(queueOf(call))) return "otherQueue";
  return phone === null ? "noNumber" : null;
}

/**
 * @param publicUrl where links lead; "" : nobody is asked.
 * @returns whether a message was asked for now. @throws what PostgreSQL throws; then nothing was written.
 */
export async function askByMessage(
  db: Database,
  publicUrl: string,
  ended: EndedCall,
  nowMs: number,
): Promise<boolean> {
  const { call, phone, customerId } = ended;
  const settings = await readAsking(db);
  if (publicUrl === "" || phone === null || whyNotAsked(ended, settings) !== null) return false;
  const secret = await tokenSecret(db);
  return db.transaction().execute(async (trx) => {
    // Two calls of one person may end at the same moment.
    await sql`select pg_advisory_xact_lock(hashtextextended(${`rating of ${phone}`}, 0))`.execute(
      trx,
    );
    const since = new Date(nowMs - settings.quietDays * 86_400_000);
    const { rows: free } = await sql`
      select where not exists (select from rating_asks where call_id = ${call.id})
        and not exists (select from rating_asks where phone = ${phone} and asked_at > ${since})
        and not exists (select from ratings where call_id = ${call.id})
        and not exists (select from do_not_call where phone = ${phone})`.execute(trx);
    if (free.length === 0) return false;
    const { rows } = await sql<{
      source: string;
      source_id: string;
      name: string;
      language: string;
    }>`select source, source_id, name, language from customers where id = ${customerId}::bigint`.execute(
      trx,
    );
    const customer = rows[0];
    const expiresAtMs = nowMs + TOKEN_TTL_MS;
    const link = `${publicUrl}/rate/${writeToken(secret, call.id, expiresAtMs)}`;
    const language = languageOf(customer?.language ?? "") ?? languageOfPhone(phone);
    const told = await writeWebhooks(trx, {
      ...{ event: "rating.wanted", subject: `rating/${call.id}`.slice(0, 100), atMs: nowMs },
      data: {
        rating: {
          ...{ callId: call.id, phone, language, link, text: MESSAGE[language](link) },
          name: customer?.name ?? "",
          customer:
            customer === undefined
              ? null
              : { source: customer.source, sourceId: customer.source_id },
          ...{ queue: queueOf(call), expiresAt: new Date(expiresAtMs).toISOString() },
        },
      },
    });
    // Nobody is there to send it: then it was not asked, and may be after the next call.
    if (told === 0) return false;
    await trx
      .insertInto("rating_asks")
      .values({ call_id: call.id, phone, asked_at: new Date(nowMs) })
      .execute();
    return true;
  });
}

function queueOf(call: Call): string {
  return call.talks.at(-1)?.queue || (call.visits.at(-1)?.queue ?? "");
}
