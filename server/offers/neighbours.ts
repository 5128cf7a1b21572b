/** How a rule stands beside the others of the book: which goes first must be said. Pure. */
import type { OfferVocabulary } from "./check.ts";
import { spanOf } from "./condition-check.ts";
import { type Findings, tell } from "./problems.ts";
import type { OfferRuleSettings } from "./rules.ts";
import { dayOf } from "./conditions.ts";

/** Adds what there is to say of the rule beside those that are on or drafts. */
export function checkNeighbours(
  settings: OfferRuleSettings,
  { rules }: OfferVocabulary,
  { problems, warnings }: Findings,
): void {
  const { group, priority, give } = settings;
  for (const { settings: one } of rules) {
    const other = one.name;
    if (group !== "" && one.group === group && one.priority === priority) {
      const words = `"${other}" of the group "${group}" has the priority ${priority} too: nobody says which goes first`;
      const values = { group, other, value: priority };
      tell(problems, "/priority", "samePriority", values, words);
      continue;
    }
    if (!isOnTheWhole(give) || !isOnTheWhole(one.give) || !meet(settings, one)) continue;
    if (group !== "" && one.group === group) {
      const words = `"${other}" of the same group takes some of the same carts: of both, the one with the higher priority is given`;
      tell(warnings, "/when", "overlaps", { other }, words);
    } else {
      const words = `One cart can get this and "${other}": put both into one group, if it is to be one of them`;
      tell(warnings, "/group", "stacks", { other }, words);
    }
  }
}

function isOnTheWhole({ kind }: OfferRuleSettings["give"]): boolean {
  return kind === "discount";
}

/** Whether some day and some cart fit both, as far as numbers and dates tell. */
function meet(one: OfferRuleSettings, other: OfferRuleSettings): boolean {
  if (one.currency !== "" && other.currency !== "" && one.currency !== other.currency) return false;
  if (dayOf(one.until) < dayOf(other.from) || dayOf(other.until) < dayOf(one.from)) return false;
  return (["purchases", "spent", "cartValue"] as const).every((fact) => {
    const [a, b] = [spanFor(one, fact), spanFor(other, fact)];
    return Math.max(a.least, b.least) <= Math.min(a.most, b.most);
  });
}

function spanFor(
  { when }: OfferRuleSettings,
  fact: "purchases" | "spent" | "cartValue",
): { readonly least: number; readonly most: number } {
  let [least, most] = [-Infinity, Infinity];
  for (const condition of when) {
    const span = condition.fact === fact && condition.not !== true ? spanOf(condition) : null;
    if (span === null) continue;
    least = Math.max(least, span.least);
    most = Math.min(most, span.most);
  }
  return { least, most };
}
