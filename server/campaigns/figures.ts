/** Live figures of campaigns, and the ledger of answered calls whose sums they equal. */
import { sql } from "kysely";
import { csvRow } from "../cli/csv.ts";
import type { Database } from "../storage/database.ts";
import { LIVE_ANSWERED, abandonmentOf, windowStartMs } from "./attempts/abandonment.ts";
import type { AttemptOutcome } from "./attempts/model.ts";
import type { CampaignSettings } from "./model.ts";
import type { CampaignFigures } from "./rest.ts";

/** What figures are counted by. */
export type FiguresOptions = {
  readonly db: Database;
  /** The shop's own IANA zone: whose day it is. */
  readonly timeZone: string;
  /** Epoch ms. */
  readonly clock?: () => number;
  /** Counting a million takes a while: an answer is given again for so long; default 2 s. */
  readonly freshMs?: number;
};

/** Counts, not more often than is useful. */
export class Figures {
  readonly #options: FiguresOptions;
  readonly #clock: () => number;
  readonly #known = new Map<string, { readonly atMs: number; figures: Promise<CampaignFigures> }>();

  constructor(options: FiguresOptions) {
    this.#options = options;
    this.#clock = options.clock ?? Date.now;
  }

  /** Of one campaign. `planned` is what is not due yet; `waiting` has those of whom a machine is still looked for. */
  of(campaignId: string, settings: CampaignSettings): Promise<CampaignFigures> {
    const nowMs = this.#clock();
    const known = this.#known.get(campaignId);
    if (known !== undefined && nowMs - known.atMs < (this.#options.freshMs ?? 2000))
      return known.figures;
    const figures = count(this.#options.db, campaignId, settings, this.#options.timeZone, nowMs);
    this.#known.set(campaignId, { atMs: nowMs, figures });
    figures.catch(() => this.#known.delete(campaignId));
    return figures;
  }
}

type Counts = {
  planned: number;
  due: number;
  states: Partial<Record<string, number>>;
  ended: Partial<Record<AttemptOutcome, number>>;
  contacts: Partial<Record<string, number>>;
};

async function count(
  db: Database,
  campaignId: string,
  settings: CampaignSettings,
  timeZone: string,
  nowMs: number,
): Promise<CampaignFigures> {
  const now = new Date(nowMs).toISOString();
  const today = new Date(windowStartMs("day", timeZone, nowMs)).toISOString();
  const { rows } = await sql<Counts>`
    select p.planned, p.due,
      (
        select coalesce(jsonb_object_agg(state, n), '{}') from (
          select state, count(*) as n from attempts
          where campaign_id = ${campaignId}
            and state in ('claimed', 'dialling', 'ringing', 'answered', 'waiting', 'connected', 'unknown')
          group by state
        ) s
      ) as states,
      (
        select coalesce(jsonb_object_agg(outcome, n), '{}') from (
          select outcome, count(*) as n from attempts
          where campaign_id = ${campaignId} and ended_at >= ${today} and state = 'ended' group by outcome
        ) e
      ) as ended,
      (
        select coalesce(jsonb_object_agg(state, n), '{}') from (
          select state, count(*) as n from contacts where campaign_id = ${campaignId} group by state
        ) c
      ) as contacts
    from (
      select count(*) filter (where due_at > ${now})::int as planned,
        count(*) filter (where due_at <= ${now})::int as due
      from attempts where campaign_id = ${campaignId} and state = 'planned'
    ) p`.execute(db);
  const { planned, due, states, ended, contacts } = rows[0]!;
  const abandonment = (window: "day" | "24hours" | "30days") =>
    abandonmentOf(db, { campaignId, window, timeZone }, nowMs);
  return {
    ...{ campaignId, planned, due, ended },
    dialling: (states["claimed"] ?? 0) + (states["dialling"] ?? 0),
    ringing: states["ringing"] ?? 0,
    waiting: (states["answered"] ?? 0) + (states["waiting"] ?? 0),
    talking: states["connected"] ?? 0,
    unknown: states["unknown"] ?? 0,
    contacts: {
      open: contacts["open"] ?? 0,
      done: contacts["done"] ?? 0,
      withdrawn: contacts["withdrawn"] ?? 0,
    },
    abandonment: {
      day: await abandonment("day"),
      hours24: await abandonment("24hours"),
      days30: await abandonment("30days"),
      mostShare: settings.abandonment.mostShare,
    },
  };
}

const LEDGER_HEADS = [
  ...["attempt", "phone", "answered_at", "greeting_ended_at", "connected_at", "ended_at"],
  ...["waited_ms", "outcome", "abandoned_in_truth", "abandoned_by_rule"],
];
const LEDGER_PAGE = 2000;

/** Every call that a person answered in a span, oldest first, as CSV; its sums are the figures'. */
export async function* ledger(
  db: Database,
  of: { readonly campaignId: string; readonly fromMs: number; readonly toMs: number },
): AsyncGenerator<string> {
  yield `${csvRow(LEDGER_HEADS, ",")}\r\n`;
  let after = { at: new Date(of.fromMs).toISOString(), id: "" };
  for (;;) {
    const { rows } = await sql<{
      id: string;
      phone: string;
      answered: string;
      answered_at: Date;
      greeting_ended_at: Date | null;
      connected_at: Date | null;
      ended_at: Date | null;
      outcome: string;
      state: string;
      abandoned: boolean;
      abandoned_by_rule: boolean;
    }>`
      select a.id, a.phone, a.answered_at::text as answered, a.answered_at, a.greeting_ended_at,
        a.connected_at, a.ended_at,
        a.outcome, a.state, a.abandoned, a.abandoned_by_rule
      from attempts a
      where a.campaign_id = ${of.campaignId} and ${LIVE_ANSWERED}
        and (a.answered_at, a.id) > (${after.at}::timestamptz, ${after.id})
        and a.answered_at < ${new Date(of.toMs).toISOString()}
      order by a.answered_at, a.id limit ${LEDGER_PAGE}`.execute(db);
    const iso = (at: Date | null) => at?.toISOString() ?? "";
    yield rows
      .map((row) => {
        const until = row.connected_at ?? row.ended_at;
        const waitedMs = until === null ? "" : String(until.getTime() - row.answered_at.getTime());
        const cells = [
          ...[row.id, row.phone, iso(row.answered_at), iso(row.greeting_ended_at)],
          ...[iso(row.connected_at), iso(row.ended_at)],
          ...[waitedMs, row.outcome === "" ? row.state : row.outcome],
          ...[row.abandoned ? "1" : "0", row.abandoned_by_rule ? "1" : "0"],
        ];
        return `${csvRow(cells, ",")}\r\n`;
      })
      .join("");
    const last = rows.at(-1);
    if (last === undefined || rows.length < LEDGER_PAGE) return;
    after = { at: last.answered, id: last.id };
  }
}
