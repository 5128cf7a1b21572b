import { customer, pause, secondCustomer, type Story, truth } from "./stories.ts";

/** Calls into queues that are answered, or not. */
export const queueStories: readonly Story[] = [
  {
    name: "queue-answered",
    title:
      "A customer calls queue 600; PJSIP/101 rings, answers, they talk, the customer hangs up.",
    truth: [
      truth({
        visits: [{ queue: "600", how: "answered" }],
        rings: [{ extension: "101", outcome: "answered" }],
        talks: ["101"],
      }),
    ],
    async play(lab) {
      const phone = await lab.phone("101", { answerAfterMs: 700 });
      const caller = await lab.call({ from: customer, name: "Иван Петров", to: "600" });
      await phone.answered();
      await pause();
      await caller.hangUp();
      await phone.saw("over");
    },
  },
  {
    name: "queue-answered-local-n",
    title:
      "A customer calls queue 601; the member Local/101@from-queue/n rings phone 101, which answers; the operator hangs up.",
    truth: [
      truth({
        visits: [{ queue: "601", how: "answered" }],
        rings: [{ extension: "101", outcome: "answered" }],
        talks: ["101"],
      }),
    ],
    async play(lab) {
      const phone = await lab.phone("101", { answerAfterMs: 700 });
      const caller = await lab.call({ from: customer, to: "601" });
      await phone.answered();
      await pause();
      await phone.hangUp();
      await caller.over();
    },
  },
  {
    name: "queue-answered-local-optimised",
    title:
      "A customer calls queue 602; the member Local/101@from-queue (without /n) is answered and Asterisk takes the Local channel out of the call.",
    truth: [
      truth({
        visits: [{ queue: "602", how: "answered" }],
        rings: [{ extension: "101", outcome: "answered" }],
        talks: ["101"],
      }),
    ],
    async play(lab) {
      const phone = await lab.phone("101", { answerAfterMs: 700 });
      const caller = await lab.call({ from: customer, to: "602" });
      await phone.answered();
      await lab.quietLocals();
      await pause(1000);
      await caller.hangUp();
      await phone.saw("over");
    },
  },
  {
    name: "queue-no-answer-then-next",
    title: "A customer calls queue 600; 101 rings without answer, then 102 rings and answers.",
    truth: [
      truth({
        visits: [{ queue: "600", how: "answered" }],
        rings: [
          { extension: "101", outcome: "noAnswer" },
          { extension: "102", outcome: "answered" },
        ],
        talks: ["102"],
      }),
    ],
    async play(lab) {
      await lab.phone("101", { answerAfterMs: "never" });
      const second = await lab.phone("102", { answerAfterMs: 500 });
      const caller = await lab.call({ from: customer, to: "600" });
      await second.answered(1, 15_000);
      await pause();
      await caller.hangUp();
      await second.saw("over");
    },
  },
  {
    name: "queue-abandon-ringing",
    title: "A customer calls queue 600 and hangs up while 101 rings.",
    truth: [
      truth({
        visits: [{ queue: "600", how: "abandoned" }],
        rings: [{ extension: "101", outcome: "callerGone" }],
        endedHow: "abandoned",
      }),
    ],
    async play(lab) {
      const phone = await lab.phone("101", { answerAfterMs: "never" });
      const caller = await lab.call({ from: customer, to: "600" });
      await phone.ringing();
      await pause(1000);
      await caller.hangUp();
      await phone.saw("cancelled");
    },
  },
  {
    name: "ringall-losers",
    title: "A customer calls queue 603; 101, 102 and 103 ring at once; 102 answers.",
    truth: [
      truth({
        visits: [{ queue: "603", how: "answered" }],
        rings: [
          { extension: "101", outcome: "answeredElsewhere" },
          { extension: "102", outcome: "answered" },
          { extension: "103", outcome: "answeredElsewhere" },
        ],
        talks: ["102"],
      }),
    ],
    async play(lab) {
      const losers = await Promise.all(
        ["101", "103"].map((extension) => lab.phone(extension, { answerAfterMs: "never" })),
      );
      const winner = await lab.phone("102", { answerAfterMs: 1000 });
      const caller = await lab.call({ from: customer, to: "603" });
      await winner.answered();
      for (const loser of losers) await loser.saw("cancelled");
      await pause();
      await caller.hangUp();
      await winner.saw("over");
    },
  },
  {
    name: "ringall-losers-local-n",
    title: "A customer calls queue 607; Local/10x@from-queue/n members ring at once; 102 answers.",
    truth: [
      truth({
        visits: [{ queue: "607", how: "answered" }],
        rings: [
          { extension: "101", outcome: "answeredElsewhere" },
          { extension: "102", outcome: "answered" },
          { extension: "103", outcome: "answeredElsewhere" },
        ],
        talks: ["102"],
      }),
    ],
    async play(lab) {
      const losers = await Promise.all(
        ["101", "103"].map((extension) => lab.phone(extension, { answerAfterMs: "never" })),
      );
      const winner = await lab.phone("102", { answerAfterMs: 1000 });
      const caller = await lab.call({ from: customer, to: "607" });
      await winner.answered();
      for (const loser of losers) await loser.saw("cancelled");
      await pause();
      await caller.hangUp();
      await winner.saw("over");
    },
  },
  {
    name: "queue-no-answer-then-next-local-n",
    title:
      "A customer calls queue 601; Local/101 rings without answer, then Local/102 rings and answers.",
    truth: [
      truth({
        visits: [{ queue: "601", how: "answered" }],
        rings: [
          { extension: "101", outcome: "noAnswer" },
          { extension: "102", outcome: "answered" },
        ],
        talks: ["102"],
      }),
    ],
    async play(lab) {
      await lab.phone("101", { answerAfterMs: "never" });
      const second = await lab.phone("102", { answerAfterMs: 500 });
      const caller = await lab.call({ from: customer, to: "601" });
      await second.answered(1, 15_000);
      await pause();
      await caller.hangUp();
      await second.saw("over");
    },
  },
  {
    name: "queue-busy",
    title: "A customer calls queue 600; 101 is busy (486), 102 answers.",
    truth: [
      truth({
        visits: [{ queue: "600", how: "answered" }],
        rings: [
          { extension: "101", outcome: "busy" },
          { extension: "102", outcome: "answered" },
        ],
        talks: ["102"],
      }),
    ],
    async play(lab) {
      await lab.phone("101", { reject: 486 });
      const second = await lab.phone("102", { answerAfterMs: 500 });
      const caller = await lab.call({ from: customer, to: "600" });
      await second.answered(1, 15_000);
      await pause();
      await caller.hangUp();
      await second.saw("over");
    },
  },
  {
    name: "queue-reject",
    title: "A customer calls queue 600; 101 rings and is declined by hand (603), 102 answers.",
    truth: [
      truth({
        visits: [{ queue: "600", how: "answered" }],
        rings: [
          { extension: "101", outcome: "rejected" },
          { extension: "102", outcome: "answered" },
        ],
        talks: ["102"],
      }),
    ],
    async play(lab) {
      await lab.phone("101", { reject: 603, rejectAfterMs: 800 });
      const second = await lab.phone("102", { answerAfterMs: 500 });
      const caller = await lab.call({ from: customer, to: "600" });
      await second.answered(1, 15_000);
      await pause();
      await caller.hangUp();
      await second.saw("over");
    },
  },
  {
    name: "two-calls-one-queue",
    title:
      "Two customers call queue 600 almost at once; 101 answers the first, 102 the second; the first hangs up first.",
    truth: [
      truth({
        visits: [{ queue: "600", how: "answered" }],
        rings: [{ extension: "101", outcome: "answered" }],
        talks: ["101"],
      }),
      truth({
        party: secondCustomer,
        visits: [{ queue: "600", how: "answered" }],
        rings: [{ extension: "102", outcome: "answered" }],
        talks: ["102"],
      }),
    ],
    async play(lab) {
      const one = await lab.phone("101", { answerAfterMs: 1000 });
      const two = await lab.phone("102", { answerAfterMs: 1000 });
      const first = await lab.call({ from: customer, to: "600" });
      await one.ringing();
      const second = await lab.call({ from: secondCustomer, to: "600" });
      await one.answered();
      await two.answered(1, 15_000);
      await pause();
      await first.hangUp();
      await one.saw("over");
      await second.hangUp();
      await two.saw("over");
    },
  },
];
