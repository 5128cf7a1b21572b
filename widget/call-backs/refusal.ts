/** Why a call back cannot be promised so, in words, with a time that can be. Pure. */
import type { PromiseRefusal } from "../../server/followups/model.ts";
import type { Locale } from "../shared/locale.ts";
import { wallOf } from "../wrap-up/call-back.ts";

/** @param timeZone by whose clock the time was chosen; times are told on that clock, "" on one's own. */
export function promiseRefusalWords(
  { reason, possibleAt }: PromiseRefusal,
  timeZone: string,
  locale: Locale,
  nowMs: number,
): string {
  const { t } = locale;
  if (reason === "noSuchZone" || reason === "doNotCall" || reason === "noNumber")
    return t(`promise_${reason}`);
  if (possibleAt === null)
    return t(reason === "noSuchTime" ? "promise_noSuchTimeNever" : "promise_pastNever");
  // What their clock shows then, written as if it were ours: so it is read like every other time.
  const wall = wallOf(timeZone, Date.parse(possibleAt));
  const shown = wall === "" ? possibleAt : new Date(`${wall}:00`).toISOString();
  return t(`promise_${reason}`, { time: locale.dayAndTime(shown, nowMs) });
}
