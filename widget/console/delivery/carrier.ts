/** Settings of carriers: what a new one begins with, lists as people type them, and what the server refuses in words. */
import type { ProviderSettings, TableSettings } from "../../../server/delivery/settings.ts";
import type { Refused } from "../request.ts";
import { refusalText } from "../shared/problems.ts";
import type { ConsoleKey, ConsoleWords } from "../words.ts";

export type Service = TableSettings["services"][number];
export type Zone = Service["zones"][number];

/** What a new carrier of this kind begins with. */
export function newSettings(kind: ProviderSettings["kind"], currency: string): ProviderSettings {
  switch (kind) {
    case "table":
      return { kind, currency, services: [newService()] };
    case "cdek":
      return { kind, account: "" };
    case "russianPost":
    case "novaPoshta":
  }
  return { kind };
}

export function newService(): Service {
  return { name: "", mode: "door", zones: [newZone()] };
}

/** Everywhere, one band. */
export function newZone(): Zone {
  return { name: "", where: {}, bands: [{ upToGrams: 1000, priceMinor: 0 }], days: [1, 3] };
}

/** `Москва, Тула` as a list. */
export function listOf(text: string): string[] {
  return [...new Set(text.split(",").map((one) => one.trim()))].filter((one) => one !== "");
}

const WRONG: Readonly<Record<string, ConsoleKey>> = {
  "is there twice": "dl_wrong_twice",
  "at least is more than at most": "dl_wrong_days",
  "must be more than the band before": "dl_wrong_bands",
  "is everywhere: the zones after it are never reached": "dl_wrong_everywhere",
};

/** Why the server refused settings, with the service and the zone it is about. */
export function carrierRefusal(
  refused: Refused,
  settings: ProviderSettings,
  words: ConsoleWords,
): string {
  const { t } = words;
  const [, path = "", why = ""] = /^settings\.(\S+): (.*)$/.exec(refused.message) ?? [];
  const known = WRONG[why];
  if (known === undefined || settings.kind !== "table") return refusalText(refused, words);
  const [, s = "", z] = /^services\.(\d+)(?:\.zones\.(\d+))?/.exec(path) ?? [];
  const service = settings.services[Number(s)];
  const zone = z === undefined ? undefined : service?.zones[Number(z)];
  const place = [service?.name, zone?.name].filter(Boolean).join(", ");
  return t("dl_wrongAt", { place, why: t(known) });
}
