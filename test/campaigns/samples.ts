/** Settings, a vocabulary and clocks for tests. */
import type { Dialling } from "../../server/campaigns/dialler/originate.ts";
import type { CampaignVocabulary } from "../../server/campaigns/check.ts";
import type { CallingHours, CampaignSettings, Zones } from "../../server/campaigns/model.ts";
import { campaignTemplates } from "../../server/campaigns/templates.ts";

export const vocabulary: CampaignVocabulary = {
  pbxs: [
    {
      name: "main",
      queues: ["sales", "outbound"],
      trunks: [
        { name: "provider", enabled: true },
        { name: "spare", enabled: false },
      ],
    },
    { name: "away", queues: [], trunks: [{ name: "provider", enabled: true }] },
  ],
  sources: ["site", "app"],
  country: "RU",
  timeZone: "Europe/Moscow",
  nowMs: Date.parse("2026-11-23T09:00:00Z"),
};

/** The confirmation of orders, ready to run. */
export function campaign(own: Partial<CampaignSettings> = {}): CampaignSettings {
  const [template] = campaignTemplates("en", "RU");
  return {
    ...template!.settings,
    ...{ pbx: "main", queue: "outbound", trunks: ["provider"] },
    callerId: { number: "+74951234567", name: "Shop" },
    ...own,
  };
}

/** The same hours on every day. */
export function everyDay(from: string, to: string): CallingHours {
  const hours = { from, to };
  return { weekdays: hours, saturday: hours, sunday: hours, holidays: [], onHolidays: hours };
}

export function inZones(...names: string[]): Zones {
  return { names, basis: "unknown" };
}

/** What the wall of a zone shows, read from Intl's own text: `2026-11-23`, `Mon`, minutes since midnight. */
export function wallOf(timeZone: string, atMs: number) {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("sv-SE", {
      timeZone,
      dateStyle: "short",
      timeStyle: "medium",
    });
    formats.set(timeZone, format);
  }
  const [date = "", time = ""] = format.format(atMs).split(" ");
  const [hour = 0, minute = 0] = time.split(":").map(Number);
  return { date, time: time.slice(0, 5), minute: hour * 60 + minute };
}
const formats = new Map<string, Intl.DateTimeFormat>();

/** Whether hours are open on that wall; read from the settings' own words, with nothing of what is tested. */
export function isOpenOn(timeZone: string, hours: CallingHours, atMs: number): boolean {
  const { date, time } = wallOf(timeZone, atMs);
  const weekday = new Date(`${date}T12:00:00Z`).getUTCDay();
  const holiday = hours.holidays.some((one) => one === date || one === date.slice(5));
  const ordinary = weekday === 0 ? hours.sunday : weekday === 6 ? hours.saturday : hours.weekdays;
  const span = holiday ? hours.onHolidays : ordinary;
  return span !== null && span.from <= time && time < span.to;
}

/** Everything a telephone is told to dial a person, customer first, over a trunk `PJSIP/{number}@trunk` of the PBX `main`. */
export function aDialling(
  id: string,
  phone: string,
  settings: CampaignSettings,
): Omit<Dialling, "forget" | "region"> {
  return {
    attempt: {
      ...{ id, contactId: "c", campaignId: "k", n: 1, phone },
      ...{ state: "dialling", dueAtMs: 0, windowEndsAtMs: 0, pbx: "main", trunk: "" },
      ...{
        claimedBy: "",
        dialledAtMs: null,
        ringingAtMs: null,
        greetingEndedAtMs: null,
        answeredAtMs: null,
      },
      ...{ waitingAtMs: null, connectedAtMs: null, endedAtMs: null, outcome: null, cause: 0 },
      ...{ userId: null, extension: "", customerId: null, customerName: "", promised: false },
    },
    campaign: {
      ...{ id: "k", state: "running", pausedBecause: "", revision: 1 },
      ...{ createdAt: "", changedAt: "", settings },
    },
    trunk: {
      ...{ pbx: "main", name: "p", dial: "PJSIP/{number}@trunk", format: "e164" },
      ...{ lines: 9, callsPerSecond: 9, enabled: true },
    },
    operator: null,
  };
}
