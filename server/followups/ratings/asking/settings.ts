/** Whether people are asked by message after a call, as an admin set it. */
import { type Static, Type } from "typebox";
import { recordAudit } from "../../../people/audit.ts";
import type { Database } from "../../../storage/database.ts";

const KEY = "ratings.asking";
const strict = { additionalProperties: false };

export const AskingSchema = Type.Object(
  {
    enabled: Type.Boolean({
      description: "Whoever was talked to is sent a link: webhook `rating.wanted`",
    }),
    leastTalkSeconds: Type.Integer({
      minimum: 0,
      maximum: 3600,
      description: "After shorter talks nobody is asked",
    }),
    quietDays: Type.Integer({
      minimum: 0,
      maximum: 365,
      description: "Nobody is asked again within so many days",
    }),
    queues: Type.Array(Type.String({ minLength: 1, maxLength: 100 }), {
      maxItems: 200,
      uniqueItems: true,
      description: "After calls of these queues alone; none: of all, and without a queue",
    }),
  },
  strict,
);

export type AskingSettings = Static<typeof AskingSchema>;

/** What holds until an admin says otherwise: nobody is asked. */
export const PLAIN_ASKING: AskingSettings = {
  ...{ enabled: false, leastTalkSeconds: 20, quietDays: 30, queues: [] },
};

export async function readAsking(db: Database): Promise<AskingSettings> {
  const row = await db
    .selectFrom("installation")
    .select("value")
    .where("key", "=", KEY)
    .executeTakeFirst();
  return (row?.value as AskingSettings | undefined) ?? PLAIN_ASKING;
}

/** Audited. */
export async function saveAsking(db: Database, detail: AskingSettings, by: string): Promise<void> {
  const value = JSON.stringify(detail);
  await db.transaction().execute(async (trx) => {
    await trx
      .insertInto("installation")
      .values({ key: KEY, value })
      .onConflict((conflict) => conflict.column("key").doUpdateSet({ value }))
      .execute();
    await recordAudit(trx, { actor: by, action: "ratings.asking", detail });
  });
}
