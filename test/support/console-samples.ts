/** People who wait, words a rule may use, and results of simulations, for the console's tests and pictures. */
import type { PbxReport, PbxsReport } from "../../server/asterisk/pbx-routes.ts";
import type { ConsoleCaller, ConsolePicture } from "../../server/console/protocol.ts";
import type { Subject } from "../../server/priority/model.ts";
import type { Vocabulary } from "../../server/priority/rest.ts";
import type {
  PolicyResult,
  SimulationInput,
  SimulationResult,
} from "../../server/priority/simulation/model.ts";

export const sampleVocabulary: Vocabulary = {
  tiers: ["gold", "silver", "bronze"],
  segments: ["wholesale"],
  queues: ["Продажи", "Поддержка"],
  regions: ["Новосибирск", "Москва"],
  operators: [
    { login: "anna", name: "Анна Белова" },
    { login: "petr", name: "Пётр Иванов" },
  ],
  currency: "RUB",
  recordedDays: [],
};

const PEOPLE: readonly (readonly [title: string, tier: string, waitedS: number])[] = [
  ["Пётр Иванов", "", 148],
  ["Мария Кузнецова", "gold", 61],
  ["+7 913 000-00-02", "", 84],
  ["Елена Орлова", "silver", 33],
  ["Игорь Сафин", "bronze", 12],
];

/** Two queues, five people in the first. */
export function samplePicture(nowMs: number): ConsolePicture {
  const callers = PEOPLE.map(([title, tier, waitedS], at): ConsoleCaller => ({
    callId: `call-${at + 1}`,
    channelId: `channel-${at + 1}`,
    position: at + 1,
    wantedPosition: at + 1,
    policyPosition: at + 1,
    title,
    tier,
    vip: at === 1,
    joinedAtMs: nowMs - waitedS * 1000,
    rate: tier === "gold" || tier === "silver" ? 2 : 1,
    headStartMs: tier === "gold" || tier === "silver" ? 14_000 : 0,
    rule:
      tier === "gold" || tier === "silver" ? { id: "regular", name: "Постоянные клиенты" } : null,
    identified: true,
    ringing: at === 0,
    guard: at === 2 ? "extra" : "",
    movedBy: "",
  }));
  return {
    serverTimeMs: nowMs,
    policyVersion: 0,
    apart: false,
    pbxs: [{ name: "office", up: true, version: "22.10.1", canMove: true, reason: "" }],
    queues: [
      {
        pbx: "office",
        name: "Продажи",
        members: { ready: 0, busy: 6, paused: 1 },
        callers: callers.map((caller) =>
          caller.position === 4 ? { ...caller, wantedPosition: 3, policyPosition: 3 } : caller,
        ),
        preferring: [],
        notMoved: "",
      },
      {
        pbx: "office",
        name: "Поддержка",
        members: { ready: 3, busy: 1, paused: 0 },
        callers: [],
        preferring: [],
        notMoved: "",
      },
    ],
  };
}

/** One PBX that is well, one that another process acts on and that lags, one that is away. */
export function samplePbxs(): PbxsReport {
  const ago = (minutes: number): number => Date.now() - minutes * 60_000;
  const well: PbxReport = {
    ...{ name: "office", address: "10.0.0.5:5038", state: "up", sinceMs: ago(95), reason: "" },
    ...{ version: "22.10.1", roundTripMs: 1.4, lagMs: 0, eventsPerSecond: 142, floods: 0 },
    holder: { name: "cti-1 4711", here: true, since: new Date(ago(95)).toISOString() },
  };
  return {
    pbxs: [
      well,
      {
        ...{ ...well, name: "warehouse", address: "10.0.0.6:5038", version: "16.28.0" },
        ...{ roundTripMs: 38, lagMs: 1840, eventsPerSecond: 5210, floods: 2 },
        holder: { name: "cti-2 4712", here: false, since: new Date(ago(12)).toISOString() },
      },
      {
        ...{ ...well, name: "old", address: "10.0.0.7:5038", state: "down", sinceMs: ago(3) },
        ...{ reason: "Nothing listens at 10.0.0.7:5038", version: "", roundTripMs: null },
        ...{ eventsPerSecond: 0, holder: null },
      },
    ],
    settings: {
      ...{ file: "/etc/callcard.yaml", readAt: new Date(ago(95)).toISOString() },
      ...{ problem: "", needRestart: [] },
    },
  };
}

/** Maria's order is late; nobody else's is. */
export function sampleSubject(caller: ConsoleCaller, queue: string): Subject {
  const place = { city: "Новосибирск", region: "NVS", country: "RU" };
  if (caller.title.startsWith("+"))
    return { queue, caller: "unknown", standing: null, place, lostAtMs: null };
  return {
    queue,
    caller: "customer",
    place,
    lostAtMs: null,
    standing: {
      customerId: caller.callId,
      name: caller.title,
      language: "ru",
      tier: caller.tier,
      vip: caller.vip,
      segments: [],
      city: "Новосибирск",
      region: "NVS",
      orderCount: 3,
      lifetimeMinor: 1_849_000,
      lastOrderAtMs: null,
      orderOnItsWay: false,
      orderLate: caller.title === "Мария Кузнецова",
      openClaim: false,
      cartLeftAtMs: null,
      lostAtMs: null,
      personalManager: "",
      lastOperator: "",
    },
  };
}

/** Results in the proportions of a real simulation at a load of 0.915. */
export function sampleResult(input: SimulationInput): SimulationResult {
  const seconds = [0, 5, 10, 15, 20, 30, 40, 60, 80, 100, 120];
  const share = (mean: number) => seconds.map((s) => 1 - 0.42 * Math.exp(-s / mean));
  const policies = input.policies.map(({ name, policy }, at): PolicyResult => {
    const favours = policy.rules.length > 0;
    const tier = (code: string, callers: number, loyal: boolean) => ({
      tier: code,
      callers,
      meanWaitSeconds: favours && loyal ? 3.1 : 6.4 + at * 0.3,
      p90WaitSeconds: favours && loyal ? 9.8 : 22.7 + at,
      p95WaitSeconds: favours && loyal ? 15.2 : 30.5 + (favours ? 3.9 : 0),
      longestWaitSeconds: favours && loyal ? 71 : 161 + at * 7,
      answeredWithin20s: favours && loyal ? 0.962 : 0.884,
      lost: favours && loyal ? 0.0147 : favours && code !== "*" ? 0.0335 : 0.0297,
      lostPlusMinus: code === "*" ? 0.0035 : 0.004,
      mostExtraWaitSeconds: favours ? 38 : 0,
    });
    return {
      name,
      tiers: [tier("*", 8784, false), tier("gold", 527, true), tier("", 8257, false)],
      distribution: {
        seconds,
        everybody: share(12),
        favoured: share(favours ? 6 : 12),
        others: share(favours ? 14 : 12),
      },
    };
  });
  return {
    calls: 8784,
    tookMs: 310,
    load: 0.915,
    policies,
    remarks: [{ code: "totalLossesUnchanged" }],
  };
}
