import { customer, pause, type Story, truth } from "./stories.ts";

/** All the ways out of a queue without an answer there. */
export const leavingStories: readonly Story[] = [
  {
    name: "queue-abandon-waiting",
    title: "A customer calls queue 600, where nobody is available, and hangs up.",
    truth: [truth({ visits: [{ queue: "600", how: "abandoned" }], endedHow: "abandoned" })],
    async play(lab) {
      const caller = await lab.call({ from: customer, to: "600" });
      await caller.connected();
      await pause(1500);
      await caller.hangUp();
    },
  },
  {
    name: "queue-abandon-ringing-local-n",
    title: "A customer calls queue 601 and hangs up while 101 rings by its Local member.",
    truth: [
      truth({
        visits: [{ queue: "601", how: "abandoned" }],
        rings: [{ extension: "101", outcome: "callerGone" }],
        endedHow: "abandoned",
      }),
    ],
    async play(lab) {
      const phone = await lab.phone("101", { answerAfterMs: "never" });
      const caller = await lab.call({ from: customer, to: "601" });
      await phone.ringing();
      await pause(1000);
      await caller.hangUp();
      await phone.saw("cancelled");
    },
  },
  {
    name: "queue-timeout",
    title:
      "A customer calls 608: queue 600 with four seconds of patience; nobody answers and the PBX hangs up.",
    truth: [
      truth({
        visits: [{ queue: "600", how: "timeout" }],
        rings: [{ extension: "101", outcome: "noAnswer" }],
        endedHow: "unanswered",
      }),
    ],
    async play(lab) {
      await lab.phone("101", { answerAfterMs: "never" });
      const caller = await lab.call({ from: customer, to: "608" });
      await caller.saw("other side hung up", 15_000);
    },
  },
  {
    name: "queue-timeout-overflow",
    title:
      "A customer waits four seconds in queue 604, where 104 does not answer, overflows into queue 600 and is answered by 101.",
    truth: [
      truth({
        visits: [
          { queue: "604", how: "timeout" },
          { queue: "600", how: "answered" },
        ],
        rings: [
          { extension: "104", outcome: "noAnswer" },
          { extension: "101", outcome: "answered" },
        ],
        talks: ["101"],
      }),
    ],
    async play(lab) {
      await lab.phone("104", { answerAfterMs: "never" });
      const phone = await lab.phone("101", { answerAfterMs: 500 });
      const caller = await lab.call({ from: customer, to: "604" });
      await phone.answered(1, 15_000);
      await pause();
      await caller.hangUp();
      await phone.saw("over");
    },
  },
  {
    name: "queue-leave-empty",
    title:
      "A customer is in queue 606; its only member 105 does not answer and is paused meanwhile, so the queue lets the customer go.",
    truth: [
      truth({
        visits: [{ queue: "606", how: "empty" }],
        rings: [{ extension: "105", outcome: "noAnswer" }],
        endedHow: "unanswered",
      }),
    ],
    async play(lab, listener) {
      const phone = await lab.phone("105", { answerAfterMs: "never" });
      const caller = await lab.call({ from: customer, to: "606" });
      await phone.ringing();
      await listener.action("QueuePause", {
        Interface: "PJSIP/105",
        Paused: "true",
        Reason: "lunch",
      });
      await caller.saw("other side hung up", 15_000);
      await listener.action("QueuePause", { Interface: "PJSIP/105", Paused: "false" });
    },
  },
  {
    name: "queue-exit-key",
    title:
      "A customer waits in queue 605, presses 0, leaves by the queue's context and is answered by extension 105.",
    truth: [
      truth({
        visits: [{ queue: "605", how: "exitKey" }],
        rings: [{ extension: "105", outcome: "answered" }],
        talks: ["105"],
      }),
    ],
    async play(lab) {
      const phone = await lab.phone("105", { answerAfterMs: 500 });
      const caller = await lab.call({ from: customer, to: "605" });
      await caller.connected();
      await pause(1000);
      await caller.press("0");
      await phone.answered();
      await pause();
      await caller.hangUp();
      await phone.saw("over");
    },
  },
  {
    name: "two-queues-by-key",
    title:
      "A customer waits in queue 605, presses 2, comes into queue 601 and is answered by Local/101.",
    truth: [
      truth({
        visits: [
          { queue: "605", how: "exitKey" },
          { queue: "601", how: "answered" },
        ],
        rings: [{ extension: "101", outcome: "answered" }],
        talks: ["101"],
      }),
    ],
    async play(lab) {
      const phone = await lab.phone("101", { answerAfterMs: 500 });
      const caller = await lab.call({ from: customer, to: "605" });
      await caller.connected();
      await pause(1000);
      await caller.press("2");
      await phone.answered();
      await pause();
      await caller.hangUp();
      await phone.saw("over");
    },
  },
  {
    name: "queue-withdrawn",
    title:
      "A customer waits in queue 604; QueueWithdrawCaller takes them out, the dialplan goes on to queue 600, where 101 answers.",
    truth: [
      truth({
        visits: [
          { queue: "604", how: "withdrawn" },
          { queue: "600", how: "answered" },
        ],
        rings: [{ extension: "101", outcome: "answered" }],
        talks: ["101"],
      }),
    ],
    async play(lab, listener) {
      const phone = await lab.phone("101", { answerAfterMs: 500 });
      const joined = listener.next((message) => message.get("event")?.[0] === "QueueCallerJoin");
      const caller = await lab.call({ from: customer, to: "604" });
      const channel = (await joined).get("channel")?.[0] ?? "";
      await pause(500);
      await listener.action("QueueWithdrawCaller", {
        Queue: "604",
        Caller: channel,
        WithdrawInfo: "moved",
      });
      await phone.answered();
      await pause();
      await caller.hangUp();
      await phone.saw("over");
    },
  },
];
