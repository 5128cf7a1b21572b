/** How call backs stand by the clock. Pure. */
import type { CallBackEntry } from "../../server/followups/model.ts";
import type { Locale } from "../shared/locale.ts";
import { localTime } from "../shared/time.ts";

/** True when it should have been made by now. */
export function isLate(entry: Pick<CallBackEntry, "dueAt" | "late">, nowMs: number): boolean {
  return entry.late || Date.parse(entry.dueAt) < nowMs;
}

/** Late first, then what is due next; whom somebody else took comes last. */
export function inOrder(entries: readonly CallBackEntry[]): readonly CallBackEntry[] {
  const taken = ({ state }: CallBackEntry): number => (state === "taken" ? 1 : 0);
  return entries.toSorted(
    (a, b) => taken(a) - taken(b) || Date.parse(a.dueAt) - Date.parse(b.dueAt),
  );
}

/** `опоздали на 25 мин`, `через 2 ч 10 мин`; the day and time when it is not today. */
export function dueWords(entry: CallBackEntry, locale: Locale, nowMs: number): string {
  const dueMs = Date.parse(entry.dueAt);
  const minutes = Math.round(Math.abs(dueMs - nowMs) / 60_000);
  const time = locale.duration(Math.max(1, minutes) * 60_000);
  if (minutes > 20 * 60) return locale.dayAndTime(entry.dueAt, nowMs);
  return dueMs < nowMs ? locale.t("callBackLate", { time }) : locale.t("callBackIn", { time });
}

/** What time it is there now; "" when nobody knows where. */
export function theirTime(entry: CallBackEntry, nowMs: number): string {
  return localTime(entry.timeZone ? [entry.timeZone] : [], nowMs)?.earliest ?? "";
}
