import type { LabAmi } from "./ami.ts";
import type { Lab } from "./lab.ts";
import { pause, type Story, truth } from "./stories.ts";

const person = "+79130000009";

/** What Callcard passes to the dialplan for an attempt (server/campaigns/dialler/originate.ts). */
function variables(id: string, more: Readonly<Record<string, string>>): string[] {
  const all = {
    __CALLCARD_ATTEMPT: id,
    CALLCARD_DIAL: `PJSIP/${person}@pstn`,
    CALLCARD_RING: "3",
    CALLCARD_FROM: "+73830000600",
    CALLCARD_FROM_NAME: "Shop",
    ...more,
  };
  return Object.entries(all).map(([name, value]) => `${name}=${value}`);
}

const common = { CallerID: `"Petr" <${person}>`, Priority: "1", Async: "true" };

/** Customer first: the number is dialled, whoever answers waits in queue 600. */
async function dial(listener: LabAmi, id: string): Promise<void> {
  await listener.action("Originate", {
    ...common,
    Channel: `Local/${person}@callcard-out/n`,
    ChannelId: id,
    OtherChannelId: `${id}-2`,
    Context: "callcard-answered",
    Exten: "s",
    Timeout: "20000",
    Variable: variables(id, { CALLCARD_QUEUE: "600", CALLCARD_WITHIN: "2" }),
  });
}

async function lost(lab: Lab, listener: LabAmi, id: string): Promise<void> {
  const ended = listener.next((message) => message.get("event")?.[0] === "OriginateResponse");
  await dial(listener, id);
  await ended;
  await lab.noChannels();
}

const called = truth({ direction: "outbound", party: person, endedHow: "unanswered" });

/** Calls of campaigns. */
export const campaignStories: readonly Story[] = [
  {
    name: "campaign-answered",
    title:
      "A campaign calls a customer, who answers; 101 of queue 600 answers at once and hangs up.",
    truth: [
      truth({
        ...called,
        visits: [{ queue: "600", how: "answered" }],
        rings: [{ extension: "101", outcome: "answered" }],
        talks: ["101"],
        endedHow: "completed",
      }),
    ],
    async play(lab, listener) {
      await lab.pstn({ answerAfterMs: 500 });
      const phone = await lab.phone("101", { answerAfterMs: 500, talkMs: 800 });
      await dial(listener, "cc-story-1");
      await phone.saw("over");
    },
  },
  {
    name: "campaign-no-answer",
    title: "A campaign calls a customer, who lets it ring.",
    truth: [called],
    async play(lab, listener) {
      await lab.pstn({ answerAfterMs: "never" });
      await lost(lab, listener, "cc-story-2");
    },
  },
  {
    name: "campaign-busy",
    title: "A campaign calls a customer, who is busy.",
    truth: [called],
    async play(lab, listener) {
      await lab.pstn({ reject: 486 });
      await lost(lab, listener, "cc-story-3");
    },
  },
  {
    name: "campaign-rejected",
    title: "A campaign calls a customer, who declines.",
    truth: [called],
    async play(lab, listener) {
      await lab.pstn({ reject: 603, rejectAfterMs: 700 });
      await lost(lab, listener, "cc-story-4");
    },
  },
  {
    name: "campaign-gone-waiting",
    title: "A campaign calls a customer, who answers and hangs up before 101 does.",
    truth: [
      truth({
        ...called,
        visits: [{ queue: "600", how: "abandoned" }],
        rings: [{ extension: "101", outcome: "callerGone" }],
        endedHow: "abandoned",
      }),
    ],
    async play(lab, listener) {
      const far = await lab.pstn({ answerAfterMs: 300, talkMs: 1000 });
      await lab.phone("101", { answerAfterMs: "never" });
      await dial(listener, "cc-story-5");
      await far.saw("over");
    },
  },
  {
    name: "campaign-late-operator",
    title:
      "A campaign calls a customer, who answers; nobody is there within two seconds, a message is played, then 101 comes and answers.",
    truth: [
      truth({
        ...called,
        visits: [
          { queue: "600", how: "timeout" },
          { queue: "600", how: "answered" },
        ],
        rings: [
          { extension: "101", outcome: "noAnswer" },
          { extension: "101", outcome: "answered" },
        ],
        talks: ["101"],
        endedHow: "completed",
      }),
    ],
    async play(lab, listener) {
      await lab.pstn({ answerAfterMs: 300 });
      const phone = await lab.phone("101", { answerAfterMs: 3000, talkMs: 800 });
      await dial(listener, "cc-story-6");
      await phone.saw("cancelled");
      await lab.noChannels();
    },
  },
  {
    name: "campaign-operator-first",
    title:
      "A campaign calls 101 first, who answers; the customer is dialled, answers and hangs up.",
    truth: [
      truth({
        ...called,
        fromExtension: "101",
        rings: [{ extension: "101", outcome: "answered" }],
        talks: ["101"],
        endedHow: "completed",
      }),
    ],
    async play(lab, listener) {
      const far = await lab.pstn({ answerAfterMs: 500, talkMs: 1000 });
      const phone = await lab.phone("101", { answerAfterMs: 300 });
      await listener.action("Originate", {
        ...common,
        Channel: "PJSIP/101",
        ChannelId: "cc-story-7",
        Context: "callcard-out",
        Exten: person,
        Timeout: "15000",
        Variable: variables("cc-story-7", { CALLCARD_OPERATOR: "101" }),
      });
      await far.answered();
      await phone.saw("over");
    },
  },
  {
    name: "campaign-withdrawn",
    title:
      "A campaign calls a customer; their order is settled while it rings, and Callcard hangs up.",
    truth: [called],
    async play(lab, listener) {
      const far = await lab.pstn({ answerAfterMs: "never" });
      await dial(listener, "cc-story-8");
      await far.ringing();
      await pause(500);
      // By the attempt's id: Asterisk finds a channel by its Uniqueid as well as by its name.
      await listener.action("Hangup", { Channel: "cc-story-8", Cause: "16" });
      await far.saw("cancelled");
    },
  },
];
