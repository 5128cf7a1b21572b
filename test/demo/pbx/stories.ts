/** The lab's stories as the simulated PBX plays them: same queues, same people, same deeds, in virtual time. */
import type { VirtualClock } from "../../../server/demo/pbx/clock.ts";
import type { PhoneBehaviour } from "../../../server/demo/pbx/phones.ts";
import type { QueueConfig } from "../../../server/demo/pbx/queue-rules.ts";
import type { SimulatedPbx } from "../../../server/demo/pbx/simulated-pbx.ts";

export const labExtensions = {
  "101": "Anna",
  "102": "Boris",
  "103": "Vera",
  "104": "Galina",
  "105": "Dmitri",
  "106": "Elena",
};

const direct = (...extensions: (keyof typeof labExtensions)[]) =>
  extensions.map((each) => ({ interface: `PJSIP/${each}`, name: labExtensions[each] }));
const local = (suffix: string, ...extensions: (keyof typeof labExtensions)[]) =>
  extensions.map((each) => ({
    interface: `Local/${each}@from-queue${suffix}`,
    stateInterface: `hint:${each}@ext-local`,
    name: labExtensions[each],
  }));

const queue = (
  name: string,
  members: QueueConfig["members"],
  more: Partial<QueueConfig> = {},
): QueueConfig => ({
  name,
  strategy: "linear",
  ringTimeoutSeconds: 5,
  retrySeconds: 1,
  members,
  ...more,
});

const ringall = { strategy: "ringall", ringTimeoutSeconds: 20 } as const;

/** The queues of the lab, in the order of its files. */
export const labQueues: readonly QueueConfig[] = [
  queue("600", direct("101", "102", "103")),
  queue("601", local("/n", "101", "102", "103")),
  queue("602", local("", "101", "102", "103")),
  queue("603", direct("101", "102", "103"), ringall),
  queue("604", direct("104")),
  queue("605", direct("104")),
  queue("606", direct("105"), { leaveWhenEmpty: true }),
  queue("607", local("/n", "101", "102", "103"), ringall),
];

export type Play = (
  pbx: SimulatedPbx,
  clock: VirtualClock,
  send: (text: string) => Promise<void>,
) => Promise<void> | void;

export type SimulatedStory = {
  readonly name: string;
  /** Phones that are on the network, and what they do. */
  readonly phones: Readonly<Record<string, PhoneBehaviour>>;
  readonly outside?: PhoneBehaviour;
  /** The manager logs in only so long after the story began. */
  readonly lateMs?: number;
  readonly play: Play;
};

const customer = "+79130000001";
const outside = "+79130000009";
const answers = (afterMs: number): PhoneBehaviour => ({ do: "answer", afterMs });
const never: PhoneBehaviour = { do: "ignore" };

/** A customer calls a queue, is answered and hangs up. */
const answeredBy =
  (to: string, talkMs = 1500): Play =>
  (pbx) => {
    pbx.placeCall({ number: customer, to, talkMs });
  };

/** As the lab's stories ask for it: stories-campaign.ts. */
function attemptVariables(id: string, more: Readonly<Record<string, string>>): string {
  const all = {
    __CALLCARD_ATTEMPT: id,
    CALLCARD_DIAL: `PJSIP/${outside}@pstn`,
    CALLCARD_RING: "3",
    CALLCARD_FROM: "+73830000600",
    CALLCARD_FROM_NAME: "Shop",
    ...more,
  };
  return Object.entries(all)
    .map(([name, value]) => `Variable: ${name}=${value}\r\n`)
    .join("");
}

const campaignCall =
  (id: string): Play =>
  (_pbx, _clock, send) =>
    send(
      `Action: Originate\r\nChannel: Local/${outside}@callcard-out/n\r\nChannelId: ${id}\r\nOtherChannelId: ${id}-2\r\n` +
        `Context: callcard-answered\r\nExten: s\r\nPriority: 1\r\nCallerID: "Petr" <${outside}>\r\nTimeout: 20000\r\nAsync: true\r\n` +
        `${attemptVariables(id, { CALLCARD_QUEUE: "600", CALLCARD_WITHIN: "2" })}\r\n`,
    );

