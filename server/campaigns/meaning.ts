/** What campaign settings of the right shape say: wrong values, contradictions, promises that cannot be kept. Pure. */
import { listed, nearest } from "../priority/problems.ts";
import { whole, within } from "../priority/shape.ts";
import type { CampaignVocabulary } from "./check.ts";
import { checkHours } from "./hours-check.ts";
import { kindRules } from "./kinds.ts";
import type { CampaignSettings, RetryStep } from "./model.ts";
import { type Findings, tell } from "./problems.ts";
import {
  CAMPAIGN_RANGES as RANGES,
  ORDER_STAGES,
  RETRIED_OUTCOMES,
  SCRIPT_PLACEHOLDERS,
} from "./settings-schema.ts";

/** Everything there is to say about settings, in the order of their fields. */
export function checkMeaning(settings: CampaignSettings, vocabulary: CampaignVocabulary): Findings {
  const found: Findings = { problems: [], warnings: [] };
  filledLine(settings.name, "/name", found);
  triggerChecks(settings, vocabulary, found);
  placeChecks(settings, vocabulary, found);
  modeChecks(settings, found);
  abandonmentChecks(settings, found);
  retryChecks(settings, found);
  limitChecks(settings, found);
  checkHours(settings, vocabulary, found);
  whole("/priority", settings.priority, RANGES.priority, found.problems);
  scriptChecks(settings, found);
  dispositionChecks(settings, found);
  return found;
}

function triggerChecks(
  { trigger, settledStages, exclude, kind }: CampaignSettings,
  vocabulary: CampaignVocabulary,
  { problems, warnings }: Findings,
): void {
  if (trigger.type === "cartLeft")
    whole("/trigger/afterMinutes", trigger.afterMinutes, RANGES.cartMinutes, problems);
  if (trigger.type === "orderPlaced" || trigger.type === "orderStage") {
    for (const [index, source] of trigger.sources.entries()) {
      if (vocabulary.sources.includes(source)) continue;
      const values = unknown(source, vocabulary.sources);
      const words = `No order came from "${source}" so far${andKnown(values)}`;
      tell(warnings, `/trigger/sources/${index}`, "unknownSource", values, words);
    }
    const starts = trigger.type === "orderPlaced" ? (["new"] as const) : trigger.stages;
    if (starts.length === 0)
      tell(problems, "/trigger/stages", "empty", { field: "stages" }, "Choose at least one stage");
    for (const stage of ORDER_STAGES) {
      if (!starts.includes(stage) || !settledStages.includes(stage)) continue;
      const words = `An order that comes to "${stage}" starts a call, and needs none because it is "${stage}": nobody would be called`;
      const path = `/settledStages/${settledStages.indexOf(stage)}`;
      tell(problems, path, "settledAtOnce", { stage }, words);
    }
    if (!settledStages.includes("cancelled") && !starts.includes("cancelled")) {
      const words = "People are called though their order was cancelled";
      tell(warnings, "/settledStages", "cancelledStillCalled", {}, words);
    }
  }
  if (exclude.talkedWithinHours !== null) {
    const path = "/exclude/talkedWithinHours";
    within(path, exclude.talkedWithinHours, RANGES.talkedWithinHours, problems);
  }
  if (kindRules(kind).consentRequired && !exclude.withoutConsent) {
    const words = "An advertisement is only for people who consented to it";
    tell(problems, "/exclude/withoutConsent", "consentRequired", {}, words);
  }
}

function placeChecks(
  { pbx, queue, trunks, callerId }: CampaignSettings,
  { pbxs }: CampaignVocabulary,
  found: Findings,
): void {
  const { problems, warnings } = found;
  const place = pbxs.find((one) => one.name === pbx);
  if (pbx === "") {
    tell(problems, "/pbx", "empty", { field: "pbx" }, "Choose a PBX");
  } else if (place === undefined) {
    const values = unknown(
      pbx,
      pbxs.map((one) => one.name),
    );
    tell(problems, "/pbx", "unknownPbx", values, `There is no PBX "${pbx}"${andKnown(values)}`);
  }
  if (queue === "") {
    tell(problems, "/queue", "empty", { field: "queue" }, "Choose a queue");
  } else if (place !== undefined && place.queues.length === 0) {
    const words = `${pbx} does not tell its queues now, so nobody can say whether "${queue}" is one`;
    tell(warnings, "/queue", "queueNotTold", { value: queue, pbx }, words);
  } else if (place !== undefined && !place.queues.includes(queue)) {
    const values = { ...unknown(queue, place.queues), pbx };
    const words = `${pbx} has no queue "${queue}"${andKnown(values)}`;
    tell(problems, "/queue", "unknownQueue", values, words);
  }
  if (trunks.length === 0)
    tell(problems, "/trunks", "empty", { field: "trunks" }, "Choose at least one trunk");
  for (const [index, name] of trunks.entries()) {
    const path = `/trunks/${index}`;
    if (trunks.indexOf(name) < index)
      tell(problems, path, "duplicate", { value: name }, `"${name}" is named twice`);
    const trunk = place?.trunks.find((one) => one.name === name);
    if (place === undefined) continue;
    if (trunk === undefined) {
      const names = place.trunks.map((one) => one.name);
      const values = { ...unknown(name, names), pbx };
      const words = `${pbx} has no trunk "${name}"${andKnown(values)}`;
      tell(problems, path, "unknownTrunk", values, words);
    } else if (!trunk.enabled) {
      const words = `The trunk "${name}" is switched off`;
      tell(warnings, path, "trunkDisabled", { value: name }, words);
    }
  }
  if (callerId.number === "") {
    const words = "Say which number the called person sees";
    tell(problems, "/callerId/number", "empty", { field: "number" }, words);
  } else if (!/^\+?\d{3,15}$/.test(callerId.number)) {
    const value = callerId.number;
    const words = `"${value}" is not a number as trunks take it, such as +74951234567 or 84951234567`;
    tell(problems, "/callerId/number", "badCallerId", { value }, words);
  }
  oneLine(callerId.name, "/callerId/name", found);
}

