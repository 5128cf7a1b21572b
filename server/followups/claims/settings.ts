/** How long each kind of claim may take, and who is told of it: the admin's settings, checked as a whole. */
import { Type, type TSchema } from "typebox";
import { Compile } from "typebox/compile";
import { clockOf, stretchAt } from "../../campaigns/zone-days.ts";
import type { Database } from "../../storage/database.ts";
import { recordAudit } from "../../people/audit.ts";
import { CLAIM_KINDS, type ClaimKind } from "../model.ts";

const byKind = <T extends TSchema>(of: T, description: string) =>
  Type.Object(Object.fromEntries(CLAIM_KINDS.map((kind) => [kind, Type.Optional(of)])), {
    additionalProperties: false,
    description,
  });

/** Settings as they come and go. */
export const ClaimSettingsBody = Type.Object(
  {
    days: byKind(
      Type.Integer({ minimum: 0, maximum: 90 }),
      "Working days by kind; 0: the same day. Kinds that are left out have `otherDays`",
    ),
    otherDays: Type.Integer({ minimum: 0, maximum: 90 }),
    weekend: Type.Array(Type.Integer({ minimum: 1, maximum: 7 }), {
      maxItems: 6,
      uniqueItems: true,
      description: "Days nobody works, 1 Monday to 7 Sunday",
    }),
    holidays: Type.Array(Type.String({ pattern: "^\\d{4}-\\d\\d-\\d\\d$" }), {
      maxItems: 400,
      uniqueItems: true,
      description: "More days nobody works",
    }),
    dayEnds: Type.String({
      pattern: "^([01]\\d|2[0-3]):[0-5]\\d$",
      description: "On the shop's clock; a claim is due by then",
    }),
    told: byKind(
      Type.Array(Type.String({ pattern: "^[1-9]\\d{0,17}$" }), { maxItems: 20 }),
      "Webhooks that are told of a kind, by their ids; of others all that want to hear of claims",
    ),
  },
  { additionalProperties: false },
);
export type ClaimSettings = {
  readonly days: Readonly<Partial<Record<ClaimKind, number>>>;
  readonly otherDays: number;
  readonly weekend: readonly number[];
  readonly holidays: readonly string[];
  readonly dayEnds: string;
  readonly told: Readonly<Partial<Record<ClaimKind, readonly string[]>>>;
};

/** What holds until an admin says otherwise. */
export const USUAL: ClaimSettings = {
  days: { notDelivered: 1, payment: 2, wrongItem: 2, missingItem: 2 },
  otherDays: 3,
  weekend: [6, 7],
  holidays: [],
  dayEnds: "18:00",
  told: {},
};

/** Something is wrong with the settings. */
export class ClaimSettingsError extends Error {
  /** `holidays.2` */
  readonly field: string;
  constructor(field: string, reason: string) {
    super(reason);
    this.name = "ClaimSettingsError";
    this.field = field;
  }
}

const KEY = "claims";
const shape = Compile(ClaimSettingsBody);

/** @throws ClaimSettingsError when what is kept cannot be used: nothing is guessed. */
export async function readSettings(db: Database): Promise<ClaimSettings> {
  const row = await db
    .selectFrom("installation")
    .select("value")
    .where("key", "=", KEY)
    .executeTakeFirst();
  if (row === undefined) return USUAL;
  if (!shape.Check(row.value)) throw new ClaimSettingsError("", "the kept settings cannot be read");
  return row.value;
}

/** Checked and audited. @throws ClaimSettingsError naming the place. */
export async function saveSettings(
  db: Database,
  settings: ClaimSettings,
  by: string,
): Promise<void> {
  for (const [at, day] of settings.holidays.entries()) {
    const date = new Date(`${day}T00:00:00Z`);
    if (Number.isNaN(date.getTime()) || date.toISOString().slice(0, 10) !== day)
      throw new ClaimSettingsError(`holidays.${at}`, `"${day}" is not a day`);
  }
  await db.transaction().execute(async (trx) => {
    const known = await trx.selectFrom("webhook_targets").select(["id", "events"]).execute();
    for (const [kind, ids] of Object.entries(settings.told))
      for (const [at, id] of ids.entries()) {
        const target = known.find((one) => one.id === id);
        if (target === undefined)
          throw new ClaimSettingsError(`told.${kind}.${at}`, `there is no webhook ${id}`);
        if (!target.events.includes("claim.filed"))
          throw new ClaimSettingsError(
            `told.${kind}.${at}`,
            `webhook ${id} does not hear of claims`,
          );
      }
    const value = JSON.stringify(settings);
    await trx
      .insertInto("installation")
      .values({ key: KEY, value })
      .onConflict((conflict) => conflict.column("key").doUpdateSet({ value }))
      .execute();
    await recordAudit(trx, { actor: by, action: "claims.settings", detail: settings });
  });
}

const DAY_MS = 86_400_000;
/** Longer than any number of days and holidays. */
const MOST_DAYS = 1000;

/**
 * The end of the last working day a claim of this kind may take, on the shop's clock; the day it is filed does not count.
 * @param timeZone IANA. @returns epoch ms.
 */
export function deadlineOf(
  settings: ClaimSettings,
  kind: ClaimKind,
  openedAtMs: number,
  timeZone: string,
): number {
  const off = new Set(settings.holidays);
  const isOff = (day: Date) =>
    settings.weekend.includes(day.getUTCDay() || 7) || off.has(day.toISOString().slice(0, 10));
  // The shop's calendar, as if its midnights were UTC's.
  const local = openedAtMs + offsetMs(timeZone, openedAtMs);
  const firstMs = Math.floor(local / DAY_MS) * DAY_MS;
  const [hour = 0, minute = 0] = settings.dayEnds.split(":").map(Number);
  const endOf = (dayMs: number) => {
    const wall = dayMs + (hour * 60 + minute) * 60_000;
    // Twice, because the offset is that of the moment looked for.
    const about = wall - offsetMs(timeZone, wall);
    return wall - offsetMs(timeZone, about);
  };
  let left = settings.days[kind] ?? settings.otherDays;
  for (let n = 0; n < MOST_DAYS; n++) {
    const day = new Date(firstMs + n * DAY_MS);
    if (isOff(day)) continue;
    if (n > 0 && left > 0) left -= 1;
    const endMs = endOf(day.getTime());
    // What is filed after hours is due the next working day at the earliest.
    if (left === 0 && endMs > openedAtMs) return endMs;
  }
  return firstMs + MOST_DAYS * DAY_MS;
}

function offsetMs(timeZone: string, atMs: number): number {
  const clock = clockOf(timeZone);
  return clock === null ? 0 : stretchAt(clock, atMs).offsetMs;
}
