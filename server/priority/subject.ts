/** A caller as a policy and a list of the waiting see them, made of what the directory says. Pure. */
import type { Customer, Identification } from "../customers/model.ts";
import { subjectOf } from "../customers/standing.ts";
import type { Standing, Subject } from "./model.ts";

/** A caller of any queue. */
export type Who = Omit<Subject, "queue">;

/**
 * Who calls. `standing` is of the one customer they are (by the directory, or as an operator said), null when that is not known to be
 * exactly one; `lostAtMs` is by the number alone.
 */
export function whoOf(
  found: Identification,
  standing: Standing | null,
  lostAtMs: number | null,
): Who {
  const { queue: _, ...who } = subjectOf(found, standing, "", lostAtMs);
  return who;
}

/** The one customer an identification names; null for none or several. */
export function onlyCustomer(found: Identification): Customer | null {
  return found.outcome === "one" ? found.customer : null;
}

/** The number an identification read, as E.164; null for none. */
export function e164Of(found: Identification): string | null {
  return "phone" in found ? found.phone.e164 : null;
}

/** How a list shows a caller who is no known customer: the number as people write it, else "". */
export function numberTitle(found: Identification): string {
  if ("phone" in found) return found.phone.display;
  if (found.outcome === "internal") return found.extension;
  return found.outcome === "withheld" ? "" : found.raw;
}
