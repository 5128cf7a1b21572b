/** Policies, callers and a vocabulary for tests. */
import {
  type Condition,
  type Effect,
  PLAIN,
  type Policy,
  type Rule,
  type Standing,
  type Subject,
} from "../../server/priority/model.ts";
import type { Vocabulary } from "../../server/priority/rest.ts";

export const vocabulary: Vocabulary = {
  tiers: ["silver", "gold", "platinum"],
  segments: ["wholesale", "newborn"],
  queues: ["sales", "support"],
  regions: ["Москва", "Новосибирская область"],
  operators: [
    { login: "anna", name: "Анна Светлова" },
    { login: "boris", name: "Борис Климов" },
  ],
  currency: "RUB",
  recordedDays: [],
};

export const nobody: Standing = {
  customerId: "1",
  name: "Мария",
  language: "ru",
  tier: "",
  vip: false,
  segments: [],
  city: "",
  region: "",
  orderCount: 0,
  lifetimeMinor: 0,
  lastOrderAtMs: null,
  orderOnItsWay: false,
  orderLate: false,
  openClaim: false,
  cartLeftAtMs: null,
  lostAtMs: null,
  personalManager: "",
  lastOperator: "",
};

/** A caller with one known customer. */
export function customer(
  standing: Partial<Standing> = {},
  subject: Partial<Subject> = {},
): Subject {
  return {
    queue: "sales",
    caller: "customer",
    standing: { ...nobody, ...standing },
    place: { city: "", region: "", country: "RU" },
    lostAtMs: null,
    ...subject,
  };
}

/** A caller whom nobody knows. */
export function stranger(subject: Partial<Subject> = {}): Subject {
  return { ...customer({}, subject), caller: "unknown", standing: null, ...subject };
}

export function rule(id: string, when: readonly Condition[], then: Partial<Effect> = {}): Rule {
  return { id, name: `Rule ${id}`, on: true, when, then: { ...PLAIN, rate: 2, ...then } };
}

export function policyOf(rules: readonly Rule[], rest: Partial<Policy> = {}): Policy {
  return {
    rules,
    guard: { mostExtraWaitSeconds: 120, neverPassedAfterSeconds: null },
    queues: [],
    timeZone: "Europe/Moscow",
    ...rest,
  };
}
