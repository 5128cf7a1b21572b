/** Everything that campaigns' code can write or refuse has words in each language: a code without a line here does not compile. */
import { describe, expect, test } from "vitest";
import type { AttemptOutcome, AttemptState } from "../../../server/campaigns/attempts/model.ts";
import type {
  EvidenceKey,
  StepEvidence,
} from "../../../server/campaigns/attempts/step-evidence.ts";
import type { WithdrawnBecause } from "../../../server/campaigns/model.ts";
import type { LaterBecause } from "../../../server/campaigns/rest.ts";
import {
  FILE_PROBLEMS,
  type FileProblemCode,
  type FileProblemValues,
  ROW_PROBLEMS,
  type RowProblemCode,
  type RowProblemValues,
} from "../../../server/campaigns/upload-problems.ts";
import type { SkipReason } from "../../../server/desk/protocol.ts";
import {
  attemptText,
  becauseText,
  contactText,
  outcomeText,
  refusedText,
  withdrawnText,
} from "../../../widget/console/campaigns/sentences.ts";
import { EVIDENCE_KEYS, evidenceTexts } from "../../../widget/console/campaigns/story/evidence.ts";
import { refusalText } from "../../../widget/console/shared/problems.ts";
import { createWords } from "../../../widget/console/words.ts";
import { LANGUAGES } from "../../../widget/shared/locale.ts";

const keysOf = <Code extends string>(all: Readonly<Record<Code, true>>) =>
  Object.keys(all) as Code[];

const OUTCOMES = keysOf<AttemptOutcome>({
  ...{ talked: true, busy: true, noAnswer: true, rejected: true, unallocated: true },
  ...{ congestion: true, wrongTrunk: true, machine: true, abandoned: true, letGo: true },
  ...{ cutOff: true, operatorGone: true, skipped: true, refusedByPbx: true, failed: true },
});
const STATES = keysOf<AttemptState>({
  ...{ planned: true, claimed: true, dialling: true, ringing: true, answered: true },
  ...{ waiting: true, connected: true, ended: true, withdrawn: true, unknown: true },
});
const BECAUSE = keysOf<WithdrawnBecause | LaterBecause>({
  ...{ orderConfirmed: true, orderPaid: true, orderCancelled: true, orderSettled: true },
  ...{ calledIn: true, talked: true, cartOrdered: true, doNotCall: true, refused: true },
  ...{ openClaim: true, noConsent: true, campaignEnded: true, byHand: true, exhausted: true },
  ...{
    outsideHours: true,
    phoneLimit: true,
    customerLimit: true,
    inFlight: true,
    spacing: true,
    notDue: true,
  },
  ...{ campaignNotRunning: true, forOperator: true },
});
const SKIPS = keysOf<SkipReason>({
  ...{ notNow: true, alreadySettled: true, wrongPerson: true, doNotCall: true, other: true },
});

/** Every key with values that are worth telling. */
const EVIDENCE: { readonly [Key in EvidenceKey]: readonly NonNullable<StepEvidence[Key]>[] } = {
  outcome: OUTCOMES,
  withdrawnBecause: BECAUSE as WithdrawnBecause[],
  why: ["orderPlaced", "orderStage", "cartLeft", "callbackPromised", "list", "event"],
  after: OUTCOMES,
  callBack: [true],
  by: ["anna"],
  because: ["outsideHours", "phoneLimit", "customerLimit", "spacing", "inFlight"],
  process: ["callcard-1"],
  trunk: ["provider"],
  skipped: SKIPS,
  operatorAnswered: [true, false],
  rang: [true],
  answered: [true],
  connected: [true],
  machine: [true],
  pressedOne: [true],
  answeredForMs: [74_000],
  greetingEndedMs: [1700],
  dialStatus: ["ANSWER", "BUSY", "NOANSWER", "CANCEL", "CONGESTION", "CHANUNAVAIL"],
  cause: [1, 3, 16, 17, 18, 19, 20, 21, 22, 27, 28, 34, 38, 41, 42, 127],
  originateReason: [0, 1, 3, 4, 5, 8],
  refused: ["Extension does not exist."],
  settled: [true],
  pbxRecord: ["none", "noEnd"],
  settledBy: ["vera"],
};
const ROWS: { readonly [Code in RowProblemCode]: RowProblemValues[Code] } = {
  ...{ quoteAstray: {}, quoteOpen: {}, lineTooLong: {}, notAnObject: {}, unknownField: {} },
  ...{ missing: {}, badPhone: {}, badZone: {}, badMoment: {}, notText: {}, nulCharacter: {} },
  ...{ notTexts: {}, tooLong: { most: 200 }, tooManyFields: { most: 50 } },
  noSuchCustomer: { id: "7", source: "shop" },
};
const FILES: { readonly [Code in FileProblemCode]: FileProblemValues[Code] } = {
  ...{ fileNotUtf8: { line: 3 }, fileUtf16: { line: 1 }, fileNul: { line: 2 } },
  ...{ fileNoHeads: { line: 1 }, fileBadHeads: { line: 1 } },
  ...{ fileTooLong: { line: 200_002, most: 200_000 }, fileNoPhones: { heads: '"a", "b"' } },
};

