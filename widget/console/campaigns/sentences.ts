/** Codes of campaigns as words. */
import type { AttemptOutcome, AttemptState } from "../../../server/campaigns/attempts/model.ts";
import type { WithdrawnBecause } from "../../../server/campaigns/model.ts";
import type {
  ContactEnd,
  ContactLine,
  LaterBecause,
  WithdrawnContact,
} from "../../../server/campaigns/rest.ts";
import type { RefusedRow } from "../../../server/campaigns/upload-problems.ts";
import type { PacingDecision } from "../../../server/campaigns/pacing/model.ts";
import type { Values } from "../../shared/locale.ts";
import type { ConsoleKey, ConsoleWords } from "../words.ts";

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
  // What other campaigns with the same operators have to do with it.
  const { kept = 0, others = 0 } = pace.values;
  const also = [
    ...(others > 0 ? [words.t("pace_and_others", values)] : []),
    ...(kept > 0 && pace.reason !== "othersFirst" ? [words.t("pace_and_kept", values)] : []),
  ];
  // A number and its sign stay on one line.
  return [said ?? pace.reason, ...also].join(" ").replaceAll(" %", "\u00a0%");
}

/** Why a campaign does not dial, and what to do. */
export function pauseText(because: string, words: ConsoleWords): string {
  return words.coded("pause_", because) ?? because;
}

/** How an attempt ended. */
export function outcomeText(outcome: AttemptOutcome, words: ConsoleWords): string {
  return worded(`outcome_${outcome}`, outcome, words);
}

/** Where an attempt is. */
export function attemptText(state: AttemptState, words: ConsoleWords): string {
  return worded(`attempt_${state}`, state, words);
}

/** Why somebody is called later or never. */
export function becauseText(code: WithdrawnBecause | LaterBecause, words: ConsoleWords): string {
  return worded(`because_${code}`, code, words);
}

/** Why somebody is not called any more. Whom no hour of the settings allows was never tried. */
export function withdrawnText(
  { attempts, because }: Pick<WithdrawnContact, "attempts" | "because">,
  words: ConsoleWords,
): string {
  return because === "exhausted" && attempts === 0
    ? words.t("because_noHour")
    : becauseText(because, words);
}

/** What became of a contact: `закончено: заказ подтверждён`. */
export function contactText(
  { attempts, labels, result, state }: ContactEnd & Pick<ContactLine, "attempts">,
  words: ConsoleWords,
): string {
  const end = words.t(`contact_${state}`);
  if (state === "open" || result === "") return end;
  const because = result as WithdrawnBecause;
  const why =
    state === "withdrawn"
      ? withdrawnText({ attempts, because }, words)
      : (labels?.[words.locale.lang] ?? result);
  return `${end}: ${within(why)}`;
}

/** Why a row was not taken. */
export function refusedText(
  { code, reason, values }: Pick<RefusedRow, "code" | "reason" | "values">,
  words: ConsoleWords,
): string {
  return worded(`row_${code}`, reason, words, values);
}

/** A sentence as a part of another one. What begins with several capitals is a name. */
export function within(sentence: string): string {
  return /^\p{Lu}(?!\p{Lu})/u.test(sentence)
    ? sentence.charAt(0).toLowerCase() + sentence.slice(1)
    : sentence;
}

/** The text of a code; `otherwise` when the server is newer than this page. A code without a text does not compile. */
export function worded(
  key: ConsoleKey,
  otherwise: string,
  words: ConsoleWords,
  values: Values = {},
): string {
  return words.coded("", key, values) ?? otherwise;
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
