import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { LabAmi } from "./ami.ts";
import { type Lab, startLab } from "./lab.ts";
import { campaignStories } from "./stories-campaign.ts";
import { harderStories } from "./stories-harder.ts";
import { leavingStories } from "./stories-leaving.ts";
import { otherStories } from "./stories-other.ts";
import { preferredStories } from "./stories-preferred.ts";
import { transferStories } from "./stories-transfer.ts";
import { queueStories } from "./stories-queue.ts";
import type { Story } from "./stories.ts";
import type { LabVersion } from "./root.ts";

/** Every story the lab can play, in the order of their telling. */
export const stories: readonly Story[] = [
  ...queueStories,
  ...leavingStories,
  ...transferStories,
  ...otherStories,
  ...harderStories,
  ...preferredStories,
  ...campaignStories,
];

/** What lies beside a trace: what happened in truth, and how to read the bytes. */
export type TraceDescription = {
  readonly version: string;
  readonly story: string;
  readonly title: string;
  readonly truth: Story["truth"];
  /** Actions sent after login, by ActionID; their answers are in the bytes before `eventsFrom`. */
  readonly snapshot: Readonly<Record<string, string>>;
  /** Byte offset after the snapshot's answers: from here on only events. */
  readonly eventsFrom: number;
  /** Byte offset and milliseconds since the first byte, for each piece as it arrived. */
  readonly arrivals: readonly (readonly [offset: number, atMs: number])[];
  /** What the phones themselves saw; milliseconds on the same clock as `arrivals`. */
  readonly phones: readonly {
    readonly phone: string;
    readonly atMs: number;
    readonly saw: string;
  }[];
};

/** The questions a client asks after it connected. */
const snapshotActions = [
  "CoreShowChannels",
  "BridgeList",
  "QueueStatus",
  "DeviceStateList",
  "CoreStatus",
] as const;

/**
 * Plays a story while listening as the integrator's AMI user, and gives every byte that user received from its greeting on.
 * The connection is closed only after the last channel is gone.
 */
export async function recordStory(
  lab: Lab,
  story: Story,
): Promise<{ bytes: Buffer; description: TraceDescription }> {
  const pieces: Buffer[] = [];
  const arrivals: [number, number][] = [];
  let length = 0;
  let startedAt = 0;
  await story.before?.(lab);
  const ami = await LabAmi.open(lab.amiPort, lab.username, lab.secret, (bytes) => {
    if (startedAt === 0) startedAt = Date.now();
    arrivals.push([length, Date.now() - startedAt]);
    pieces.push(bytes);
    length += bytes.length;
  });
  try {
    const snapshot: Record<string, string> = {};
    for (const action of snapshotActions) {
      const [response] = await ami.action(action);
      snapshot[response?.get("actionid")?.[0] ?? ""] = action;
    }
    const eventsFrom = length;
    const seen = await lab.watchPhones(async () => {
      await story.play(lab, ami);
      await lab.noChannels();
    });
    // Asterisk wakes an AMI session by a signal that can be lost; a ping brings what is still held back.
    await ami.action("Ping");
    return {
      bytes: Buffer.concat(pieces),
      description: {
        version: (await lab.cli("core show version")).split(" ")[1] ?? "",
        story: story.name,
        title: story.title,
        truth: story.truth,
        snapshot,
        eventsFrom,
        arrivals,
        phones: seen.map(({ phone, atMs, saw }) => ({ phone, atMs: atMs - startedAt, saw })),
      },
    };
  } finally {
    await ami.close();
    await lab.hangUpAll();
  }
}

const tracesDirectory = join(import.meta.dirname, "../../test/traces");

/** Records stories (all of a version without names) into `test/traces/<version>/`. */
async function main(): Promise<void> {
  const [version = "22", ...names] = process.argv.slice(2);
  if (version !== "22" && version !== "16")
    throw new Error(
      `say 22 or 16 first, not ${version}; then names of stories, or nothing for all`,
    );
  const major: LabVersion = version === "22" ? 22 : 16;
  const unknown = names.filter((name) => !stories.some((story) => story.name === name));
  if (unknown.length > 0) throw new Error(`no such story: ${unknown.join(", ")}`);
  const chosen = stories.filter(
    (story) =>
      (names.length === 0 || names.includes(story.name)) &&
      (story.versions?.includes(major) ?? true),
  );
  const lab = await startLab({ version: major, say: console.log });
  let failures = 0;
  try {
    for (const story of chosen) {
      try {
        const { bytes, description } = await recordStory(lab, story);
        const path = join(tracesDirectory, version, story.name);
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(`${path}.ami`, bytes);
        writeFileSync(`${path}.json`, describe(description));
        console.log(`${story.name}: ${bytes.length} bytes`);
      } catch (error) {
        failures++;
        console.error(`${story.name}: ${String(error)}`);
      }
    }
  } finally {
    await lab.stop();
  }
  if (failures > 0) process.exitCode = 1;
}

/** JSON that a person can read: one line for each small thing. */
function describe(description: TraceDescription): string {
  const { truth, phones, arrivals, ...head } = description;
  const list = (items: readonly unknown[]): string =>
    `[\n${items.map((item) => `    ${JSON.stringify(item)}`).join(",\n")}\n  ]`;
  return `${JSON.stringify(head, null, 2).slice(0, -2)},\n  "truth": ${list(truth)},\n  "phones": ${list(phones)},\n  "arrivals": ${JSON.stringify(arrivals)}\n}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
