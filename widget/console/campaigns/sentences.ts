/** Codes of campaigns as words. A code that no dictionary knows yet is shown as it came. */
import type { ContactLine } from "../../../server/campaigns/rest.ts";
import type { PacingDecision } from "../../../server/campaigns/pacing/model.ts";
import type { ConsoleWords } from "../words.ts";

/** Shares among a pace's values; the others are numbers. */
const SHARES: readonly string[] = ["share", "chance", "risk", "allowed"];

/** How many lines are dialled now, and why. */
export function paceText(pace: PacingDecision | null, words: ConsoleWords): string {
  if (!pace) return words.t("pace_none");
  const values: Record<string, string> = {};
  for (const [name, value] of Object.entries(pace.values))
    values[name] =
      SHARES.includes(name) || (name === "most" && pace.reason === "atCap")
        ? words.percent(value, name === "chance" ? 0 : 2)
        : words.number(value, 1);
  const why = words.coded("pace_", pace.reason, values) ?? pace.reason;
  // Without its values the short form still says what is meant.
  const said = /\{\w+\}/.test(why) ? words.coded("pace_short_", pace.reason) : why;
  // A number and its sign stay on one line.
  return (said ?? pace.reason).replaceAll(" %", "\u00a0%");
}

/** Why a campaign does not dial, and what to do. */
export function pauseText(because: string, words: ConsoleWords): string {
  return words.coded("pause_", because) ?? because;
}

/** How an attempt ended. */
export function outcomeText(outcome: string, words: ConsoleWords): string {
  return words.coded("outcome_", outcome) ?? outcome;
}

/** Where an attempt is. */
export function attemptText(state: string, words: ConsoleWords): string {
  return words.coded("attempt_", state) ?? state;
}

/** Why somebody is called later or never; a disposition's code stays as it is. */
export function becauseText(code: string, words: ConsoleWords): string {
  return words.coded("because_", code) ?? code;
}

/** `14:10 там (Владивосток, по адресу доставки)`. */
export function localTimeText(line: ContactLine, words: ConsoleWords): string {
  const { names, basis } = line.zones;
  const [first = ""] = names;
  return words.t(names.length > 1 ? "zone_several" : "zone_one", {
    time: line.localTime,
    place: placeName(first, words),
    count: names.length,
    basis: words.coded("basis_", basis) ?? basis,
  });
}

/** A zone as people call it: `Владивосток`; as the database of zones writes it when there is no word for it. */
export function placeName(zone: string, words: ConsoleWords): string {
  const town = zone.split("/").at(-1) ?? zone;
  return words.coded("town_", town) ?? town.replaceAll("_", " ");
}
