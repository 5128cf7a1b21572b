/** Campaigns, figures and people to call, for the console's tests and pictures. */
import type { StepEvidence } from "../../server/campaigns/attempts/step-evidence.ts";
import type { CampaignVocabulary } from "../../server/campaigns/check.ts";
import type { Campaign, CampaignSettings, Trunk } from "../../server/campaigns/model.ts";
import type { DiallerView } from "../../server/campaigns/ports.ts";
import type {
  AttemptStory,
  CampaignFigures,
  ContactFound,
  ContactLine,
  DoNotCallLine,
  NextBody,
  WithdrawnContact,
} from "../../server/campaigns/rest.ts";
import { campaignTemplates } from "../../server/campaigns/templates.ts";

/** What the sample campaigns may name. */
export const sampleCampaignVocabulary: CampaignVocabulary = {
  pbxs: [
    {
      name: "office",
      queues: ["Продажи", "Поддержка"],
      trunks: [
        { name: "provider", enabled: true },
        { name: "spare", enabled: false },
      ],
    },
  ],
  sources: ["site", "app"],
  country: "RU",
  timeZone: "Europe/Moscow",
  nowMs: Date.parse("2026-11-23T09:00:00Z"),
};

export const sampleTrunks: readonly Trunk[] = [
  {
    ...{ pbx: "office", name: "provider", dial: "PJSIP/{number}@provider", format: "e164" },
    ...{ lines: 30, callsPerSecond: 5, enabled: true },
  },
  {
    ...{ pbx: "office", name: "spare", dial: "PJSIP/{number}@spare", format: "plain" },
    ...{ lines: 8, callsPerSecond: 1, enabled: false },
  },
];

/** Settings of one of the templates, ready to run. */
export function sampleSettings(
  at: 0 | 1 | 2 | 3 = 0,
  own: Partial<CampaignSettings> = {},
): CampaignSettings {
  return {
    ...campaignTemplates("ru", "RU")[at]!.settings,
    ...{ pbx: "office", queue: "Продажи", trunks: ["provider"] },
    callerId: { number: "+74951234567", name: "Магазин" },
    ...own,
  };
}

/** A running campaign that confirms orders. */
export function sampleCampaign(id: string, own: Partial<Campaign> = {}): Campaign {
  return {
    id,
    settings: sampleSettings(),
    state: "running",
    pausedBecause: "",
    revision: 1,
    createdAt: "2026-11-20T08:00:00Z",
    changedAt: "2026-11-22T08:00:00Z",
    ...own,
  };
}

/** A busy morning. */
export function sampleFigures(
  campaignId: string,
  own: Partial<CampaignFigures> = {},
): CampaignFigures {
  return {
    campaignId,
    ...{ planned: 214, due: 37, dialling: 1, ringing: 6, waiting: 1, talking: 8, unknown: 1 },
    ended: { talked: 126, noAnswer: 141, busy: 23, abandoned: 3, machine: 5, unallocated: 2 },
    contacts: { open: 251, done: 118, withdrawn: 44 },
    abandonment: {
      day: { answered: 129, abandonedInTruth: 3, abandonedByRule: 3 },
      hours24: { answered: 240, abandonedInTruth: 6, abandonedByRule: 5 },
      days30: { answered: 5120, abandonedInTruth: 131, abandonedByRule: 122 },
      mostShare: 0.03,
    },
    ...own,
  };
}

/** Ten operators, dialled predictively. */
export function sampleDialler(campaignId: string, own: Partial<DiallerView> = {}): DiallerView {
  return {
    campaignId,
    ...{ ringing: 6, waiting: 1, talking: 8, previews: 0, linesPerOperator: 1.5 },
    operators: { free: 1, busy: 8, wrappingUp: 1 },
    pace: {
      lines: 2,
      reason: "predictive",
      values: {
        operators: 10,
        free: 1,
        ringing: 6,
        waiting: 1,
        chance: 0.35,
        risk: 0.021,
        allowed: 0.027,
      },
    },
    ...own,
  };
}

const line = (n: number, name: string, own: Partial<ContactLine> = {}): ContactLine => ({
  contactId: `contact-${n}`,
  attemptId: `cc-${n}`,
  name,
  phone: `+7 913 000-00-0${n}`,
  orders: [`10${n}`],
  attempts: 0,
  dueAt: new Date(Date.now() - n * 60_000).toISOString(),
  localTime: "14:10",
  zones: { names: ["Europe/Moscow"], basis: "delivery" },
  ...own,
});

