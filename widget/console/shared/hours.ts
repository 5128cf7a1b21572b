/** Hours of a week as lines: which days, from when to when, and the holidays. */
import { html, type TemplateResult } from "lit";
import type { CallingHours, Hours } from "../../../server/campaigns/model.ts";
import { type Editing, isBad, line, several } from "./editing.ts";

export const DAYS = ["weekdays", "saturday", "sunday", "onHolidays"] as const;
const USUAL: NonNullable<Hours> = { from: "10:00", to: "18:00" };

/** Of settings that have `hours`. */
export function hoursLines(editing: Editing<{ readonly hours: CallingHours }>): TemplateResult {
  const { ctx, set, settings } = editing;
  const { hours } = settings;
  return html`<div class="hours">${DAYS.map((day) => dayLine(editing, day))}</div>
    ${line(editing, "ed_holidays", {
      holidays: several(
        editing,
        "ed_holidaysLabel",
        "/hours/holidays",
        hours.holidays,
        [],
        (holidays) => set({ hours: { ...hours, holidays } }),
        { free: true, names: (date) => dateText(date, ctx.words.locale.lang) },
      ),
    })}`;
}

function dayLine(
  editing: Editing<{ readonly hours: CallingHours }>,
  day: (typeof DAYS)[number],
): TemplateResult {
  const { ctx, settings, set } = editing;
  const { t } = ctx.words;
  const { hours } = settings;
  const span = hours[day];
  const name = t(`ed_day_${day}`);
  const change = (next: Hours): void => set({ hours: { ...hours, [day]: next } });
  const time = (field: "from" | "to", value: NonNullable<Hours>): TemplateResult =>
    html`<input
      class="inline time ${isBad(editing, `/hours/${day}`) ? "bad" : ""}"
      aria-label=${`${name}: ${t(`ed_${field}`)}`}
      aria-invalid=${isBad(editing, `/hours/${day}`)}
      maxlength="5"
      inputmode="numeric"
      ?readonly=${!ctx.writes}
      .value=${value[field]}
      @input=${(event: Event) =>
        change({ ...value, [field]: (event.target as HTMLInputElement).value.trim() })}
    />`;
  return html`<div class="day">
    <label class="tick ${span ? "" : "off"}"
      ><input
        type="checkbox"
        .checked=${span !== null}
        ?disabled=${!ctx.writes}
        @change=${(event: Event) =>
          change((event.target as HTMLInputElement).checked ? USUAL : null)}
      /><span>${name}</span></label
    >
    ${span ? html`<span>${time("from", span)} – ${time("to", span)}</span>` : html`<span class="off">${t("ed_dayOff")}</span>`}
  </div>`;
}

/** `1 янв.`, with the year when the date has one. */
function dateText(date: string, lang: string): string {
  const full = /^\d\d-\d\d$/.test(date) ? `2028-${date}` : date;
  const at = new Date(`${full}T00:00:00Z`);
  if (Number.isNaN(at.getTime())) return date;
  const year = full === date ? ({ year: "numeric" } as const) : {};
  return new Intl.DateTimeFormat(lang, {
    day: "numeric",
    month: "short",
    ...year,
    timeZone: "UTC",
  }).format(at);
}
