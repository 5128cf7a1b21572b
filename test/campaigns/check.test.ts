import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Compile } from "typebox/compile";
import { type CampaignVocabulary, checkCampaign } from "../../server/campaigns/check.ts";
import { kindRules } from "../../server/campaigns/kinds.ts";
import type { CampaignSettings } from "../../server/campaigns/model.ts";
import { CampaignSettingsSchema } from "../../server/campaigns/settings-schema.ts";
import { campaignTemplates } from "../../server/campaigns/templates.ts";
import { campaign, everyDay, vocabulary } from "./samples.ts";

const check = (settings: unknown, known: CampaignVocabulary = vocabulary) =>
  checkCampaign(settings, known);
const found = (
  list: "problems" | "warnings",
  own: Partial<CampaignSettings>,
  known?: Partial<CampaignVocabulary>,
) =>
  check(campaign(own), { ...vocabulary, ...known })[list].map(
    ({ path, code }) => `${path} ${code}`,
  );
const problems = (own: Partial<CampaignSettings>, known?: Partial<CampaignVocabulary>) =>
  found("problems", own, known);
const warnings = (own: Partial<CampaignSettings>, known?: Partial<CampaignVocabulary>) =>
  found("warnings", own, known);
const usual = campaign();
const abandonment = (own: Partial<CampaignSettings["abandonment"]>) => ({
  abandonment: { ...usual.abandonment, ...own },
});
const hours = (own: Partial<CampaignSettings["hours"]>) => ({ hours: { ...usual.hours, ...own } });
const advert = (own: Partial<CampaignSettings> = {}): Partial<CampaignSettings> => ({
  kind: "advert",
  mode: "preview",
  bridge: "operatorFirst",
  exclude: { ...usual.exclude, withoutConsent: true },
  dispositions: campaignTemplates("en", "RU")[1]!.settings.dispositions,
  ...own,
});
const debt = (own: Partial<CampaignSettings> = {}): Partial<CampaignSettings> => {
  const { limits, hours, retries } = kindRules("debt").defaults;
  return { kind: "debt", mode: "progressive", limits, hours, retries, ...own };
};

test("a good campaign is given back as it came, with nothing to say", () => {
  expect(check(usual)).toEqual({ settings: usual, problems: [], warnings: [] });
});

