/** The conditions a rule can have, as they begin. */
import type { Condition } from "../../../server/priority/model.ts";
import type { Vocabulary } from "../../../server/priority/rest.ts";

export type Fact = Condition["fact"];

/** In the order they are offered. */
export const FACTS: readonly Fact[] = [
  "tier",
  "segment",
  "vip",
  "orderLate",
  "orderOnItsWay",
  "openClaim",
  "orderCount",
  "lastOrder",
  "lifetimeValue",
  "cartLeft",
  "gotLost",
  "region",
  "caller",
  "queue",
  "timeOfDay",
];

/** A fresh condition, right wherever there is a sensible first value. */
export function newCondition(fact: Fact, vocabulary: Vocabulary): Condition {
  switch (fact) {
    case "tier":
    case "segment":
    case "region":
      return { fact, in: [] };
    case "queue":
      return { fact, in: vocabulary.queues.length === 1 ? vocabulary.queues : [] };
    case "lifetimeValue":
      return { fact, atLeastMinor: 1_000_000 };
    case "orderCount":
      return { fact, atLeast: 3 };
    case "lastOrder":
      return { fact, withinDays: 30 };
    case "cartLeft":
    case "gotLost":
      return { fact, withinHours: 24 };
    case "caller":
      return { fact, is: "unknown" };
    case "timeOfDay":
      return { fact, from: "09:00", to: "18:00" };
    case "orderOnItsWay":
    case "orderLate":
    case "openClaim":
    case "vip":
  }
  return { fact };
}