export const simulatedStories: readonly SimulatedStory[] = [
  { name: "queue-answered", phones: { "101": answers(700) }, play: answeredBy("600") },
  {
    name: "queue-answered-local-n",
    phones: { "101": answers(700) },
    play: (pbx) => {
      pbx.placeCall({
        number: customer,
        to: "601",
        steps: [{ afterMs: 1000, do: "hangUp", by: "operator" }],
      });
    },
  },
  {
    name: "queue-answered-local-optimised",
    phones: { "101": answers(700) },
    play: answeredBy("602"),
  },
  {
    name: "queue-no-answer-then-next",
    phones: { "101": never, "102": answers(500) },
    play: answeredBy("600"),
  },
  {
    name: "queue-no-answer-then-next-local-n",
    phones: { "101": never, "102": answers(500) },
    play: answeredBy("601"),
  },
  {
    name: "queue-abandon-waiting",
    phones: {},
    play: (pbx) => {
      pbx.placeCall({ number: customer, to: "600", patienceMs: 1500 });
    },
  },
  {
    name: "queue-withdrawn",
    phones: { "101": answers(500) },
    play: async (pbx, clock, send) => {
      const call = pbx.placeCall({
        number: customer,
        to: "604",
        overflowQueue: "600",
        talkMs: 1500,
      });
      clock.advance(500);
      await send(
        `Action: QueueWithdrawCaller\r\nActionID: w\r\nQueue: 604\r\nCaller: ${call.channelName}\r\n\r\n`,
      );
    },
  },
  {
    name: "queue-abandon-ringing",
    phones: { "101": never },
    play: (pbx) => {
      pbx.placeCall({ number: customer, to: "600", patienceMs: 1200 });
    },
  },
  {
    name: "queue-abandon-ringing-local-n",
    phones: { "101": never },
    play: (pbx) => {
      pbx.placeCall({ number: customer, to: "601", patienceMs: 1200 });
    },
  },
  {
    name: "ringall-losers",
    phones: { "101": never, "102": answers(1000), "103": never },
    play: answeredBy("603"),
  },
  {
    name: "ringall-losers-local-n",
    phones: { "101": never, "102": answers(1000), "103": never },
    play: answeredBy("607"),
  },
  {
    name: "queue-busy",
    phones: { "101": { do: "busy" }, "102": answers(500) },
    play: answeredBy("600"),
  },
  {
    name: "queue-reject",
    phones: { "101": { do: "reject", afterMs: 1100 }, "102": answers(500) },
    play: answeredBy("600"),
  },
  {
    name: "two-calls-one-queue",
    phones: { "101": answers(1000), "102": answers(1000) },
    play: (pbx, clock) => {
      pbx.placeCall({ number: customer, to: "600", talkMs: 1500 });
      clock.advance(200);
      pbx.placeCall({ number: "+79130000002", to: "600", talkMs: 2000 });
    },
  },
  {
    name: "queue-timeout",
    phones: { "101": never },
    play: (pbx) => {
      pbx.placeCall({ number: customer, to: "600", queueTimeoutSeconds: 4 });
    },
  },
  {
    name: "queue-timeout-overflow",
    phones: { "101": answers(500), "104": never },
    play: (pbx) => {
      pbx.placeCall({
        number: customer,
        to: "604",
        queueTimeoutSeconds: 4,
        overflowQueue: "600",
        talkMs: 1500,
      });
    },
  },
  {
    name: "queue-exit-key",
    phones: { "105": answers(500) },
    play: (pbx) => {
      pbx.placeCall({
        number: customer,
        to: "605",
        key: { afterMs: 1000, leadsTo: "105" },
        talkMs: 1500,
      });
    },
  },
  {
    name: "two-queues-by-key",
    phones: { "101": answers(500) },
    play: (pbx) => {
      pbx.placeCall({
        number: customer,
        to: "605",
        key: { afterMs: 1000, leadsTo: "601" },
        talkMs: 1500,
      });
    },
  },
  {
    name: "queue-leave-empty",
    phones: { "105": never },
    play: async (pbx, clock, send) => {
      pbx.placeCall({ number: customer, to: "606" });
      clock.advance(500);
      await send(pause("105", true));
      clock.advance(10_000);
      await send(pause("105", false));
    },
  },
  {
    name: "transfer-to-second-queue",
    phones: { "103": answers(300) },
    play: (pbx, clock) => {
      pbx.placeCall({
        number: customer,
        to: "600",
        talkMs: 5000,
        steps: [{ afterMs: 800, do: "blindTransfer", to: "601" }],
      });
      clock.advance(900);
      pbx.setPhone("102", answers(500));
      pbx.setRegistered("102", true);
    },
  },
  {
    name: "middle-ringing",
    phones: { "101": answers(2000) },
    lateMs: 1000,
    play: answeredBy("600"),
  },
  {
    name: "middle-talking",
    phones: { "101": answers(500) },
    lateMs: 1500,
    play: answeredBy("601", 4000),
  },
  {
    name: "hold-resume",
    phones: { "101": answers(500) },
    play: (pbx) => {
      pbx.placeCall({
        number: customer,
        to: "600",
        talkMs: 3000,
        steps: [
          { afterMs: 500, do: "hold" },
          { afterMs: 1000, do: "resume" },
        ],
      });
    },
  },
  {
    name: "blind-transfer-refer",
    phones: { "101": answers(500), "102": answers(500) },
    play: (pbx) => {
      pbx.placeCall({
        number: customer,
        to: "600",
        talkMs: 4000,
        steps: [{ afterMs: 500, do: "blindTransfer", to: "102" }],
      });
    },
  },
  {
    name: "blind-transfer-refer-local-n",
    phones: { "101": answers(500), "102": answers(500) },
    play: (pbx) => {
      pbx.placeCall({
        number: customer,
        to: "601",
        talkMs: 4000,
        steps: [{ afterMs: 500, do: "blindTransfer", to: "102" }],
      });
    },
  },
  {
    name: "attended-transfer-refer",
    phones: { "101": answers(500), "102": answers(500) },
    play: (pbx) => {
      pbx.placeCall({
        number: customer,
        to: "600",
        talkMs: 5000,
        steps: [{ afterMs: 500, do: "attendedTransfer", to: "102", consultMs: 700 }],
      });
    },
  },
  {
    name: "attended-transfer-refer-local-n",
    phones: { "101": answers(500), "102": answers(500) },
    play: (pbx) => {
      pbx.placeCall({
        number: customer,
        to: "601",
        talkMs: 5000,
        steps: [{ afterMs: 500, do: "attendedTransfer", to: "102", consultMs: 700 }],
      });
    },
  },
  {
    name: "blonde-transfer-refer",
    phones: { "101": answers(500), "102": answers(2500) },
    play: (pbx) => {
      pbx.placeCall({
        number: customer,
        to: "600",
        talkMs: 6000,
        steps: [{ afterMs: 500, do: "blondeTransfer", to: "102", ringMs: 1000 }],
      });
    },
  },
  {
    name: "outgoing-answered",
    phones: {},
    outside: { do: "answer", afterMs: 700, talkMs: 800 },
    play: (pbx) => {
      pbx.dial({ from: "101", to: outside });
    },
  },
  {
    name: "outgoing-busy",
    phones: {},
    outside: { do: "busy" },
    play: (pbx) => {
      pbx.dial({ from: "101", to: outside });
    },
  },
  {
    name: "outgoing-not-answered",
    phones: {},
    outside: never,
    play: (pbx) => {
      pbx.dial({ from: "101", to: outside, patienceMs: 1500 });
    },
  },
  {
    name: "internal-call",
    phones: { "102": answers(500) },
    play: (pbx) => {
      pbx.dial({ from: "101", to: "102", talkMs: 1000 });
    },
  },
  {
    name: "direct-to-extension",
    phones: { "101": answers(500) },
    play: (pbx) => {
      pbx.placeCall({ number: customer, to: "101", dialled: "+73830000101", talkMs: 1000 });
    },
  },
  {
    name: "click-to-call-answered",
    phones: { "101": answers(500) },
    outside: { do: "answer", afterMs: 700, talkMs: 800 },
    play: (_pbx, _clock, send) => send(originate("callcard-story-1", 15_000)),
  },
  {
    name: "click-to-call-operator-absent",
    phones: { "101": never },
    play: (_pbx, _clock, send) => send(originate("callcard-story-2", 3000)),
  },
  {
    name: "caller-hostile-name",
    phones: { "101": answers(500) },
    play: (pbx) => {
      pbx.placeCall({ number: customer, name: "<script>", to: "600", talkMs: 1500 });
    },
  },
  {
    name: "caller-withheld",
    phones: { "101": answers(500) },
    play: (pbx) => {
      pbx.placeCall({ number: "anonymous", name: "Anonymous", to: "600", talkMs: 1500 });
    },
  },
];

