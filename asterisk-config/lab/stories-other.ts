import type { LabAmi } from "./ami.ts";
import { customer, pause, type Story, truth } from "./stories.ts";

const outside = "+79130000009";

/** Click-to-call as Callcard does it: the operator's phone rings first, then the number is dialled. */
async function clickToCall(listener: LabAmi, id: string, timeoutMs: number): Promise<string> {
  const ended = listener.next(
    (message) => message.get("event")?.[0] === "OriginateResponse",
    timeoutMs + 5000,
  );
  await listener.action("Originate", {
    Channel: "PJSIP/101",
    ChannelId: id,
    Context: "callcard-dial",
    Exten: outside,
    Priority: "1",
    CallerID: outside,
    Timeout: String(timeoutMs),
    Variable: "CALLCARD_EXTENSION=101",
    Async: "true",
  });
  return (await ended).get("response")?.[0] ?? "";
}

/** Hold, outgoing and internal calls, callers that are hard to name, and listeners that come late. */
export const otherStories: readonly Story[] = [
  {
    name: "hold-resume",
    title: "A customer talks to 101 in queue 600; 101 holds and resumes; the customer hangs up.",
    truth: [
      truth({
        visits: [{ queue: "600", how: "answered" }],
        rings: [{ extension: "101", outcome: "answered" }],
        talks: ["101"],
        held: true,
      }),
    ],
    async play(lab) {
      const phone = await lab.phone("101", { answerAfterMs: 300 });
      const caller = await lab.call({ from: customer, to: "600" });
      await phone.answered();
      await pause(500);
      await phone.hold();
      await pause(1200);
      await phone.resume();
      await pause(500);
      await caller.hangUp();
      await phone.saw("over");
    },
  },
  {
    name: "direct-to-extension",
    title: "A customer calls extension 101's own city number; 101 answers.",
    truth: [truth({ rings: [{ extension: "101", outcome: "answered" }], talks: ["101"] })],
    async play(lab) {
      const phone = await lab.phone("101", { answerAfterMs: 500 });
      const caller = await lab.call({ from: customer, to: "+73830000101" });
      await phone.answered();
      await pause();
      await caller.hangUp();
      await phone.saw("over");
    },
  },
  {
    name: "outgoing-answered",
    title: "101 dials a customer, who answers and later hangs up.",
    truth: [truth({ direction: "outbound", party: outside, fromExtension: "101", talks: ["101"] })],
    async play(lab) {
      const far = await lab.pstn({ answerAfterMs: 700, talkMs: 800 });
      const operator = await lab.dial({ from: "101", to: outside });
      await far.answered();
      await operator.over();
    },
  },
  {
    name: "outgoing-not-answered",
    title: "101 dials a customer, who does not answer; 101 gives up.",
    truth: [
      truth({
        direction: "outbound",
        party: outside,
        fromExtension: "101",
        endedHow: "unanswered",
      }),
    ],
    async play(lab) {
      const far = await lab.pstn({ answerAfterMs: "never" });
      const operator = await lab.dial({ from: "101", to: outside, giveUpAfterMs: 1500 });
      await far.saw("cancelled");
      await operator.over();
    },
  },
  {
    name: "outgoing-busy",
    title: "101 dials a customer, who is busy.",
    truth: [
      truth({
        direction: "outbound",
        party: outside,
        fromExtension: "101",
        endedHow: "unanswered",
      }),
    ],
    async play(lab) {
      await lab.pstn({ reject: 486 });
      const operator = await lab.dial({ from: "101", to: outside });
      await operator.over();
    },
  },
  {
    name: "internal-call",
    title: "101 calls 102, who answers; 101 hangs up.",
    truth: [
      truth({
        direction: "internal",
        party: "101",
        fromExtension: "101",
        rings: [{ extension: "102", outcome: "answered" }],
        talks: ["101", "102"],
      }),
    ],
    async play(lab) {
      const phone = await lab.phone("102", { answerAfterMs: 500 });
      const caller = await lab.dial({ from: "101", to: "102" });
      await phone.answered();
      await pause();
      await caller.hangUp();
      await phone.saw("over");
    },
  },
  {
    name: "click-to-call-answered",
    title:
      "Callcard rings 101 by Originate; 101 answers, the customer is dialled, answers and hangs up.",
    truth: [
      truth({
        direction: "outbound",
        party: outside,
        fromExtension: "101",
        rings: [{ extension: "101", outcome: "answered" }],
        talks: ["101"],
      }),
    ],
    async play(lab, listener) {
      const far = await lab.pstn({ answerAfterMs: 700, talkMs: 800 });
      const phone = await lab.phone("101", { answerAfterMs: 500 });
      await clickToCall(listener, "callcard-story-1", 15_000);
      await far.answered();
      await phone.saw("over");
    },
  },
  {
    name: "click-to-call-operator-absent",
    title: "Callcard rings 101 by Originate; 101 does not answer.",
    truth: [
      truth({
        direction: "outbound",
        party: outside,
        fromExtension: "101",
        rings: [{ extension: "101", outcome: "noAnswer" }],
        endedHow: "unanswered",
      }),
    ],
    async play(lab, listener) {
      const phone = await lab.phone("101", { answerAfterMs: "never" });
      await clickToCall(listener, "callcard-story-2", 2000);
      await phone.saw("cancelled");
    },
  },
  {
    name: "caller-withheld",
    title: "A caller who withholds their number calls queue 600; 101 answers.",
    truth: [
      truth({
        party: "",
        visits: [{ queue: "600", how: "answered" }],
        rings: [{ extension: "101", outcome: "answered" }],
        talks: ["101"],
      }),
    ],
    async play(lab) {
      const phone = await lab.phone("101", { answerAfterMs: 300 });
      const caller = await lab.call({ from: "", to: "600" });
      await phone.answered();
      await pause();
      await caller.hangUp();
      await phone.saw("over");
    },
  },
  {
    name: "caller-hostile-name",
    title: "A caller whose name holds HTML, quotes and an emoji calls queue 600; 101 answers.",
    truth: [
      truth({
        visits: [{ queue: "600", how: "answered" }],
        rings: [{ extension: "101", outcome: "answered" }],
        talks: ["101"],
      }),
    ],
    async play(lab) {
      const phone = await lab.phone("101", { answerAfterMs: 300 });
      const caller = await lab.call({
        from: customer,
        name: `<img src=x onerror=alert(1)> "O'Neil" 😀`,
        to: "600",
      });
      await phone.answered();
      await pause();
      await caller.hangUp();
      await phone.saw("over");
    },
  },
  {
    name: "middle-ringing",
    title:
      "A customer is in queue 600 and 101 rings when the listener connects; then 101 answers, and the customer hangs up.",
    truth: [
      truth({
        visits: [{ queue: "600", how: "answered" }],
        rings: [{ extension: "101", outcome: "answered" }],
        talks: ["101"],
      }),
    ],
    async before(lab) {
      const phone = await lab.phone("101", { answerAfterMs: 2500 });
      await lab.call({ from: customer, to: "600" });
      await phone.ringing();
      await pause(500);
    },
    async play(lab) {
      const { phone, caller } = lab.running("101", customer);
      await phone.answered();
      await pause();
      await caller.hangUp();
      await phone.saw("over");
    },
  },
  {
    name: "middle-talking",
    title:
      "A customer of queue 601 talks to Local/101 when the listener connects; then the customer hangs up. The ringing and the waiting before cannot be known.",
    truth: [truth({ talks: ["101"] })],
    async before(lab) {
      const phone = await lab.phone("101", { answerAfterMs: 300 });
      await lab.call({ from: customer, to: "601" });
      await phone.answered();
      await pause(500);
    },
    async play(lab) {
      const { phone, caller } = lab.running("101", customer);
      await pause();
      await caller.hangUp();
      await phone.saw("over");
    },
  },
];
