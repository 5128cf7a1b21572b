import { customer, pause, secondCustomer, type Story, truth } from "./stories.ts";

const outside = "+79130000009";

const answeredBy = (extension: string) =>
  truth({
    visits: [{ queue: "600", how: "answered" }],
    rings: [{ extension, outcome: "answered" }],
    talks: [extension],
  });

/** 101 asking 102, a call of its own. */
const question = truth({
  direction: "internal",
  party: "101",
  fromExtension: "101",
  rings: [{ extension: "102", outcome: "answered" }],
  talks: ["101", "102"],
});

/** Calls in which something does not go as it was meant, or several things go on at once. */
export const harderStories: readonly Story[] = [
  {
    name: "consultation-given-up",
    title:
      "A customer talks to 101 in queue 600; 101 holds, asks 102, ends that call, resumes; the customer hangs up.",
    truth: [{ ...answeredBy("101"), held: true }, question],
    async play(lab) {
      const first = await lab.phone("101", { answerAfterMs: 300 });
      const second = await lab.phone("102", { answerAfterMs: 500 });
      const caller = await lab.call({ from: customer, to: "600" });
      await first.answered();
      await pause(500);
      await first.hold();
      const consulting = await lab.dial({ from: "101", to: "102" });
      await second.answered();
      await pause(500);
      await consulting.hangUp();
      await second.saw("over");
      await first.resume();
      await pause();
      await caller.hangUp();
      await first.saw("over");
    },
  },
  {
    name: "customer-gone-in-consultation",
    title:
      "A customer talks to 101 in queue 600; 101 holds and asks 102; the customer hangs up meanwhile; 101 and 102 talk on.",
    truth: [{ ...answeredBy("101"), held: true }, question],
    async play(lab) {
      const first = await lab.phone("101", { answerAfterMs: 300 });
      const second = await lab.phone("102", { answerAfterMs: 500 });
      const caller = await lab.call({ from: customer, to: "600" });
      await first.answered();
      await pause(500);
      await first.hold();
      const consulting = await lab.dial({ from: "101", to: "102" });
      await second.answered();
      await pause(500);
      await caller.hangUp();
      await first.saw("over");
      await pause(500);
      await consulting.hangUp();
      await second.saw("over");
    },
  },
  {
    name: "consultation-declined-feature",
    title:
      "A customer talks to 101 in queue 600; 101 presses *2 and 102, who is busy; 101 and the customer talk on.",
    truth: [
      {
        ...answeredBy("101"),
        rings: [
          { extension: "101", outcome: "answered" },
          { extension: "102", outcome: "busy" },
        ],
        held: true,
      },
    ],
    async play(lab) {
      const first = await lab.phone("101", { answerAfterMs: 300 });
      const second = await lab.phone("102", { reject: 486 });
      const caller = await lab.call({ from: customer, to: "600" });
      await first.answered();
      await pause(500);
      await first.press("*2");
      await pause(1200);
      await first.press("102");
      await second.saw("rejected");
      await pause(2500);
      await caller.hangUp();
      await first.saw("over");
    },
  },
  {
    name: "blind-transfer-busy",
    title:
      "A customer talks to 101 in queue 600; 101 sends them to 102 by REFER, who is busy; the PBX hangs up.",
    truth: [
      {
        ...answeredBy("101"),
        rings: [
          { extension: "101", outcome: "answered" },
          { extension: "102", outcome: "busy" },
        ],
        transfers: [{ kind: "blind", fromExtension: "101", to: "102" }],
      },
    ],
    async play(lab) {
      const first = await lab.phone("101", { answerAfterMs: 300 });
      await lab.phone("102", { reject: 486 });
      const caller = await lab.call({ from: customer, to: "600" });
      await first.answered();
      await pause(500);
      await first.blindTransfer("102");
      await caller.over();
    },
  },
  {
    name: "blind-transfer-outside",
    title:
      "A customer talks to 101 in queue 600; 101 sends them to an outside number by REFER, which answers and hangs up.",
    truth: [
      {
        ...answeredBy("101"),
        transfers: [{ kind: "blind", fromExtension: "101", to: outside }],
      },
    ],
    async play(lab) {
      const first = await lab.phone("101", { answerAfterMs: 300 });
      const far = await lab.pstn({ answerAfterMs: 500, talkMs: 700 });
      const caller = await lab.call({ from: customer, to: "600" });
      await first.answered();
      await pause(500);
      await first.blindTransfer(outside);
      await far.answered();
      await caller.over();
    },
  },
  {
    name: "ringall-abandon",
    title: "A customer calls queue 603 and hangs up while 101, 102 and 103 ring.",
    truth: [
      truth({
        visits: [{ queue: "603", how: "abandoned" }],
        rings: [
          { extension: "101", outcome: "callerGone" },
          { extension: "102", outcome: "callerGone" },
          { extension: "103", outcome: "callerGone" },
        ],
        endedHow: "abandoned",
      }),
    ],
    async play(lab) {
      const phones = await Promise.all(
        ["101", "102", "103"].map((extension) => lab.phone(extension, { answerAfterMs: "never" })),
      );
      const caller = await lab.call({ from: customer, to: "603" });
      for (const phone of phones) await phone.ringing();
      await pause(800);
      await caller.hangUp();
      for (const phone of phones) await phone.saw("cancelled");
    },
  },
  {
    name: "same-number-twice",
    title:
      "Two people call queue 600 from one number at the same time; 101 answers one, 102 the other.",
    truth: [answeredBy("101"), answeredBy("102")],
    async play(lab) {
      const one = await lab.phone("101", { answerAfterMs: 400 });
      const two = await lab.phone("102", { answerAfterMs: 400 });
      const first = await lab.call({ from: customer, to: "600" });
      await one.answered();
      const second = await lab.call({ from: customer, to: "600" });
      await two.answered();
      await pause();
      await first.hangUp();
      await one.saw("over");
      await second.hangUp();
      await two.saw("over");
    },
  },
  {
    name: "operator-busy-with-outgoing",
    title:
      "101 talks to a customer they dialled; another customer calls queue 600 and is answered by 102, without 101 being rung.",
    truth: [
      truth({ direction: "outbound", party: outside, fromExtension: "101", talks: ["101"] }),
      { ...answeredBy("102"), party: secondCustomer },
    ],
    async play(lab) {
      await lab.phone("101", { answerAfterMs: 200 });
      const two = await lab.phone("102", { answerAfterMs: 400 });
      const far = await lab.pstn({ answerAfterMs: 200 });
      const operator = await lab.dial({ from: "101", to: outside });
      await far.answered();
      const caller = await lab.call({ from: secondCustomer, to: "600" });
      await two.answered();
      await pause();
      await caller.hangUp();
      await two.saw("over");
      await operator.hangUp();
      await far.saw("over");
    },
  },
  {
    name: "operator-paused",
    title:
      "101 is paused with a reason; a customer of queue 600 is answered by 102; 101 is ready again.",
    truth: [answeredBy("102")],
    async play(lab, listener) {
      await lab.phone("101", { answerAfterMs: 200 });
      const two = await lab.phone("102", { answerAfterMs: 400 });
      await listener.action("QueuePause", {
        Interface: "PJSIP/101",
        Paused: "true",
        Reason: "обед",
      });
      const caller = await lab.call({ from: customer, to: "600" });
      await two.answered();
      await pause();
      await caller.hangUp();
      await two.saw("over");
      await listener.action("QueuePause", { Interface: "PJSIP/101", Paused: "false" });
    },
  },
  {
    name: "pickup-named",
    title: "A customer calls queue 600; 101 rings; 102 dials **101 and takes the call.",
    truth: [
      {
        ...answeredBy("101"),
        rings: [{ extension: "101", outcome: "answeredElsewhere" }],
        talks: ["102"],
        transfers: [{ kind: "pickup", fromExtension: "101", to: "102" }],
      },
      truth({ direction: "internal", party: "102", fromExtension: "102", endedHow: "merged" }),
    ],
    async play(lab) {
      const ringing = await lab.phone("101", { answerAfterMs: "never" });
      const caller = await lab.call({ from: customer, to: "600" });
      await ringing.ringing();
      await pause(500);
      const taker = await lab.dial({ from: "102", to: "**101" });
      await taker.connected();
      await ringing.saw("cancelled");
      await pause();
      await caller.hangUp();
      await taker.over();
    },
  },
  {
    name: "middle-waiting",
    title:
      "A customer waits in queue 600 when the listener connects; then 101 comes to their phone and answers.",
    truth: [answeredBy("101")],
    async before(lab) {
      const caller = await lab.call({ from: customer, to: "600" });
      await caller.connected();
      await pause(1500);
    },
    async play(lab) {
      const phone = await lab.phone("101", { answerAfterMs: 400 });
      await phone.answered();
      await pause();
      await lab.running("101", customer).caller.hangUp();
      await phone.saw("over");
    },
  },
];