function modeChecks(settings: CampaignSettings, { problems, warnings }: Findings): void {
  const { kind, mode, bridge, ringSeconds, onMachine, previewSeconds } = settings;
  const { modes } = kindRules(kind);
  if (!modes.includes(mode)) {
    const allowed = modes.join(", ");
    const words = `An advertisement may not be dialled in mode ${mode}; allowed: ${allowed}`;
    tell(problems, "/mode", "modeNotAllowed", { mode, allowed }, words);
  }
  if (mode === "preview" && bridge === "customerFirst") {
    const words = "In a preview the operator decides and is called first";
    tell(problems, "/bridge", "previewOperatorFirst", {}, words);
  }
  if ((mode === "predictive" || mode === "automatic") && bridge === "operatorFirst") {
    const words = `With the operator called first each call takes an operator, so mode ${mode} has nothing to predict`;
    tell(problems, "/bridge", "predictiveCustomerFirst", { mode }, words);
  }
  whole("/ringSeconds", ringSeconds, RANGES.ringSeconds, problems);
  if (mode === "preview" && onMachine !== "ignore") {
    const words = "In a preview the operator hears a machine; it is not looked for";
    tell(warnings, "/onMachine", "machineInPreview", {}, words);
  }
  if (previewSeconds !== null)
    whole("/previewSeconds", previewSeconds, RANGES.previewSeconds, problems);
  const path = "/mostLinesPerOperator";
  within(path, settings.mostLinesPerOperator, RANGES.mostLinesPerOperator, problems);
}

function abandonmentChecks(
  { abandonment, kind, onMachine }: CampaignSettings,
  { problems, warnings }: Findings,
): void {
  const { mostShare, targetShare, connectWithinMs, clockFrom } = abandonment;
  const usual = kindRules(kind).defaults.abandonment;
  within("/abandonment/mostShare", mostShare, RANGES.mostShare, problems);
  within("/abandonment/targetShare", targetShare, RANGES.targetShare, problems);
  whole("/abandonment/connectWithinMs", connectWithinMs, RANGES.connectWithinMs, problems);
  if (targetShare >= mostShare) {
    const values = { target: percent(targetShare), most: percent(mostShare) };
    const words = `${values.target} % is not below ${values.most} %: steered to the cap itself, it is crossed every other day`;
    tell(problems, "/abandonment/targetShare", "targetNotBelow", values, words);
  }
  if (mostShare > usual.mostShare) {
    const values = { value: percent(mostShare), usual: percent(usual.mostShare) };
    const words = `${values.value} % of people who answer would hear nobody; laws and regulators speak of at most ${values.usual} %`;
    tell(warnings, "/abandonment/mostShare", "capAboveUsual", values, words);
  }
  if (connectWithinMs > usual.connectWithinMs) {
    const values = { value: connectWithinMs, usual: usual.connectWithinMs };
    const words = `People wait ${connectWithinMs} ms in silence; laws and regulators speak of at most ${usual.connectWithinMs} ms`;
    tell(warnings, "/abandonment/connectWithinMs", "connectsLate", values, words);
  }
  if (clockFrom === "greetingEnd" && onMachine === "ignore") {
    const words = "The end of a greeting is only known where machines are looked for";
    tell(problems, "/abandonment/clockFrom", "greetingNeedsDetection", {}, words);
  }
}

function retryChecks({ retries, limits }: CampaignSettings, { problems, warnings }: Findings) {
  const perDay = Math.min(limits.perPhoneADay, limits.perCustomerADay);
  for (const outcome of RETRIED_OUTCOMES) {
    const steps = retries[outcome];
    for (const [index, step] of steps.entries()) {
      if (step === "otherHalfOfNextDay") continue;
      const path = `/retries/${outcome}/${index}/afterMinutes`;
      whole(path, step.afterMinutes, RANGES.afterMinutes, problems);
    }
    if (steps.length >= limits.perContact) {
      const values = { used: Math.max(0, limits.perContact - 1), steps: steps.length };
      const words = `Of these ${values.steps} steps only ${values.used} are ever taken: one contact has at most ${limits.perContact} attempts`;
      tell(warnings, `/retries/${outcome}`, "retriesBeyondLimit", values, words);
    }
    const sameDay = attemptsWithinHours(steps, 12);
    if (sameDay > perDay) {
      const values = { attempts: sameDay, most: perDay };
      const words = `${sameDay} attempts would fall on one day, which has at most ${perDay}: the rest wait for the next day`;
      tell(warnings, `/retries/${outcome}`, "retriesBeyondDay", values, words);
    }
  }
}

