import type { Caller } from "./caller.ts";
import type { Lab } from "./lab.ts";
import type { Phone } from "./phone.ts";
import { customer, pause, type Story, truth } from "./stories.ts";

/** A customer in queue 600 (or another) who talks to 101. */
async function talking(lab: Lab, queue = "600"): Promise<{ first: Phone; caller: Caller }> {
  const first = await lab.phone("101", { answerAfterMs: 300 });
  const caller = await lab.call({ from: customer, to: queue });
  await first.answered();
  await pause(500);
  return { first, caller };
}

const queueCall = (queue = "600") =>
  truth({
    visits: [{ queue, how: "answered" }],
    rings: [{ extension: "101", outcome: "answered" }],
    talks: ["101", "102"],
  });

/** What a transfer by feature code is: Asterisk itself holds the customer and calls 102, all in the customer's own call. */
const featureCall = (kind: "attended" | "blind" | "blonde", queue = "600") => ({
  ...queueCall(queue),
  rings: [
    { extension: "101", outcome: "answered" },
    { extension: "102", outcome: "answered" },
  ] as const,
  transfers: [{ kind, fromExtension: "101", to: "102" }],
  held: true,
});

/** The consultation of an attended transfer: a call of its own until it is joined with the customer's. */
const consultation = truth({
  direction: "internal",
  party: "101",
  fromExtension: "101",
  rings: [{ extension: "102", outcome: "answered" }],
  talks: ["101", "102"],
  endedHow: "merged",
});

/** 102 dialling *8: a call of its own until it becomes the customer's. */
const taking = truth({
  direction: "internal",
  party: "102",
  fromExtension: "102",
  endedHow: "merged",
});