describe("what is no campaign at all", () => {
  test("is refused at its place, every place at once", () => {
    const broken = {
      ...usual,
      name: 7,
      kind: "spam",
      trigger: { type: "orderStage", stages: ["lost"], sources: [], extra: 1 },
      hours: { ...usual.hours, weekdays: { from: 9, to: "21:00" }, sunday: "never" },
      retries: { ...usual.retries, busy: [5, { afterMinutes: "soon" }], machine: undefined },
      previewSeconds: "long",
      dispositions: [{ code: "ok", effect: "win", labels: { ru: "", uk: "" } }],
      surplus: true,
    };
    expect(
      check(JSON.parse(JSON.stringify(broken)))
        .problems.map(({ path, code }) => `${path} ${code}`)
        .toSorted(),
    ).toEqual([
      "/dispositions/0/effect notAllowed",
      "/dispositions/0/labels/en missing",
      "/hours/sunday wrongType",
      "/hours/weekdays/from wrongType",
      "/kind notAllowed",
      "/name wrongType",
      "/previewSeconds wrongType",
      "/retries/busy/0 notAllowed",
      "/retries/busy/1/afterMinutes wrongType",
      "/retries/machine missing",
      "/surplus unknownField",
      "/trigger/extra unknownField",
      "/trigger/stages/0 notAllowed",
    ]);
    expect(check(broken).settings).toBeNull();
  });

  test("is one whose trigger nobody knows", () => {
    const trigger = (value: unknown) =>
      check({ ...usual, trigger: value }).problems.map(({ path, code }) => `${path} ${code}`);
    expect(trigger({ type: "fullMoon" })).toEqual(["/trigger/type notAllowed"]);
    expect(trigger({})).toEqual(["/trigger/type missing"]);
    expect(trigger("orderPlaced")).toEqual(["/trigger wrongType"]);
    expect(trigger({ type: "__proto__" })).toEqual(["/trigger/type notAllowed"]);
  });

  test("may be anything that JSON can say, and is never taken nor thrown at", () => {
    const odd = fc.oneof(fc.jsonValue(), fc.object({ key: fc.constantFrom("type", "from", "to") }));
    fc.assert(
      fc.property(odd, fc.constantFrom(...Object.keys(usual)), (value, field) => {
        expect(check(value).settings).toBeNull();
        const { settings } = check({ ...usual, [field]: value });
        // The schema is the second opinion: what is taken has the shape of settings.
        if (settings !== null) expect(Compile(CampaignSettingsSchema).Check(settings)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test("is refused by the check exactly when the whole schema refuses it", () => {
    const whole = Compile(CampaignSettingsSchema);
    const shapes = new Set([
      "missing",
      "unknownField",
      "wrongType",
      "notAllowed",
      "tooMany",
      "tooLong",
    ]);
    const part = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.constantFrom(
        ...Object.values(usual),
        { type: "list" },
        { type: "cartLeft", afterMinutes: 5 },
      ),
    );
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(usual)), part, (field, value) => {
        const settings = JSON.parse(JSON.stringify({ ...usual, [field]: value }));
        const refused = check(settings).problems.some(({ code }) => shapes.has(code));
        expect([field, refused]).toEqual([field, !whole.Check(settings)]);
      }),
      { numRuns: 500 },
    );
  });
});

describe("places that do not exist are refused", () => {
  test("PBX, queue and trunk, with what was probably meant", () => {
    expect(problems({ pbx: "mian" })).toEqual(["/pbx unknownPbx"]);
    const { problems: told } = check(campaign({ queue: "sale", trunks: ["provider", "provder"] }));
    expect(told.map(({ path, values }) => [path, values["suggestion"]])).toEqual([
      ["/queue", "sales"],
      ["/trunks/1", "provider"],
    ]);
    expect(told[0]?.message).toBe(
      'main has no queue "sale". Did you mean "sales"? Known: sales, outbound',
    );
  });

  test("none, and one named twice", () => {
    const nothing = { pbx: "", queue: "", trunks: [], callerId: { number: "", name: "" } };
    expect(problems(nothing)).toEqual([
      "/pbx empty",
      "/queue empty",
      "/trunks empty",
      "/callerId/number empty",
    ]);
    expect(problems({ trunks: ["provider", "provider"] })).toEqual(["/trunks/1 duplicate"]);
  });

  test("but of a PBX that is away nobody knows, and a trunk that is off may be switched on", () => {
    expect(problems({ pbx: "away" })).toEqual([]);
    expect(warnings({ pbx: "away" })).toEqual(["/queue queueNotTold"]);
    expect(warnings({ trunks: ["spare"] })).toEqual(["/trunks/0 trunkDisabled"]);
    const trigger = { type: "orderPlaced", sources: ["site", "ap"] } as const;
    expect(warnings({ trigger })).toEqual(["/trigger/sources/1 unknownSource"]);
  });

  test("a caller id is a number and one line of text", () => {
    const number = (value: string) => problems({ callerId: { number: value, name: "" } });
    for (const good of ["+74951234567", "84951234567", "100"]) expect(number(good)).toEqual([]);
    for (const bad of ["shop", "+7 495 123", "12", "1\n2345", '"x" <1234>'])
      expect(number(bad)).toEqual(["/callerId/number badCallerId"]);
    expect(problems({ callerId: { number: "100", name: "Shop\r\nAction: Originate" } })).toEqual([
      "/callerId/name notOneLine",
    ]);
  });
});

describe("contradictions are refused", () => {
  test("what starts a call also settles it", () => {
    const settledStages = ["confirmed", "new"] as const;
    expect(problems({ settledStages })).toEqual(["/settledStages/1 settledAtOnce"]);
    const trigger = { type: "orderStage", stages: ["shipped", "confirmed"], sources: [] } as const;
    expect(problems({ trigger, settledStages })).toEqual(["/settledStages/0 settledAtOnce"]);
    expect(problems({ trigger: { ...trigger, stages: [] } })).toEqual(["/trigger/stages empty"]);
  });

  test("a target that is not below its cap", () => {
    expect(problems(abandonment({ targetShare: 0.03 }))).toEqual([
      "/abandonment/targetShare targetNotBelow",
    ]);
    expect(problems(abandonment({ clockFrom: "greetingEnd" }))).toEqual([
      "/abandonment/clockFrom greetingNeedsDetection",
    ]);
    const detected = { ...abandonment({ clockFrom: "greetingEnd" }), onMachine: "hangUp" } as const;
    expect(problems(detected)).toEqual([]);
  });

  test("who is called first does not fit the mode", () => {
    expect(problems({ mode: "preview" })).toEqual(["/bridge previewOperatorFirst"]);
    for (const mode of ["predictive", "automatic"] as const)
      expect(problems({ mode, bridge: "operatorFirst" })).toEqual([
        "/bridge predictiveCustomerFirst",
      ]);
    expect(problems({ mode: "progressive", bridge: "operatorFirst" })).toEqual([]);
  });

  test("an end before the start, or between them no time to call", () => {
    const startsAt = "2026-12-01T09:00:00+03:00";
    expect(problems({ startsAt, endsAt: "2026-12-01T06:00:00Z" })).toEqual([
      "/endsAt endBeforeStart",
    ]);
    const night = { startsAt, endsAt: "2026-12-01T09:00:10+03:00" };
    expect(problems(night)).toEqual([]);
    const dark = { startsAt: "2026-12-01T22:00:00+03:00", endsAt: "2026-12-02T08:59:00+03:00" };
    expect(problems(dark)).toEqual(["/endsAt neverOpenBefore"]);
    expect(problems({ startsAt: "tomorrow", endsAt: "2026-12-01" })).toEqual([
      "/startsAt badMoment",
      "/endsAt badMoment",
    ]);
    expect(warnings({ endsAt: "2026-11-01T00:00:00Z" })).toEqual(["/endsAt endPassed"]);
  });

  test("no disposition says done, or one code stands for two", () => {
    const [first, ...rest] = usual.dispositions;
    const open = usual.dispositions.filter(({ effect }) => effect !== "done");
    expect(problems({ dispositions: open })).toEqual(["/dispositions noDone"]);
    expect(problems({ dispositions: [] })).toEqual(["/dispositions noDone"]);
    expect(problems({ dispositions: [first!, ...rest, first!] })).toEqual([
      `/dispositions/${usual.dispositions.length}/code duplicate`,
    ]);
    const labels = { ru: "Да", uk: " ", en: "Yes\nno" };
    expect(problems({ dispositions: [{ code: "Да!", effect: "done", labels }] })).toEqual([
      "/dispositions/0/code badCode",
      "/dispositions/0/labels/uk empty",
      "/dispositions/0/labels/en notOneLine",
    ]);
  });

  test("a script with words nobody fills in", () => {
    const { problems: told } = check(campaign({ script: "{name}, {orders}, {Shop}, {name} {}" }));
    expect(told.map(({ values }) => values["value"])).toEqual(["{name}", "{Shop}", "{}"]);
    expect(problems({ script: "{customer} {orders} {shop} } { a }" })).toEqual([
      "/script unknownPlaceholder",
    ]);
    expect(problems({ script: "{customer} {orders} {shop} } {" })).toEqual([]);
  });
});

describe("numbers out of their range are refused", () => {
  test.each<[string, Partial<CampaignSettings>]>([
    ["/ringSeconds outOfRange", { ringSeconds: 14 }],
    ["/ringSeconds notWhole", { ringSeconds: 15.5 }],
    ["/previewSeconds outOfRange", { previewSeconds: 4 }],
    ["/mostLinesPerOperator outOfRange", { mostLinesPerOperator: 0.9 }],
    ["/abandonment/connectWithinMs outOfRange", abandonment({ connectWithinMs: 499 })],
    ["/abandonment/targetShare outOfRange", abandonment({ targetShare: 0 })],
    ["/priority outOfRange", { priority: 101 }],
    ["/limits/perContact outOfRange", { limits: { ...usual.limits, perContact: 0 } }],
    ["/limits/perPhoneADay outOfRange", { limits: { ...usual.limits, perPhoneADay: 21 } }],
    ["/trigger/afterMinutes outOfRange", { trigger: { type: "cartLeft", afterMinutes: 4 } }],
    [
      "/exclude/talkedWithinHours outOfRange",
      { exclude: { ...usual.exclude, talkedWithinHours: 0 } },
    ],
    [
      "/retries/busy/0/afterMinutes outOfRange",
      { retries: { ...usual.retries, busy: [{ afterMinutes: 0 }] } },
    ],
  ])("%s", (expected, own) => {
    expect(problems(own)).toEqual([expected]);
  });

  test("a ring of 15 seconds, progressive lines and the smallest limits are allowed", () => {
    const limits = { perContact: 1, perPhoneADay: 1, perCustomerADay: 1 };
    expect(problems({ ringSeconds: 15, mostLinesPerOperator: 1, limits })).toEqual([]);
  });
});

describe("calling hours", () => {
  test("are times and dates that exist, from earlier to later", () => {
    expect(problems(hours({ weekdays: { from: "9:00", to: "24:01" } }))).toEqual([
      "/hours/weekdays/from badTime",
      "/hours/weekdays/to badTime",
    ]);
    expect(problems(hours({ saturday: { from: "18:00", to: "10:00" } }))).toEqual([
      "/hours/saturday hoursCross",
    ]);
    expect(problems(hours({ sunday: { from: "10:00", to: "10:14" } }))).toEqual([
      "/hours/sunday hoursShort",
    ]);
    const holidays = ["02-29", "2027-02-29", "2027-02-28", "13-01", "1 May", "2027-1-1"];
    expect(problems(hours({ holidays }))).toEqual(
      [1, 3, 4, 5].map((at) => `/hours/holidays/${at} badDate`),
    );
  });

  test("on no day at all are refused", () => {
    const never = { weekdays: null, saturday: null, sunday: null };
    expect(problems(hours(never))).toEqual(["/hours neverOpen"]);
  });

  test("that no moment of Russia's eleven zones shares leave people of unknown zones out: told", () => {
    const short = everyDay("10:00", "19:00");
    expect(warnings({ hours: short })).toEqual(["/hours unknownZoneNeverOpen"]);
    expect(problems({ hours: short })).toEqual([]);
    const tight = { ...everyDay("10:00", "19:00"), weekdays: { from: "10:00", to: "21:00" } };
    const { warnings: told } = check(campaign({ hours: tight }));
    expect(told.map(({ code, values }) => [code, values["minutes"]])).toEqual([
      ["unknownZoneLittleOpen", 300],
    ]);
    expect(warnings({ hours: short }, { country: "UA", timeZone: "Europe/Kyiv" })).toEqual([]);
  });

  test("beyond what people like are told, beyond the law refused", () => {
    const early = everyDay("08:00", "20:00");
    const days = ["weekdays", "saturday", "sunday", "onHolidays"].map((day) => `/hours/${day}`);
    expect(warnings({ hours: early })).toEqual(days.map((day) => `${day} hoursBeyondUsual`));
    expect(problems(debt({ hours: early }))).toEqual(
      days.slice(1).map((day) => `${day} hoursBeyondLaw`),
    );
  });
});

describe("the kind of call", () => {
  test("an advert needs consent and an operator for each line", () => {
    expect(problems(advert())).toEqual([]);
    expect(problems(advert({ exclude: usual.exclude }))).toEqual([
      "/exclude/withoutConsent consentRequired",
    ]);
    for (const mode of ["predictive", "automatic"] as const)
      expect(problems(advert({ mode, bridge: "customerFirst" }))).toEqual(["/mode modeNotAllowed"]);
    expect(problems(advert({ mode: "progressive" }))).toEqual([]);
    const dispositions = campaign().dispositions.filter(({ effect }) => effect !== "refused");
    expect(warnings(advert({ dispositions }))).toEqual(["/dispositions noRefusal"]);
  });

  test("a debt is spoken of once a day", () => {
    expect(problems(debt())).toEqual([]);
    const limits = { perContact: 4, perPhoneADay: 2, perCustomerADay: 2 };
    expect(problems(debt({ limits }))).toEqual([
      "/limits/perPhoneADay limitBeyondLaw",
      "/limits/perCustomerADay limitBeyondLaw",
    ]);
    expect(warnings(debt())).toEqual(["/limits spacingPerContact", "/limits spacingPerContact"]);
  });
});

describe("doubts are told and the campaign taken", () => {
  test("retries that a limit cuts off", () => {
    const limits = { perContact: 3, perPhoneADay: 4, perCustomerADay: 4 };
    expect(warnings({ limits })).toEqual([
      "/retries/busy retriesBeyondLimit",
      "/retries/noAnswer retriesBeyondLimit",
      "/retries/congestion retriesBeyondLimit",
    ]);
    const perDay = { perContact: 6, perPhoneADay: 2, perCustomerADay: 4 };
    expect(warnings({ limits: perDay })).toEqual([
      "/retries/busy retriesBeyondDay",
      "/retries/noAnswer retriesBeyondDay",
      "/retries/congestion retriesBeyondDay",
    ]);
  });

  test("a high cap, a long silence, cancelled orders, machines in a preview, two labels alike", () => {
    expect(warnings(abandonment({ mostShare: 0.05 }))).toEqual([
      "/abandonment/mostShare capAboveUsual",
    ]);
    expect(warnings(abandonment({ connectWithinMs: 2500 }))).toEqual([
      "/abandonment/connectWithinMs connectsLate",
    ]);
    expect(warnings({ settledStages: ["confirmed"] })).toEqual([
      "/settledStages cancelledStillCalled",
    ]);
    expect(warnings(advert({ onMachine: "hangUp" }))).toEqual(["/onMachine machineInPreview"]);
    const [first] = usual.dispositions;
    const twin = { ...first!, code: "twin" };
    expect(warnings({ dispositions: [first!, twin] }).slice(0, 1)).toEqual([
      "/dispositions/1/labels/ru sameLabel",
    ]);
  });
});
