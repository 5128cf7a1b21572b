/**
 * What each kind of call requires, and what it begins with. Not legal advice: the laws named here change, and a shop's own lawyer knows
 * what else holds for it.
 */
import type {
  AbandonmentRule,
  CallingHours,
  CampaignKind,
  Hours,
  Limits,
  Mode,
  Retries,
} from "./model.ts";

/** What a kind requires (held by `check.ts`, `eligible.ts`, `retries.ts`) and what a new campaign of it begins with. */
export type KindRules = {
  /** Only people with a mark of consent are called. */
  readonly consentRequired: boolean;
  /** Any other is refused. */
  readonly modes: readonly Mode[];
  /** The widest hours. */
  readonly widest: {
    readonly weekdays: NonNullable<Hours>;
    readonly weekend: NonNullable<Hours>;
    /** Law: wider ones are refused. Otherwise the admin is warned. */
    readonly binding: boolean;
  };
  /** The most that the limits of a day may be, null for none. */
  readonly mostADay: number | null;
  /** Attempts to one person within so many days, at most: by their phone and as a customer, over all campaigns of the kind. */
  readonly spacing: readonly { readonly days: number; readonly attempts: number }[];
  readonly defaults: {
    readonly mode: Mode;
    readonly abandonment: AbandonmentRule;
    readonly limits: Limits;
    readonly hours: CallingHours;
    readonly retries: Retries;
  };
};

const WIDE = {
  weekdays: { from: "09:00", to: "22:00" },
  weekend: { from: "09:00", to: "20:00" },
} as const;
const DEBTS = { ...WIDE, weekdays: { from: "08:00", to: "22:00" } } as const;

function hoursOf({ weekdays, weekend }: typeof WIDE | typeof DEBTS): CallingHours {
  return {
    weekdays,
    saturday: weekend,
    sunday: weekend,
    holidays: [],
    onHolidays: weekend,
  };
}

/**
 * 3 % of live-answered calls is the cap of the USA (47 CFR 64.1200(a)(7): per campaign, per 30 days, an operator within 2 s of the end of
 * the greeting) and was that of the UK (Ofcom's statement of 2010, per 24 h). Ours is the stricter reading of both: it counts from the
 * answer, over 24 hours. Steered to 2.7 %, a day ends over 3 % at most once in fifty with ten operators and never with twenty.
 */
const ABANDONMENT: AbandonmentRule = {
  mostShare: 0.03,
  targetShare: 0.027,
  window: "24hours",
  clockFrom: "answer",
  connectWithinMs: 2000,
};

const MINUTES_A_DAY = 1440;
const inMinutes = (afterMinutes: number) => ({ afterMinutes });

const SERVICE_RETRIES: Retries = {
  busy: [inMinutes(5), inMinutes(15), inMinutes(60)],
  noAnswer: [inMinutes(60), inMinutes(240), "otherHalfOfNextDay", "otherHalfOfNextDay"],
  machine: [inMinutes(120), "otherHalfOfNextDay"],
  congestion: [inMinutes(5), inMinutes(15), inMinutes(60)],
  // Who was left on the line has the free number to call; not again before they had the time to.
  abandoned: [inMinutes(30)],
  cutOff: [inMinutes(60), "otherHalfOfNextDay"],
};

/**
 * Three days after an abandoned call: Ofcom's statement on persistent misuse of 2016 has no dialler call such a person within 72 hours unless
 * an operator is sure to be there, which progressive dialling does not promise.
 */
const ADVERT_RETRIES: Retries = {
  busy: [inMinutes(30), "otherHalfOfNextDay"],
  noAnswer: ["otherHalfOfNextDay", "otherHalfOfNextDay"],
  machine: ["otherHalfOfNextDay"],
  congestion: [inMinutes(15), inMinutes(60)],
  abandoned: [inMinutes(3 * MINUTES_A_DAY)],
  cutOff: [],
};

