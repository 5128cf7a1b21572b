/** What the server says of offer rules and thresholds, in the reader's words; sums as people write them. */
import type { OfferProblemCode } from "../../../server/offers/problems.ts";
import type { StandingProblemCode } from "../../../server/offers/standings/check.ts";
import type { Problem } from "../../../server/priority/rest.ts";
import { fill } from "../../shared/locale.ts";
import { problemText } from "../shared/problems.ts";
import type { ConsoleKey, ConsoleWords } from "../words.ts";

type Key = `offerCheck_${OfferProblemCode | StandingProblemCode}`;

/** @param currency Of the sums in what was checked. */
export function offerProblemText(
  currency: string,
): (problem: Problem, words: ConsoleWords) => string {
  return (problem, words) => {
    // A code that has no text in the dictionaries does not compile.
    const key: ConsoleKey = `offerCheck_${problem.code}` as Key;
    const values: Record<string, string | number> = { ...problem.values };
    for (const [name, value] of Object.entries(values)) {
      if (value === "") continue;
      if (isSum(problem, name)) values[name] = words.locale.money(Number(value), currency);
      else if (typeof value === "number") values[name] = words.number(value, 2);
    }
    if (problem.code === "unknownTier") values["value"] = words.tier(String(values["value"]));
    const { fact, other, suggestion } = values;
    if (typeof fact === "string") values["fact"] = words.coded("ofAdd_", fact) ?? fact;
    if (problem.code === "limitBeyond" && typeof other === "string")
      values["other"] = words.coded("ofLimit_", other) ?? other;
    if (problem.code === "oneOf")
      values["fields"] = words.either(
        String(values["fields"])
          .split(", ")
          .map((field) => words.coded("ofField_", field) ?? field),
      );
    const text = words.coded("", key);
    if (text === null) return problemText(problem, words);
    // With a hole in the sentence the server's own words are better.
    if ([...text.matchAll(/\{(\w+)\}/g)].some(([, name = ""]) => !Object.hasOwn(values, name)))
      return problem.message;
    const said = fill(text, values);
    return typeof suggestion === "string" && suggestion !== ""
      ? `${said} ${words.t("offerCheck_suggestion", { suggestion })}`
      : said;
  };
}

function isSum({ path }: Problem, name: string): boolean {
  if (name === "price") return true;
  return /Minor(\/|$)/.test(path) && ["value", "least", "most", "atLeast", "atMost"].includes(name);
}
