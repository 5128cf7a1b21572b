/** One attempt's call as its PBX told of it, and what follows from that, whatever order it was told in. */
import type { DialStatus } from "../../asterisk/model.ts";
import type { CallEvidence, Progress } from "../ports.ts";
import { type LastWord, tells } from "./last-word.ts";
import { secondHalf } from "./originate.ts";

/** One attempt's call as told so far. */
export type Watch = {
  readonly id: string;
  /** Null until its first channel or {@link EvidenceBook.expect} tells. */
  operatorFirst: boolean | null;
  /** Every channel that is or was part of its call, by Uniqueid. */
  readonly channels: Map<string, Heard>;
  /** Callees by their dialler. */
  readonly dialled: Map<string, Set<string>>;
  readonly dialEnds: {
    readonly callee: string;
    readonly status: DialStatus;
    readonly atMs: number;
  }[];
  originateReason: number | null;
  lastWord: LastWord | null;
  /** When the dialplan told of the answer, Infinity before. */
  answeredAtMs: number;
  machine: boolean;
  machineCause: string;
  /** Where machines are looked for: how long after the answer the greeting of a person ended. */
  greetingEndedMs: number | null;
  waited: boolean;
  refused: boolean;
  connected: boolean;
  /** Of the operator who talks, "" before. */
  extension: string;
  /** The dialplan refused to dial it a second time. */
  again: boolean;
  /** What was missed may have been a talk: answered, and not in the queue when everything was looked at anew. */
  isDoubtful: boolean;
  readonly told: Set<Progress["type"]>;
};

/** A channel: when it was answered (Infinity: never), whether it rang, and how it went. */
export type Heard = { upAtMs: number; ringing: boolean; gone: Gone | null };
type Gone = { readonly cause: number; readonly atMs: number };

/** A {@link Progress} other than `over`. */
export type Step = Exclude<Progress, { readonly type: "over" }>;

type StepBody = Step extends infer One
  ? One extends Step
    ? Omit<One, "attemptId" | "atMs"> & { readonly atMs?: number }
    : never
  : never;

/** Of an attempt that nothing was told of yet. */
export function watchOf(id: string): Watch {
  return {
    id,
    operatorFirst: null,
    channels: new Map(),
    dialled: new Map(),
    dialEnds: [],
    originateReason: null,
    lastWord: null,
    answeredAtMs: Infinity,
    machine: false,
    machineCause: "",
    greetingEndedMs: null,
    waited: false,
    refused: false,
    connected: false,
    extension: "",
    again: false,
    isDoubtful: false,
    told: new Set(),
  };
}

/** Everything known of how it ended. */
export function evidenceOf(watch: Watch): CallEvidence {
  const { lastWord } = watch;
  const persons = personsLegs(watch);
  const answered = isAnswered(watch);
  const gone = [...persons, secondHalf(watch.id), watch.id].flatMap(
    (id) => watch.channels.get(id)?.gone ?? [],
  );
  const causes = [lastWord?.cause ?? 0, ...gone.map(({ cause }) => cause)];
  const goneAtMs = Math.min(...gone.map(({ atMs }) => atMs));
  const heardMs = goneAtMs - answeredAtMs(watch);
  return {
    originateReason: watch.originateReason,
    dialStatus: lastWord?.status || dialStatusOf(watch, persons),
    cause: causes.find(tells) ?? causes.find((cause) => cause !== 0) ?? 0,
    rang: hasRung(watch),
    answered,
    machine: watch.machine,
    connected: watch.connected || (watch.operatorFirst === true && answered),
    operatorAnswered: watch.operatorFirst === true ? operatorAnswered(watch) : null,
    greetingEndedMs: greetingEndedMs(watch),
    answeredForMs: answered
      ? Math.max(0, lastWord?.answeredMs ?? 0, Number.isFinite(heardMs) ? heardMs : 0)
      : null,
  };
}

