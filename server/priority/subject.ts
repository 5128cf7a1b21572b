/** What a policy is asked about, made of what the directory says of a caller. Pure. */
import type { Customer, Identification } from "../customers/model.ts";
import { placeOfNumber } from "../customers/phone-places.ts";
import type { Standing, Subject } from "./model.ts";

/** A caller of any queue. */
export type Who = Omit<Subject, "queue">;

const NOWHERE = { city: "", region: "", country: "" };

/** Somebody a policy knows nothing of: a colleague who calls a queue, or a number nobody can read. */
export const NOBODY: Who = { caller: "unknown", standing: null, place: NOWHERE, lostAtMs: null };

/**
 * Who calls. `standing` is of the one customer they are (by the directory, or as an operator said), null when that is not known to be
 * exactly one; `lostAtMs` is by the number alone. A failed identification is {@link NOBODY}: plain order.
 */
export function whoOf(
  found: Identification,
  standing: Standing | null,
  lostAtMs: number | null,
): Who {
  if (found.outcome === "withheld") return { ...NOBODY, caller: "withheld" };
  const phone = "phone" in found ? found.phone : null;
  const isCustomer =
    standing !== null || found.outcome === "one" || (found.outcome === "several" && phone !== null);
  return {
    caller: isCustomer ? "customer" : "unknown",
    standing,
    place:
      phone === null
        ? NOWHERE
        : {
            city: "",
            region: placeOfNumber(phone.e164, phone.country).region,
            country: phone.country,
          },
    lostAtMs,
  };
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