const DEBT_RETRIES: Retries = {
  busy: ["otherHalfOfNextDay", "otherHalfOfNextDay", "otherHalfOfNextDay"],
  noAnswer: ["otherHalfOfNextDay", "otherHalfOfNextDay", "otherHalfOfNextDay"],
  machine: ["otherHalfOfNextDay"],
  congestion: ["otherHalfOfNextDay", "otherHalfOfNextDay"],
  abandoned: [inMinutes(3 * MINUTES_A_DAY)],
  cutOff: ["otherHalfOfNextDay"],
};

const KINDS: Readonly<Record<CampaignKind, KindRules>> = {
  /** A call about the person's own order. No law that we found sets hours for it; these are a house rule. */
  service: {
    consentRequired: false,
    modes: ["preview", "progressive", "predictive", "automatic"],
    widest: { ...WIDE, binding: false },
    mostADay: null,
    spacing: [],
    defaults: {
      mode: "automatic",
      abandonment: ABANDONMENT,
      limits: { perContact: 6, perPhoneADay: 4, perCustomerADay: 4 },
      hours: hoursOf(WIDE),
      retries: SERVICE_RETRIES,
    },
  },
  /**
   * Russia, 38-FZ "On advertising", article 18: only with the person's prior consent, which the advertiser must be able to prove (part 1), and
   * not by automatic dialling without a person's part (part 2). So it begins with preview, where an operator starts each call; whether one line
   * for each free operator is enough of a person's part is for the shop's lawyer. Hours: as for service, no law that we found sets any.
   */
  advert: {
    consentRequired: true,
    modes: ["preview", "progressive"],
    widest: { ...WIDE, binding: false },
    mostADay: null,
    spacing: [],
    defaults: {
      mode: "preview",
      abandonment: ABANDONMENT,
      limits: { perContact: 3, perPhoneADay: 1, perCustomerADay: 1 },
      hours: hoursOf(WIDE),
      retries: ADVERT_RETRIES,
    },
  },
  /**
   * Russia, 230-FZ on the recovery of overdue debts, article 7: not at night (22 to 8 on working days, 20 to 9 on weekends and holidays, on the
   * debtor's own clock), and not more than one talk a day, two a week, eight a month. Every attempt counts as a talk here, which is
   * stricter; weeks and months are any 7 and 31 days on end.
   */
  debt: {
    consentRequired: false,
    modes: ["preview", "progressive", "predictive", "automatic"],
    widest: { ...DEBTS, binding: true },
    mostADay: 1,
    spacing: [
      { days: 7, attempts: 2 },
      { days: 31, attempts: 8 },
    ],
    defaults: {
      mode: "progressive",
      abandonment: ABANDONMENT,
      limits: { perContact: 4, perPhoneADay: 1, perCustomerADay: 1 },
      hours: hoursOf(DEBTS),
      retries: DEBT_RETRIES,
    },
  },
};

/** What a kind of call requires and begins with. */
export function kindRules(kind: CampaignKind): KindRules {
  return KINDS[kind];
}

const YEARLY_HOLIDAYS: Readonly<Record<string, readonly string[]>> = {
  // Labour code, article 112.
  RU: [
    ...["01-01", "01-02", "01-03", "01-04", "01-05", "01-06", "01-07", "01-08"],
    ...["02-23", "03-08", "05-01", "05-09", "06-12", "11-04"],
  ],
  // Labour code, article 73; those that fall on Sundays anyway (Easter, Trinity) are left out.
  UA: [...["01-01", "03-08", "05-01", "05-08", "06-28", "07-15", "08-24", "10-01", "12-25"]],
  // Law on holidays, articles 3 and 4.
  KZ: [
    ...["01-01", "01-02", "01-07", "03-08", "03-21", "03-22", "03-23"],
    ...["05-01", "05-07", "05-09", "07-06", "08-30", "10-25", "12-16"],
  ],
  // President's decree 157 of 1998.
  BY: ["01-01", "01-02", "01-07", "03-08", "05-01", "05-09", "07-03", "11-07", "12-25"],
};

/** Public holidays that return on the same date every year, `01-01`; none for a country that is not known here (ISO 3166 alpha-2). */
export function yearlyHolidays(country: string): readonly string[] {
  return YEARLY_HOLIDAYS[country] ?? [];
}
