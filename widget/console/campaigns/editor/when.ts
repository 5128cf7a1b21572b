/** When people may be called, on their own clock, and what that means this minute. */
import { html, nothing, type TemplateResult } from "lit";
import type { CallingHours } from "../../../../server/campaigns/model.ts";
import { nextOpening } from "../../../../server/campaigns/windows.ts";
import { placeName } from "../sentences.ts";
import { line, part, text } from "../../shared/editing.ts";
import { DAYS, hoursLines } from "../../shared/hours.ts";
import type { CampaignEditing } from "./editing.ts";

/** From west to east. Where else people live is not asked: their country has one clock, or the shop's own is shown. */
const ZONES: Readonly<Record<string, readonly string[]>> = {
  RU: [
    ...["Europe/Kaliningrad", "Europe/Moscow", "Europe/Samara", "Asia/Yekaterinburg", "Asia/Omsk"],
    ...["Asia/Novosibirsk", "Asia/Irkutsk", "Asia/Yakutsk", "Asia/Vladivostok", "Asia/Magadan"],
    "Asia/Kamchatka",
  ],
  UA: ["Europe/Kyiv"],
  KZ: ["Asia/Almaty"],
};

export function whenPart(editing: CampaignEditing): TemplateResult {
  const { ctx, settings, set } = editing;
  const { t } = ctx.words;
  return part(
    editing,
    t("ed_when"),
    ["/hours", "/startsAt", "/endsAt"],
    html`<p class="hint">${t("ed_whenLead")}</p>
      ${hoursLines(editing)} ${reach(editing)}
      ${line(editing, "ed_span", {
        from: moment(editing, "ed_startsLabel", "/startsAt", settings.startsAt, (startsAt) =>
          set({ startsAt }),
        ),
        to: moment(editing, "ed_endsLabel", "/endsAt", settings.endsAt, (endsAt) =>
          set({ endsAt }),
        ),
      })}`,
  );
}

/** Where people may be called this minute, and until or from when. */
function reach(editing: CampaignEditing): TemplateResult | typeof nothing {
  const { ctx, settings, vocabulary } = editing;
  const { t, locale } = ctx.words;
  const names = ZONES[vocabulary.country] ?? [vocabulary.timeZone];
  const nowMs = Math.floor(ctx.model.clock.nowMs() / 60_000) * 60_000;
  const all: readonly (readonly string[])[] = [
    ...names.map((name) => [name]),
    ...(names.length > 1 ? [names] : []),
  ];
  const rows = all.map((zones) => {
    const opening = openingOf(settings.hours, zones, nowMs);
    if (opening === undefined) return nothing;
    const [first = ""] = zones;
    const clock = (atMs: number): string => clockText(atMs, first, locale.lang);
    const isOpen = opening !== null && opening.opensAtMs <= nowMs;
    const place =
      zones.length > 1
        ? t("reach_unknown")
        : t("reach_place", { place: placeName(first, ctx.words), time: clock(nowMs) });
    const far = (atMs: number): string =>
      // In several zones at once only the shop's own clock says one thing.
      zones.length > 1
        ? t("reach_shopTime", { time: dayAndClock(atMs, nowMs, vocabulary.timeZone, locale.lang) })
        : dayAndClock(atMs, nowMs, first, locale.lang);
    return html`<li class=${isOpen ? "open" : ""}>
      <span>${place}</span>
      <span
        >${
          opening === null
            ? t("reach_never")
            : isOpen
              ? t("reach_until", { time: far(opening.closesAtMs) })
              : t("reach_from", { time: far(opening.opensAtMs) })
        }</span
      >
    </li>`;
  });
  return html`<div class="reach" role="group" aria-label=${t("reach_title")}>
    <h3>${t("reach_title")}</h3>
    <ul>
      ${rows}
    </ul>
  </div>`;
}

/** Undefined while what was typed are no hours yet. */
function openingOf(hours: CallingHours, names: readonly string[], nowMs: number) {
  const spans = DAYS.map((day) => hours[day]).filter((span) => span !== null);
  const isTime = (value: string): boolean => /^([01]\d|2[0-3]):[0-5]\d$|^24:00$/.test(value);
  if (!spans.every(({ from, to }) => isTime(from) && isTime(to) && from < to)) return undefined;
  return nextOpening(hours, { names, basis: "unknown" }, nowMs);
}

function clockText(atMs: number, timeZone: string, lang: string): string {
  return new Intl.DateTimeFormat(lang, {
    hour: "2-digit",
    minute: "2-digit",
    timeZone,
    hourCycle: "h23",
  }).format(atMs);
}

/** `22:00`, or with the day when it is another one there. */
function dayAndClock(atMs: number, nowMs: number, timeZone: string, lang: string): string {
  const day = (ms: number): string =>
    new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeZone }).format(ms);
  const clock = clockText(atMs, timeZone, lang);
  if (day(atMs) === day(nowMs)) return clock;
  const date = new Intl.DateTimeFormat(lang, {
    weekday: "short",
    day: "numeric",
    month: "short",
    timeZone,
  });
  return `${date.format(atMs)}, ${clock}`;
}

/** A moment on this browser's clock. */
function moment(
  editing: CampaignEditing,
  label: "ed_startsLabel" | "ed_endsLabel",
  path: string,
  value: string | null,
  set: (value: string | null) => void,
): TemplateResult {
  const at = value === null ? null : new Date(value);
  const local =
    at === null || Number.isNaN(at.getTime())
      ? ""
      : new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
  return text(
    editing,
    label,
    path,
    local,
    (typed) => set(typed === "" ? null : new Date(typed).toISOString()),
    { type: "datetime-local" },
  );
}
