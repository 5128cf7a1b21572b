import type { Lab } from "./lab.ts";
import { customer, pause, type Story, truth } from "./stories.ts";

/** The one member of the queue of preferred operators in these stories, with the penalty the dialplan of 67x asks for. */
const member = { Queue: "callcard-preferred", Interface: "PJSIP/102" };

async function with102(lab: Lab, play: () => Promise<void>): Promise<void> {
  await lab.ami().action("QueueAdd", { ...member, Penalty: "9", MemberName: "callcard:boris" });
  try {
    await play();
  } finally {
    await lab.ami().action("QueueRemove", member);
  }
}

/** Callers who wait for the operator they know before the queue they called for. */
export const preferredStories: readonly Story[] = [
  {
    name: "preferred-answered",
    title: "A customer calls queue 600 and is answered by 102, the operator they know.",
    truth: [
      truth({
        visits: [{ queue: "600", how: "answered" }],
        rings: [{ extension: "102", outcome: "answered" }],
        talks: ["102"],
      }),
    ],
    async play(lab) {
      await with102(lab, async () => {
        const phone = await lab.phone("102", { answerAfterMs: 300 });
        const caller = await lab.call({ from: customer, to: "670" });
        await phone.answered();
        await pause(1000);
        await caller.hangUp();
        await phone.saw("other side hung up");
      });
    },
  },
  {
    name: "preferred-timeout",
    title:
      "A customer calls queue 600; 102, the operator they know, does not answer for four seconds, and 101 does.",
    truth: [
      truth({
        visits: [
          { queue: "600", how: "timeout" },
          { queue: "600", how: "answered" },
        ],
        rings: [
          { extension: "102", outcome: "noAnswer" },
          { extension: "101", outcome: "answered" },
        ],
        talks: ["101"],
      }),
    ],
    async play(lab) {
      await with102(lab, async () => {
        await lab.phone("102", { answerAfterMs: "never" });
        const phone = await lab.phone("101", { answerAfterMs: 500 });
        const caller = await lab.call({ from: customer, to: "670" });
        await phone.answered();
        await pause(1000);
        await caller.hangUp();
        await phone.saw("other side hung up");
      });
    },
  },
];