/** The first attempt and those that follow it so soon. */
function attemptsWithinHours(steps: readonly RetryStep[], hours: number): number {
  let attempts = 1;
  let minutes = 0;
  for (const step of steps) {
    minutes += step === "otherHalfOfNextDay" ? Infinity : step.afterMinutes;
    if (minutes >= hours * 60) break;
    attempts++;
  }
  return attempts;
}

function limitChecks({ limits, kind }: CampaignSettings, { problems, warnings }: Findings): void {
  const { mostADay, spacing } = kindRules(kind);
  whole("/limits/perContact", limits.perContact, RANGES.perContact, problems);
  for (const field of ["perPhoneADay", "perCustomerADay"] as const) {
    const value = limits[field];
    const path = `/limits/${field}`;
    whole(path, value, RANGES.perDay, problems);
    if (mostADay === null || value <= mostADay) continue;
    const words = `The law allows ${mostADay} call a day about a debt`;
    tell(problems, path, "limitBeyondLaw", { value, most: mostADay }, words);
  }
  for (const values of spacing) {
    const words = `At most ${values.attempts} attempts in ${values.days} days are made for one contact; several campaigns for the same person are not counted together`;
    tell(warnings, "/limits", "spacingPerContact", values, words);
  }
}

function scriptChecks({ script }: CampaignSettings, { problems }: Findings): void {
  const known = SCRIPT_PLACEHOLDERS.map((name) => `{${name}}`).join(", ");
  const told = new Set<string>();
  for (const [value, name = ""] of script.matchAll(/\{([^{}\n]{0,40})\}/g)) {
    if (told.has(value) || (SCRIPT_PLACEHOLDERS as readonly string[]).includes(name)) continue;
    told.add(value);
    const words = `${value} is nothing a script can hold; it can hold ${known}`;
    tell(problems, "/script", "unknownPlaceholder", { value, known }, words);
  }
}

function dispositionChecks({ dispositions, kind }: CampaignSettings, found: Findings): void {
  const { problems, warnings } = found;
  if (!dispositions.some(({ effect }) => effect === "done")) {
    const words = "At least one disposition has to say that the matter is done";
    tell(problems, "/dispositions", "noDone", {}, words);
  }
  const codes = dispositions.map(({ code }) => code);
  for (const [index, { code, labels }] of dispositions.entries()) {
    const at = `/dispositions/${index}`;
    if (!/^[a-z0-9][a-z0-9_-]{0,29}$/.test(code)) {
      const words = `"${code}" is no code: 1 to 30 small letters, digits, - and _`;
      tell(problems, `${at}/code`, "badCode", { value: code }, words);
    } else if (codes.indexOf(code) < index) {
      tell(problems, `${at}/code`, "duplicate", { value: code }, `"${code}" is used twice`);
    }
    for (const language of ["ru", "uk", "en"] as const) {
      const label = labels[language];
      filledLine(label, `${at}/labels/${language}`, found);
      const first = dispositions.findIndex((one) => one.labels[language] === label);
      if (label === "" || first === index) continue;
      const words = `Two dispositions read "${label}"`;
      tell(warnings, `${at}/labels/${language}`, "sameLabel", { value: label }, words);
    }
  }
  const refusal = dispositions.some(({ effect }) => effect === "refused" || effect === "doNotCall");
  if (kind === "advert" && !refusal) {
    const words = "Operators cannot say that somebody does not want to be called";
    tell(warnings, "/dispositions", "noRefusal", {}, words);
  }
}

function filledLine(text: string, path: string, found: Findings): void {
  const field = path.slice(path.lastIndexOf("/") + 1);
  if (text.trim() === "") tell(found.problems, path, "empty", { field }, `${field} is empty`);
  else oneLine(text, path, found);
}

function oneLine(text: string, path: string, { problems }: Findings): void {
  if (!/\p{Cc}/u.test(text)) return;
  const field = path.slice(path.lastIndexOf("/") + 1);
  tell(problems, path, "notOneLine", { field }, `${field} has to be one line of plain text`);
}

function percent(share: number): number {
  return Math.round(share * 10_000) / 100;
}

function unknown(value: string, known: readonly string[]) {
  return { value, known: listed(known), suggestion: nearest(value, known) };
}

function andKnown({ known, suggestion }: { readonly known: string; readonly suggestion: string }) {
  if (known === "") return "; none is known yet";
  return `${suggestion === "" ? "." : `. Did you mean "${suggestion}"?`} Known: ${known}`;
}