/** What follows from all that is known now and was not told yet. */
export function newsOf(watch: Watch, atMs: number): readonly Step[] {
  const answered = isAnswered(watch);
  const news: (StepBody | false)[] = [
    hasRung(watch) && !watch.told.has("answered") && { type: "ringing" },
    answered && { type: "answered" },
    watch.machine && { type: "machine", cause: watch.machineCause },
    watch.greetingEndedMs !== null && {
      type: "greetingEnded",
      atMs: Math.min(atMs, watch.answeredAtMs) + watch.greetingEndedMs,
    },
    watch.waited && { type: "waiting" },
    watch.extension !== "" && { type: "connected", extension: watch.extension },
    watch.refused && { type: "refused" },
  ];
  return news.flatMap((what) => {
    if (what === false || watch.told.has(what.type)) return [];
    watch.told.add(what.type);
    return [{ attemptId: watch.id, atMs, ...what }];
  });
}

/** Channels that a channel of the call dialled. */
export function callees(watch: Watch, dialler: string): Set<string> {
  let found = watch.dialled.get(dialler);
  if (found === undefined) {
    found = new Set();
    watch.dialled.set(dialler, found);
  }
  return found;
}

/** The channel that dials the person. */
export function diallerOf({ id, operatorFirst }: Watch): string {
  return operatorFirst === true ? id : secondHalf(id);
}

/** The phones that were rung to reach the person. */
export function personsLegs(watch: Watch): ReadonlySet<string> {
  return watch.dialled.get(diallerOf(watch)) ?? none;
}

const none: ReadonlySet<string> = new Set();

/** The attempt's own channels and the person's, of which it is over when all are gone. */
export function ownChannels(watch: Watch): readonly Heard[] {
  const ids = new Set([watch.id, secondHalf(watch.id), ...personsLegs(watch)]);
  return [...ids].flatMap((id) => watch.channels.get(id) ?? []);
}

function hasRung(watch: Watch): boolean {
  if (watch.lastWord?.rang === true) return true;
  for (const id of personsLegs(watch)) if (watch.channels.get(id)?.ringing === true) return true;
  return false;
}

/** The person answered, whatever told it. */
export function isAnswered(watch: Watch): boolean {
  return watch.connected || watch.lastWord?.status === "ANSWER" || answeredAtMs(watch) < Infinity;
}

/** The earliest that anything told of the person's answer; Infinity when nothing did. */
function answeredAtMs(watch: Watch): number {
  const persons = personsLegs(watch);
  const upAtMs = (id: string): number => watch.channels.get(id)?.upAtMs ?? Infinity;
  return Math.min(
    watch.answeredAtMs,
    // The second half answers the first when the person does.
    watch.operatorFirst === false ? upAtMs(watch.id) : Infinity,
    ...[...persons].map(upAtMs),
    ...watch.dialEnds.flatMap(({ callee, status, atMs }) =>
      status === "answer" && persons.has(callee) ? [atMs] : [],
    ),
  );
}

/** Where no machine was looked for nobody listened to a greeting: it counts as over with the answer. */
function greetingEndedMs(watch: Watch): number | null {
  const unheard = (watch.waited || watch.operatorFirst === true) && isAnswered(watch);
  return watch.greetingEndedMs ?? (unheard && !watch.machine ? 0 : null);
}

/** An operator whose phone was answered is the one who dials. */
function operatorAnswered(watch: Watch): boolean {
  const own = watch.channels.get(watch.id);
  return (
    (own !== undefined && own.upAtMs < Infinity) ||
    watch.originateReason === 4 ||
    watch.lastWord !== null ||
    personsLegs(watch).size > 0
  );
}

const statusWords: readonly (readonly [DialStatus, string])[] = [
  ["answer", "ANSWER"],
  ["busy", "BUSY"],
  ["congestion", "CONGESTION"],
  ["unavailable", "CHANUNAVAIL"],
  ["noAnswer", "NOANSWER"],
  ["cancel", "CANCEL"],
];

/** DIALSTATUS as the dialling's own events tell it; Asterisk repeats DialEnd with a vaguer word, so the most definite counts. */
function dialStatusOf(watch: Watch, persons: ReadonlySet<string>): string {
  const told = new Set(
    watch.dialEnds.filter(({ callee }) => persons.has(callee)).map(({ status }) => status),
  );
  return statusWords.find(([status]) => told.has(status))?.[1] ?? "";
}

/** The evidence of nothing. */
export const noEvidence: CallEvidence = {
  originateReason: null,
  dialStatus: "",
  cause: 0,
  rang: false,
  answered: false,
  machine: false,
  connected: false,
  operatorAnswered: null,
  greetingEndedMs: null,
  answeredForMs: null,
};