/** Who is called next, later and never. */
export function sampleNext(): NextBody {
  const tomorrow = new Date(Date.now() + 20 * 3_600_000).toISOString();
  return {
    next: [
      line(1, "Мария Кузнецова"),
      line(2, "Пётр Иванов", { attempts: 1, orders: ["102", "117"] }),
    ],
    later: [
      {
        ...line(3, "Елена Орлова", {
          dueAt: tomorrow,
          localTime: "09:00",
          zones: { names: ["Asia/Vladivostok"], basis: "delivery" },
        }),
        because: "outsideHours",
      },
      { ...line(4, "", { attempts: 2, dueAt: tomorrow, orders: [] }), because: "phoneLimit" },
      {
        ...line(5, "Игорь Сафин", {
          dueAt: tomorrow,
          zones: { names: ["Europe/Kaliningrad", "Asia/Kamchatka"], basis: "unknown" },
        }),
        because: "notDue",
      },
    ],
    never: [{ ...line(7, "Олег Фёдоров"), because: "doNotCall" }],
  };
}

/** Who was withdrawn; newest first. */
export function sampleWithdrawn(): WithdrawnContact[] {
  const at = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();
  return [
    { ...line(6, "Анна Ли"), because: "calledIn", at: at(12) },
    { ...line(9, "Юрий Громов", { attempts: 4 }), because: "exhausted", at: at(95) },
  ];
}

/** People of a campaign; Ольга's attempt is unknown. */
export function sampleContacts(): ContactFound[] {
  return [
    {
      ...line(8, "Ольга Петрова", { attempts: 1 }),
      state: "open",
      result: "",
      labels: null,
      tries: [{ attemptId: "cc-8", at: "2026-11-23T06:12:00Z", state: "unknown", outcome: null }],
    },
    {
      ...line(1, "Мария Кузнецова", { attempts: 2 }),
      state: "done",
      result: "confirmed",
      labels: { ru: "Заказ подтверждён", uk: "Замовлення підтверджено", en: "Order confirmed" },
      tries: [
        { attemptId: "cc-1", at: "2026-11-23T07:30:00Z", state: "ended", outcome: "talked" },
        { attemptId: "cc-1a", at: "2026-11-23T06:30:00Z", state: "ended", outcome: "noAnswer" },
      ],
    },
    {
      ...line(6, "Анна Ли"),
      state: "withdrawn",
      result: "calledIn",
      labels: null,
      tries: [{ attemptId: "cc-6", at: "2026-11-23T07:00:00Z", state: "withdrawn", outcome: null }],
    },
  ];
}

/** Dialled, rang, was answered and talked. */
export function sampleStory(contact: ContactFound, attemptId: string): AttemptStory {
  const tried = contact.tries.find((one) => one.attemptId === attemptId)!;
  const step = (
    second: number,
    from: AttemptStory["steps"][number]["from"],
    to: AttemptStory["steps"][number]["to"],
    evidence: StepEvidence = {},
  ): AttemptStory["steps"][number] => ({
    at: new Date(Date.parse(tried.at) + second * 1000).toISOString(),
    ...{ from, to, evidence },
  });
  const begun = [
    step(0, "", "planned", { why: "orderPlaced" }),
    step(60, "planned", "claimed", { process: "callcard-1" }),
    step(60, "claimed", "dialling", { trunk: "provider" }),
  ];
  const last =
    tried.state === "unknown"
      ? [step(75, "dialling", "unknown", { settled: true, pbxRecord: "none" })]
      : tried.outcome === "talked"
        ? [
            step(62, "dialling", "ringing"),
            step(71, "ringing", "answered"),
            step(71, "answered", "waiting"),
            step(72, "waiting", "connected"),
            step(188, "connected", "ended", {
              ...{ outcome: "talked", dialStatus: "ANSWER", cause: 16, originateReason: 4 },
              ...{ rang: true, answered: true, machine: false, connected: true },
              answeredForMs: 117_000,
            }),
          ]
        : [
            step(62, "dialling", "ringing"),
            step(87, "ringing", "ended", {
              ...{ outcome: "noAnswer", dialStatus: "NOANSWER", cause: 19, originateReason: 3 },
              ...{ rang: true, answered: false, machine: false, connected: false },
            }),
          ];
  const { tries: _, ...whom } = contact;
  return {
    id: attemptId,
    campaign: { id: "1", name: "Подтверждение заказов" },
    contact: whom,
    state: tried.state,
    outcome: tried.outcome,
    withdrawnBecause: tried.state === "withdrawn" ? "calledIn" : "",
    operator: tried.outcome === "talked" ? "Анна Белова" : "",
    callId: tried.outcome === "talked" ? `office-${attemptId}` : "",
    steps: [...begun, ...last],
  };
}

export const sampleDoNotCall: readonly DoNotCallLine[] = [
  {
    phone: "+79130000007",
    reason: "Попросил не звонить",
    addedBy: "anna",
    addedAt: "2026-11-20T10:00:00Z",
  },
  {
    phone: "+79130000010",
    reason: "",
    addedBy: "import",
    addedAt: "2026-11-18T10:00:00Z",
  },
];
