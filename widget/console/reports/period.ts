/** The stretch of time a report is about: days of the reader's own calendar, the last one included. */
import type { Stretch } from "./reports-api.ts";

/** Plain dates, `2026-11-22`. */
export type Period = { readonly from: string; readonly to: string };

export const PRESETS = ["today", "days7", "days30", "month"] as const;
export type Preset = (typeof PRESETS)[number];

/** Days up to today. */
export function periodOf(preset: Preset, nowMs: number): Period {
  const today = new Date(nowMs);
  const back = { today: 0, days7: 6, days30: 29, month: today.getDate() - 1 }[preset];
  return { from: plain(today, -back), to: plain(today, 0) };
}

/** As the server asks for it; null when the days are none or the wrong way round. */
export function stretchOf({ from, to }: Period): Stretch | null {
  const start = new Date(`${from}T00:00:00`);
  const last = new Date(`${to}T00:00:00`);
  if (!(start.getTime() <= last.getTime())) return null;
  // The next day begins where its clock says, also where clocks are changed.
  const end = new Date(last.getFullYear(), last.getMonth(), last.getDate() + 1);
  return { from: start.toISOString(), to: end.toISOString() };
}

function plain(day: Date, days: number): string {
  const at = new Date(day.getFullYear(), day.getMonth(), day.getDate() + days);
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}
