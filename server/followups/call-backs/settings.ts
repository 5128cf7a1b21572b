/** What a shop says of calling back: what becomes a call back by itself, when people are called, when somebody has to hear of it. */
import type { CallingHours } from "../../campaigns/model.ts";
import { CallingHoursSchema } from "../../campaigns/settings-schema.ts";
import { kindRules } from "../../campaigns/kinds.ts";
import { type Static, Type } from "typebox";

/** What the numbers may be, both ends included. */
export const CALL_BACK_RANGES = {
  afterSeconds: [0, 3600],
  lateMinutes: [1, 10_080],
  mostTries: [1, 20],
  retryMinutes: [1, 10_080],
  takenMinutes: [1, 1440],
} as const satisfies Record<string, readonly [least: number, most: number]>;

export const MOST_QUEUES = 200;

const strict = { additionalProperties: false };
const number = (about: string, [least, most]: readonly [number, number]) =>
  Type.Number({ description: `${about}, ${least} to ${most}` });

export const MissedSchema = Type.Object(
  {
    enabled: Type.Boolean({ description: "Missed and lost calls become call backs by themselves" }),
    afterSeconds: number("Who waited less is not called back", CALL_BACK_RANGES.afterSeconds),
    queues: Type.Array(Type.String({ maxLength: 100 }), {
      maxItems: MOST_QUEUES,
      description: "Of these queues alone; none: of all",
    }),
    direct: Type.Boolean({ description: "Also calls to an extension that nobody answered" }),
    closed: Type.Boolean({
      description:
        "Also calls outside the hours that came to no queue, such as those that hear when the shop opens",
    }),
  },
  strict,
);

export const CallBackSettingsSchema = Type.Object(
  {
    missed: MissedSchema,
    hours: CallingHoursSchema,
    lateMinutes: number(
      "Supervisors are told of what is late by so many minutes",
      CALL_BACK_RANGES.lateMinutes,
    ),
    mostTries: number("Who did not answer so often is called no more", CALL_BACK_RANGES.mostTries),
    retryMinutes: number("Who did not answer is called again after", CALL_BACK_RANGES.retryMinutes),
    takenMinutes: number(
      "What was taken and not called is free again after",
      CALL_BACK_RANGES.takenMinutes,
    ),
  },
  strict,
);

/** The settings; hours are on the shop's own clock. */
export type CallBackSettings = Omit<Static<typeof CallBackSettingsSchema>, "hours"> & {
  readonly hours: CallingHours;
};

/** What holds until an admin says otherwise: the hours of a call about one's own order. */
export const PLAIN_CALL_BACKS: CallBackSettings = {
  missed: { enabled: true, afterSeconds: 5, queues: [], direct: true, closed: true },
  hours: kindRules("service").defaults.hours,
  ...{ lateMinutes: 15, mostTries: 3, retryMinutes: 60, takenMinutes: 30 },
};
