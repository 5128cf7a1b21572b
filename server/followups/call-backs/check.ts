/** Are these settings of call backs, and do they mean what their author wants? Problems refuse them, warnings are told. Pure. */
import { hoursFit } from "../../campaigns/check.ts";
import { checkWeek } from "../../campaigns/hours-check.ts";
import { nextOpening } from "../../campaigns/windows.ts";
import { tell } from "../../campaigns/problems.ts";
import type { Problem } from "../../priority/rest.ts";
import { fieldsOf, fits, loose, whole } from "../../priority/shape.ts";
import { Compile } from "typebox/compile";
import type { CallBackCheck } from "./rest.ts";
import {
  CALL_BACK_RANGES as RANGES,
  type CallBackSettings,
  CallBackSettingsSchema,
  MissedSchema,
} from "./settings.ts";

const settingsShape = loose(CallBackSettingsSchema, "hours", "missed");
const missedShape = Compile(MissedSchema);

/** @returns `settings` is null when there are problems: then they must not be used. */
export function checkCallBacks(
  value: unknown,
  at: { readonly timeZone: string; readonly nowMs: number },
): { readonly settings: CallBackSettings | null } & CallBackCheck {
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  fits(settingsShape, value, "", problems);
  const { hours, missed } = fieldsOf(value);
  if (hours !== undefined) hoursFit(hours, problems);
  if (missed !== undefined) fits(missedShape, missed, "/missed", problems);
  if (problems.length > 0) return { settings: null, problems, warnings };

  const settings = value as CallBackSettings;
  whole("/missed/afterSeconds", settings.missed.afterSeconds, RANGES.afterSeconds, problems);
  for (const field of ["lateMinutes", "mostTries", "retryMinutes", "takenMinutes"] as const)
    whole(`/${field}`, settings[field], RANGES[field], problems);
  for (const [index, queue] of settings.missed.queues.entries()) {
    const path = `/missed/queues/${index}`;
    if (queue.trim() === "")
      tell(problems, path, "empty", { field: "queue" }, "The queue has no name");
    else if (settings.missed.queues.indexOf(queue) < index)
      tell(problems, path, "duplicate", { value: queue }, `${queue} is named twice`);
  }
  checkWeek({ hours: settings.hours, kind: "service" }, { problems, warnings });
  const shop = { names: [at.timeZone], basis: "shop" } as const;
  if (problems.length === 0 && nextOpening(settings.hours, shop, at.nowMs) === null)
    tell(problems, "/hours", "neverOpen", {}, "There is no day on which anybody is called back");
  return { settings: problems.length === 0 ? settings : null, problems, warnings };
}
