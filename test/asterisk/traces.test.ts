import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { decode, eventKind } from "../../server/asterisk/events.ts";
import { AmiText } from "../../server/asterisk/library.ts";
import type { RawMessage } from "../../server/asterisk/library.ts";
import type { PbxEvent } from "../../server/asterisk/model.ts";
import { channelsOf, devicesOf, queuesOf } from "../../server/asterisk/snapshot.ts";

const directory = join(import.meta.dirname, "..", "traces");
const traces = readdirSync(directory, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ami"))
  .toSorted();

/** Messages of a recording, fed to the parser in pieces of a size. */
function parse(text: string, pieceChars = 4096): RawMessage[] {
  const messages: RawMessage[] = [];
  const ami = new AmiText(
    () => {},
    (one) => messages.push(one),
  );
  for (let at = 0; at < text.length; at += pieceChars) ami.feed(text.slice(at, at + pieceChars));
  return messages;
}

test("There are recordings of both Asterisk 22 and 16", () => {
  expect(new Set(traces.map((file) => file.split("/")[0]))).toEqual(new Set(["16", "22"]));
});

test.each(traces)("%s: every event is known, and every known one can be typed", (file) => {
  const text = readFileSync(join(directory, file), "utf8");
  const messages = parse(text);
  const live = messages.filter((raw) => "event" in raw && !("actionid" in raw));
  expect(live.length).toBeGreaterThan(10);
  const unknown = live.filter((raw) => eventKind(String(raw["event"])) === "unknown");
  expect([...new Set(unknown.map((raw) => raw["event"]))]).toEqual([]);
  const failed = live.filter(
    (raw) => eventKind(String(raw["event"])) === "typed" && decode(raw) === null,
  );
  expect(failed).toEqual([]);
  // The pieces in which it comes make no difference.
  expect(parse(text, 7)).toEqual(messages);
});

test.each(traces)("%s: its lists are a snapshot, and no channel ends that never was", (file) => {
  const messages = parse(readFileSync(join(directory, file), "utf8"));
  const items = messages.filter((raw) => "event" in raw && "actionid" in raw) as Readonly<
    Record<string, string>
  >[];
  const queues = queuesOf(items);
  expect(queues.length).toBeGreaterThan(0);
  for (const queue of queues) {
    expect(queue.strategy).not.toBe("");
    for (const member of queue.members) {
      expect(member.name).not.toBe("");
      expect(member.stateInterface).toMatch(/^(PJSIP\/|hint:)/);
    }
  }
  expect(devicesOf(items).length).toBeGreaterThan(0);
  const channels = channelsOf(items.filter((item) => item["event"] === "CoreShowChannel"));
  expect(channels.length > 0).toBe(file.includes("middle-"));

  const alive = new Set(channels.map((channel) => channel.id));
  const events = messages
    .filter((raw) => !("actionid" in raw))
    .map(decode)
    .filter((event): event is PbxEvent => event !== null);
  for (const event of events) {
    if (event.type === "channelCreated") alive.add(event.channel.id);
    if (event.type === "channelHungUp") expect(alive.delete(event.channel.id)).toBe(true);
  }
  expect([...alive]).toEqual([]);
});