test("what is walked over here is everything that there is", () => {
  expect(Object.keys(EVIDENCE).toSorted()).toEqual(EVIDENCE_KEYS.toSorted());
  expect(Object.keys(ROWS).toSorted()).toEqual(ROW_PROBLEMS.toSorted());
  expect(Object.keys(FILES).toSorted()).toEqual(FILE_PROBLEMS.toSorted());
});

describe.each(LANGUAGES)("in %s", (language) => {
  const words = createWords(language);
  /** Words of this language, without holes, and no code among them. */
  const expectWords = (said: string, code: string) => {
    expect(said).not.toBe("");
    expect(said).not.toMatch(/[{}]|undefined|null/);
    if (language === "en") return;
    expect(said).toMatch(/[а-яіїєґ]/i);
    expect(said.split(/[^\w]+/)).not.toContain(code);
  };

  test.each(OUTCOMES)("the outcome %s", (code) => expectWords(outcomeText(code, words), code));
  test.each(STATES)("the state %s", (code) => expectWords(attemptText(code, words), code));
  test.each(BECAUSE)("the reason %s", (code) => expectWords(becauseText(code, words), code));

  test.each(EVIDENCE_KEYS)("the evidence %s", (key) => {
    for (const value of EVIDENCE[key]) {
      const told = evidenceTexts({ [key]: value }, words);
      expect(told).toHaveLength(1);
      expectWords(told[0]!, key);
      // A value from a closed list is told in words too.
      if (typeof value === "string" && /^[a-z]+[A-Z]/.test(value))
        expect(told[0]).not.toContain(value);
    }
  });

  test.each(ROW_PROBLEMS)("the refused row %s", (code) => {
    const reason = "the server's English words";
    const said = refusedText({ code, reason, values: { ...ROWS[code] } }, words);
    expect(said).not.toBe(reason);
    expectWords(said, code);
  });

  test.each(FILE_PROBLEMS)("the refused file %s", (code) => {
    const message = "the server's English words";
    const problems = [{ path: "", code, message, values: FILES[code] }];
    const refused = { ok: false, status: 422, code: "unreadableFile", message, problems } as const;
    const said = refusalText(refused, words);
    expect(said).not.toBe(message);
    expectWords(said, code);
  });

  test("a contact that is over: the disposition's own words, why it was withdrawn, or that no hour allowed it", () => {
    const labels = { ru: "Заказ подтверждён", uk: "Замовлення підтверджено", en: "Confirmed" };
    const over = { attempts: 2, labels: null, result: "exhausted", state: "withdrawn" } as const;
    const done = contactText({ ...over, state: "done", result: "confirmed", labels }, words);
    expect(done).toBe(
      {
        ...{ ru: "закончено: заказ подтверждён", uk: "завершено: замовлення підтверджено" },
        en: "done: confirmed",
      }[language],
    );
    expect(contactText(over, words)).not.toBe(contactText({ ...over, attempts: 0 }, words));
    const never = { attempts: 0, because: "exhausted" } as const;
    expect(withdrawnText(never, words)).toBe(words.t("because_noHour"));
    expect(contactText({ ...over, state: "open", result: "" }, words)).toBe(
      words.t("contact_open"),
    );
  });
});

test("of what the PBX said only that is told which says more than the rest", () => {
  const words = createWords("ru");
  const said = { originateReason: 4, dialStatus: "ANSWER", cause: 16, rang: true, answered: true };
  expect(
    evidenceTexts(
      { ...said, machine: false, connected: true, outcome: "talked", answeredForMs: 117_000 },
      words,
    ),
  ).toEqual([
    ...["итог: поговорили", "от ответа до конца 1 мин 57 с"],
    ...["Asterisk сообщил: ответили", "код сети 16 (обычный конец)"],
  ]);
  // What a newer server adds is left out, a status that Asterisk invents is told as it is.
  const newer = { weather: "rain", dialStatus: "NEWSTATUS" } as StepEvidence;
  expect(evidenceTexts(newer, words)).toEqual(["Asterisk сообщил: NEWSTATUS"]);
});