/**
 * Calls of campaigns: the same calls as on Asterisk, though some caller ids and connected lines of the Local channel's halves, which nobody
 * reads, are told a moment earlier or later.
 */
export const campaignStories: readonly SimulatedStory[] = [
  {
    name: "campaign-answered",
    phones: { "101": { do: "answer", afterMs: 500, talkMs: 800 } },
    outside: answers(500),
    play: campaignCall("cc-story-1"),
  },
  {
    name: "campaign-no-answer",
    phones: {},
    outside: never,
    play: campaignCall("cc-story-2"),
  },
  {
    name: "campaign-busy",
    phones: {},
    outside: { do: "busy" },
    play: campaignCall("cc-story-3"),
  },
  {
    name: "campaign-rejected",
    phones: {},
    outside: { do: "reject", afterMs: 700 },
    play: campaignCall("cc-story-4"),
  },
  {
    name: "campaign-gone-waiting",
    phones: { "101": never },
    outside: { do: "answer", afterMs: 300, talkMs: 1000 },
    play: campaignCall("cc-story-5"),
  },
  {
    name: "campaign-late-operator",
    phones: { "101": { do: "answer", afterMs: 3000, talkMs: 800 } },
    outside: answers(300),
    play: campaignCall("cc-story-6"),
  },
  {
    name: "campaign-operator-first",
    phones: { "101": answers(300) },
    outside: { do: "answer", afterMs: 500, talkMs: 1000 },
    play: (_pbx, _clock, send) =>
      send(
        `Action: Originate\r\nChannel: PJSIP/101\r\nChannelId: cc-story-7\r\nContext: callcard-out\r\nExten: ${outside}\r\n` +
          `Priority: 1\r\nCallerID: "Petr" <${outside}>\r\nTimeout: 15000\r\nAsync: true\r\n` +
          `${attemptVariables("cc-story-7", { CALLCARD_OPERATOR: "101" })}\r\n`,
      ),
  },
  {
    name: "campaign-withdrawn",
    phones: {},
    outside: never,
    play: async (pbx, clock, send) => {
      await campaignCall("cc-story-8")(pbx, clock, send);
      clock.advance(2000);
      await send("Action: Hangup\r\nChannel: cc-story-8\r\nCause: 16\r\n\r\n");
    },
  },
];

const pause = (extension: string, paused: boolean): string =>
  `Action: QueuePause\r\nActionID: p\r\nInterface: PJSIP/${extension}\r\nPaused: ${paused}\r\nReason: lunch\r\n\r\n`;

const originate = (id: string, timeoutMs: number): string =>
  `Action: Originate\r\nActionID: o\r\nChannel: PJSIP/101\r\nChannelId: ${id}\r\nContext: callcard-dial\r\n` +
  `Exten: ${outside}\r\nPriority: 1\r\nCallerID: ${outside}\r\nTimeout: ${timeoutMs}\r\n` +
  "Variable: CALLCARD_EXTENSION=101\r\nAsync: true\r\n\r\n";
