/** Which rules another rule leaves nothing to take, as far as it can be told without knowing the callers. Pure. */
import { foldedSet } from "./decide.ts";
import type { Condition, Rule } from "./model.ts";

/** The first rule above that takes everybody this one could take; null when there is none. */
export function ruleAbove(rule: Rule, above: readonly Rule[]): Rule | null {
  return (
    above.find((one) =>
      one.when.every((wide) => rule.when.some((narrow) => implies(narrow, wide))),
    ) ?? null
  );
}

/** Whether no caller can fit all conditions of the rule. Some such rules are not found. */
export function cannotHold(rule: Rule): boolean {
  return rule.when.some((one, at) =>
    rule.when.slice(at + 1).some((other) => excludes(one, other) || excludes(other, one)),
  );
}

/** Facts that are known of customers only. */
const OF_CUSTOMERS: ReadonlySet<Condition["fact"]> = new Set<Condition["fact"]>([
  "tier",
  "segment",
  "lifetimeValue",
  "orderCount",
  "lastOrder",
  "orderOnItsWay",
  "orderLate",
  "openClaim",
  "cartLeft",
  "vip",
]);

function excludes(one: Condition, other: Condition): boolean {
  if (one.fact === "caller" && one.not !== true && other.not !== true) {
    if (one.is !== "customer" && OF_CUSTOMERS.has(other.fact)) return true;
    if (other.fact === "caller" && other.is !== one.is) return true;
  }
  // A caller has one tier and waits in one queue.
  if (one.fact === "tier" || one.fact === "queue") {
    if (other.fact === one.fact && one.not !== true && other.not !== true)
      return !haveCommon(one.in, other.in);
  }
  return implies(one, { ...other, not: other.not !== true });
}

/** Whether the second holds wherever the first does. */
function implies(narrow: Condition, wide: Condition): boolean {
  const turned = narrow.not === true;
  if (turned !== (wide.not === true)) return false;
  // "Not narrow" holds in more cases than "not wide".
  return turned ? holdsWherever(wide, narrow) : holdsWherever(narrow, wide);
}

/** As {@link implies}, without looking at `not`. */
function holdsWherever(narrow: Condition, wide: Condition): boolean {
  if (wide.fact === "caller" && wide.is === "customer" && OF_CUSTOMERS.has(narrow.fact))
    return true;
  switch (narrow.fact) {
    case "tier":
    case "segment":
    case "region":
    case "queue":
      return narrow.fact === wide.fact && within(narrow.in, wide.in);
    case "lifetimeValue":
      return wide.fact === "lifetimeValue" && narrow.atLeastMinor >= wide.atLeastMinor;
    case "orderCount":
      return (
        wide.fact === "orderCount" &&
        (narrow.atLeast ?? 0) >= (wide.atLeast ?? 0) &&
        (narrow.atMost ?? Infinity) <= (wide.atMost ?? Infinity)
      );
    case "lastOrder":
      return wide.fact === "lastOrder" && narrow.withinDays <= wide.withinDays;
    case "cartLeft":
    case "gotLost":
      return narrow.fact === wide.fact && narrow.withinHours <= wide.withinHours;
    case "caller":
      return wide.fact === "caller" && narrow.is === wide.is;
    case "timeOfDay":
      return (
        wide.fact === "timeOfDay" &&
        narrow.from === wide.from &&
        narrow.to === wide.to &&
        String(narrow.days ?? []) === String(wide.days ?? [])
      );
    case "orderOnItsWay":
    case "orderLate":
    case "openClaim":
    case "vip":
    default:
      return narrow.fact === wide.fact;
  }
}

/** Whether all of the first names are among the second. */
function within(narrow: readonly string[], wide: readonly string[]): boolean {
  const names = foldedSet(wide);
  for (const name of foldedSet(narrow)) if (!names.has(name)) return false;
  return true;
}

function haveCommon(one: readonly string[], other: readonly string[]): boolean {
  const names = foldedSet(other);
  for (const name of foldedSet(one)) if (names.has(name)) return true;
  return false;
}
