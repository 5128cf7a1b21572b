/** Everything that ever passed between a customer and the shop, page by page, newest first. */
import { Refusal } from "../desk/replies.ts";
import type { Storage } from "../storage/database.ts";
import {
  TIMELINE_KINDS,
  type Timeline,
  type TimelineEntry,
  type TimelineKind,
} from "./timeline-model.ts";
import { timelineQuery } from "./timeline-sql.ts";

const LIST = timelineQuery(false);
const SEARCH = timelineQuery(true);
const MOST = 100;

/** Opens nothing by itself; lives as long as `storage`. Queries that fail are thrown; a cursor of another kind is a Refusal `invalid`. */
export function openTimeline({ pool }: Pick<Storage, "pool">): Timeline {
  return {
    async page({ customerId, kinds, text, after, limit }) {
      const nothing = { entries: [], next: "" };
      if (!/^\d{1,18}$/.test(customerId)) return nothing;
      const most = Math.min(MOST, Math.max(1, Math.trunc(limit)));
      const wanted = text.trim().toLowerCase().replaceAll("ё", "е").replaceAll("\0", "");
      const from = after === "" ? { at: "infinity", kind: "", id: "" } : readCursor(after);
      const values = [
        customerId,
        kinds.length === 0 ? TIMELINE_KINDS : kinds,
        ...[from.at, from.kind, from.id],
        // One more, to know whether there is another page.
        most + 1,
      ];
      const found = await pool.query<Row>(
        wanted === ""
          ? { name: "timeline", text: LIST, values }
          : { name: "timeline_search", text: SEARCH, values: [...values, wanted] },
      );
      const rows = found.rows.slice(0, most);
      const last = rows.at(-1);
      return {
        entries: rows.map(entryOf),
        next: found.rows.length > most && last !== undefined ? cursorOf(last) : "",
      };
    },
  };
}

type Row = {
  kind: TimelineKind;
  id: string;
  at: Date;
  exact_at: string;
  code: string;
  title: string;
  text: string;
  by_name: string;
  amount: string | null;
  currency: string;
  direction: TimelineEntry["direction"];
};

function entryOf(row: Row): TimelineEntry {
  return {
    kind: row.kind,
    id: row.id,
    at: row.at.toISOString(),
    code: row.code,
    title: row.title,
    text: row.text,
    byName: row.by_name,
    amountMinor: row.amount === null ? null : Number(row.amount),
    currency: row.currency,
    direction: row.direction,
  };
}

type Cursor = { readonly at: string; readonly kind: string; readonly id: string };

/** To the microsecond, as PostgreSQL counts: two things of one moment may be cut by a page's end. */
function cursorOf(row: Row): string {
  return Buffer.from(JSON.stringify([row.exact_at, row.kind, row.id])).toString("base64url");
}

const EXACT = /^\d{4,6}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

/** @throws Refusal `invalid` */
function readCursor(text: string): Cursor {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, "base64url").toString());
    if (Array.isArray(value) && value.length === 3) {
      const [at, kind, id] = value as readonly unknown[];
      const isRead =
        typeof at === "string" &&
        EXACT.test(at) &&
        !Number.isNaN(Date.parse(at)) &&
        typeof kind === "string" &&
        typeof id === "string" &&
        !id.includes("\0") &&
        !kind.includes("\0");
      if (isRead) return { at, kind, id };
    }
  } catch {
    // Told below, as every other text that is no cursor.
  }
  throw new Refusal("invalid", "after: is not the `next` of a page");
}