/** Calls that move from one operator to another. */
export const transferStories: readonly Story[] = [
  ...(["600", "601"] as const).map((queue): Story => ({
    name: queue === "600" ? "blind-transfer-refer" : "blind-transfer-refer-local-n",
    title: `A customer talks to 101 in queue ${queue}; 101 sends them to 102 by REFER; 102 answers.`,
    truth: [
      {
        ...queueCall(queue),
        rings: [
          { extension: "101", outcome: "answered" },
          { extension: "102", outcome: "answered" },
        ],
        transfers: [{ kind: "blind", fromExtension: "101", to: "102" }],
      },
    ],
    async play(lab) {
      const { first, caller } = await talking(lab, queue);
      const second = await lab.phone("102", { answerAfterMs: 600 });
      await first.blindTransfer("102");
      await second.answered();
      await pause();
      await caller.hangUp();
      await second.saw("over");
    },
  })),
  ...(["600", "601"] as const).map((queue): Story => ({
    name: queue === "600" ? "attended-transfer-refer" : "attended-transfer-refer-local-n",
    title: `A customer talks to 101 in queue ${queue}; 101 holds, calls 102, they talk, and 101 joins both by REFER with Replaces.`,
    truth: [
      {
        ...queueCall(queue),
        transfers: [{ kind: "attended", fromExtension: "101", to: "102" }],
        held: true,
      },
      consultation,
    ],
    async play(lab) {
      const { first, caller } = await talking(lab, queue);
      const second = await lab.phone("102", { answerAfterMs: 500 });
      await first.hold();
      const consulting = await lab.dial({ from: "101", to: "102" });
      await second.answered();
      await consulting.connected();
      await pause(500);
      await first.attendedTransfer(consulting);
      await pause(700);
      await caller.hangUp();
      await second.saw("over");
    },
  })),
  {
    name: "blonde-transfer-refer",
    title:
      "A customer talks to 101 in queue 600; 101 holds, calls 102, and joins both by REFER with Replaces while 102 still rings; 102 answers.",
    truth: [
      {
        ...queueCall(),
        rings: [
          { extension: "101", outcome: "answered" },
          { extension: "102", outcome: "answered" },
        ],
        transfers: [{ kind: "blonde", fromExtension: "101", to: "102" }],
        held: true,
      },
      { ...consultation, rings: [], talks: [] },
    ],
    async play(lab) {
      const { first, caller } = await talking(lab);
      const second = await lab.phone("102", { answerAfterMs: 2500 });
      await first.hold();
      const consulting = await lab.dial({ from: "101", to: "102" });
      await second.ringing();
      await consulting.saw("hears ringing");
      await pause(300);
      await first.attendedTransfer(consulting);
      await second.answered();
      await pause();
      await caller.hangUp();
      await second.saw("over");
    },
  },
  {
    name: "blind-transfer-feature",
    title: "A customer talks to 101 in queue 600; 101 presses ## and 102; 102 answers.",
    truth: [featureCall("blind")],
    async play(lab) {
      const { first, caller } = await talking(lab);
      const second = await lab.phone("102", { answerAfterMs: 600 });
      await first.press("##");
      await pause(1200);
      await first.press("102");
      await second.answered(1, 15_000);
      await pause();
      await caller.hangUp();
      await second.saw("over");
    },
  },
  ...(["600", "601"] as const).map((queue): Story => ({
    name: queue === "600" ? "attended-transfer-feature" : "attended-transfer-feature-local-n",
    title: `A customer talks to 101 in queue ${queue}; 101 presses *2 and 102, talks to 102 and hangs up, which joins both.`,
    truth: [featureCall("attended", queue)],
    async play(lab) {
      const { first, caller } = await talking(lab, queue);
      const second = await lab.phone("102", { answerAfterMs: 600 });
      await first.press("*2");
      await pause(1200);
      await first.press("102");
      await second.answered(1, 15_000);
      await pause(800);
      await first.hangUp();
      await pause(700);
      await caller.hangUp();
      await second.saw("over");
    },
  })),
  {
    name: "blonde-transfer-feature",
    title:
      "A customer talks to 101 in queue 600; 101 presses *2 and 102 and hangs up while 102 still rings; 102 answers.",
    truth: [featureCall("blonde")],
    async play(lab) {
      const { first, caller } = await talking(lab);
      const second = await lab.phone("102", { answerAfterMs: 2500 });
      await first.press("*2");
      await pause(1200);
      await first.press("102");
      await second.ringing(1, 15_000);
      await pause(500);
      await first.hangUp();
      await second.answered();
      await pause();
      await caller.hangUp();
      await second.saw("over");
    },
  },
  {
    name: "transfer-to-second-queue",
    title:
      "A customer talks to 103 in queue 600; 103 sends them into queue 601 by REFER, where Local/102 answers.",
    truth: [
      truth({
        visits: [
          { queue: "600", how: "answered" },
          { queue: "601", how: "answered" },
        ],
        rings: [
          { extension: "103", outcome: "answered" },
          { extension: "102", outcome: "answered" },
        ],
        talks: ["103", "102"],
        transfers: [{ kind: "blind", fromExtension: "103", to: "601" }],
      }),
    ],
    async play(lab) {
      const first = await lab.phone("103", { answerAfterMs: 300 });
      const caller = await lab.call({ from: customer, to: "600" });
      await first.answered();
      await pause(500);
      const second = await lab.phone("102", { answerAfterMs: 500 });
      await first.blindTransfer("601");
      await second.answered();
      await pause();
      await caller.hangUp();
      await second.saw("over");
    },
  },
  {
    name: "pickup",
    title: "A customer calls queue 600; 101 rings; 102 dials *8 and takes the call.",
    truth: [
      truth({
        visits: [{ queue: "600", how: "answered" }],
        rings: [{ extension: "101", outcome: "answeredElsewhere" }],
        talks: ["102"],
        transfers: [{ kind: "pickup", fromExtension: "101", to: "102" }],
      }),
      taking,
    ],
    async play(lab) {
      const ringing = await lab.phone("101", { answerAfterMs: "never" });
      const caller = await lab.call({ from: customer, to: "600" });
      await ringing.ringing();
      await pause(500);
      const taker = await lab.dial({ from: "102", to: "*8" });
      await taker.connected();
      await ringing.saw("cancelled");
      await pause();
      await caller.hangUp();
      await taker.over();
    },
  },
  {
    name: "pickup-local-n",
    title:
      "A customer calls queue 601; 101 rings by its Local member; 102 dials *8 and takes the call.",
    truth: [
      truth({
        visits: [{ queue: "601", how: "answered" }],
        rings: [{ extension: "101", outcome: "answeredElsewhere" }],
        talks: ["102"],
        transfers: [{ kind: "pickup", fromExtension: "101", to: "102" }],
      }),
      taking,
    ],
    async play(lab) {
      const ringing = await lab.phone("101", { answerAfterMs: "never" });
      const caller = await lab.call({ from: customer, to: "601" });
      await ringing.ringing();
      await pause(500);
      const taker = await lab.dial({ from: "102", to: "*8" });
      await taker.connected();
      await ringing.saw("cancelled");
      await pause();
      await caller.hangUp();
      await taker.over();
    },
  },
];
