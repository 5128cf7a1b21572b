/** Times on the screen: the server's clock, running times, and the caller's own time of day. */

/** Tells the server's time; the operator's computer may be minutes off. */
export type Clock = { nowMs(): number };

/** `0:42`, `12:05`, `1:02:03`; never negative. */
export function runningTime(ms: number): string {
  const total = Math.max(0, Math.floor(ms / 1000));
  const seconds = String(total % 60).padStart(2, "0");
  const minutes = Math.floor(total / 60) % 60;
  const hours = Math.floor(total / 3600);
  return hours > 0
    ? `${hours}:${String(minutes).padStart(2, "0")}:${seconds}`
    : `${minutes}:${seconds}`;
}

/** The time of day where the caller is: one, or the earliest and latest that are possible. */
export type LocalTime = {
  readonly earliest: string;
  readonly latest: string;
  readonly hour: number;
};

/** Local time over all possible zones; null when none of them is a zone. */
export function localTime(zones: readonly string[], nowMs: number): LocalTime | null {
  const walls: { text: string; wallMs: number; hour: number }[] = [];
  for (const zone of zones) {
    const wall = wallClock(zone, nowMs);
    if (wall) walls.push(wall);
  }
  walls.sort((a, b) => a.wallMs - b.wallMs);
  const first = walls[0];
  const last = walls.at(-1);
  return first && last ? { earliest: first.text, latest: last.text, hour: first.hour } : null;
}

const formats = new Map<string, Intl.DateTimeFormat | null>();

/** What the clocks of a zone show at a moment: `wallMs` is that date and time read as UTC. Null for no zone. */
export function wallClock(
  zone: string,
  nowMs: number,
): { text: string; wallMs: number; hour: number } | null {
  let format = formats.get(zone);
  if (format === undefined) {
    try {
      format = new Intl.DateTimeFormat("en-GB", {
        timeZone: zone,
        hourCycle: "h23",
        year: "numeric",
        month: "2-digit",
        day: "2-digit",
        hour: "2-digit",
        minute: "2-digit",
      });
    } catch {
      format = null;
    }
    formats.set(zone, format);
  }
  if (!format) return null;
  const parts: Partial<Record<Intl.DateTimeFormatPartTypes, string>> = {};
  for (const part of format.formatToParts(nowMs)) parts[part.type] = part.value;
  const text = `${parts.hour}:${parts.minute}`;
  const wallMs = Date.UTC(
    Number(parts.year),
    Number(parts.month) - 1,
    Number(parts.day),
    Number(parts.hour),
    Number(parts.minute),
  );
  return { text, wallMs, hour: Number(parts.hour) };
}
