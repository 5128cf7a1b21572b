/** What became known with a step of an attempt's story, in words. */
import type {
  EvidenceKey,
  StepEvidence,
} from "../../../../server/campaigns/attempts/step-evidence.ts";
import type { ConsoleWords } from "../../words.ts";
import { becauseText, outcomeText, within, worded } from "../sentences.ts";

type Value<Key extends EvidenceKey> = NonNullable<StepEvidence[Key]>;
/** "" for what is not worth a word beside the others. */
type Sentences = {
  readonly [Key in EvidenceKey]: (
    value: Value<Key>,
    words: ConsoleWords,
    all: StepEvidence,
  ) => string;
};

/** Every key that a step can have, in the order in which it is told. */
const SENTENCES: Sentences = {
  outcome: (outcome, words) =>
    words.t("evidence_outcome", { outcome: within(outcomeText(outcome, words)) }),
  withdrawnBecause: (because, words) =>
    words.t("evidence_withdrawnBecause", { because: within(becauseText(because, words)) }),
  why: (why, words) => words.t("evidence_why", { why: worded(`trigger_${why}`, why, words) }),
  after: (outcome, words) =>
    words.t("evidence_after", { outcome: within(outcomeText(outcome, words)) }),
  callBack: (promised, words) => (promised ? words.t("evidence_callBack") : ""),
  by: (name, words) => words.t("evidence_by", { name }),
  because: (because, words) =>
    words.t("evidence_because", { because: within(becauseText(because, words)) }),
  // A random id: as much of it as tells one server from another.
  process: (name, words) => words.t("evidence_process", { name: name.slice(0, 8) }),
  trunk: (name, words) => words.t("evidence_trunk", { name }),
  skipped: (reason, words) =>
    words.t("evidence_skipped", { reason: within(words.locale.t(`skip_${reason}`)) }),
  operatorAnswered: (answered, words) =>
    words.t(answered ? "evidence_operatorAnswered" : "evidence_operatorSilent"),
  // Of these the one that came furthest says the others too, and the outcome may say it already.
  rang: (rang, words, { answered }) => (rang && answered !== true ? words.t("evidence_rang") : ""),
  answered: (answered, words, { connected }) =>
    answered && connected !== true ? words.t("evidence_answered") : "",
  connected: (connected, words, { outcome }) =>
    connected && outcome !== "talked" ? words.t("evidence_connected") : "",
  machine: (machine, words, { outcome }) =>
    machine && outcome !== "machine" ? words.t("evidence_machine") : "",
  pressedOne: (pressed, words) => (pressed ? words.t("evidence_pressedOne") : ""),
  // Where nobody listened for it there is nothing to tell.
  greetingEndedMs: (ms, words) =>
    ms === 0 ? "" : words.t("evidence_greetingEndedMs", { duration: words.locale.duration(ms) }),
  answeredForMs: (ms, words, { answered }) =>
    answered === false
      ? ""
      : words.t("evidence_answeredForMs", { duration: words.locale.duration(ms) }),
  dialStatus: (status, words) =>
    status === ""
      ? ""
      : words.t("evidence_dialStatus", { status: words.coded("dial_", status) ?? status }),
  cause: (code, words) => {
    if (code === 0) return "";
    const said = words.t("evidence_cause", { code });
    const meaning = words.coded("cause_", String(code));
    return meaning === null ? said : `${said} (${meaning})`;
  },
  // Only where nothing else tells how it ended.
  originateReason: (code, words, { dialStatus = "" }) =>
    dialStatus === "" ? words.t("evidence_originateReason", { code }) : "",
  refused: (said, words) => (said === "" ? "" : words.t("evidence_refused", { words: said })),
  settled: (settled, words) => (settled ? words.t("evidence_settled") : ""),
  pbxRecord: (record, words) =>
    words.t("evidence_pbxRecord", { record: worded(`record_${record}`, record, words) }),
  settledBy: (name, words) => words.t("evidence_settledBy", { name }),
};

/** Every key there is. */
export const EVIDENCE_KEYS = Object.keys(SENTENCES) as readonly EvidenceKey[];

/** Everything that a step is worth telling of. What a newer server adds is left out. */
export function evidenceTexts(evidence: StepEvidence, words: ConsoleWords): readonly string[] {
  const told = (key: EvidenceKey): string => {
    const value = evidence[key];
    // Each takes the values of its own key, which TypeScript cannot follow through a union of keys.
    const tell = SENTENCES[key] as (one: unknown, words: ConsoleWords, all: StepEvidence) => string;
    return value === undefined ? "" : tell(value, words, evidence);
  };
  return EVIDENCE_KEYS.map((key) => told(key)).filter((text) => text !== "");
}
