/** The live view of campaigns: who is sent what and how often, on a clock of the test's own. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Campaign } from "../../server/campaigns/model.ts";
import type { DiallerView } from "../../server/campaigns/ports.ts";
import type { CampaignFigures } from "../../server/campaigns/rest.ts";
import { CampaignWatch } from "../../server/console/campaigns.ts";
import type { CampaignsPicture } from "../../server/console/protocol.ts";
import {
  sampleCampaign,
  sampleDialler,
  sampleFigures,
} from "../support/console-campaign-samples.ts";

let campaigns: Campaign[];
let views: DiallerView[];
let nobody: ReadonlySet<string>;
let figures: () => Promise<readonly CampaignFigures[]>;
let changed: () => void;
let asked: number;
const warned: string[] = [];
let watch: CampaignWatch;

beforeEach(() => {
  vi.useFakeTimers();
  campaigns = [sampleCampaign("1")];
  views = [];
  nobody = new Set();
  asked = 0;
  warned.length = 0;
  figures = async () => [sampleFigures("1", { planned: 5 })];
  watch = new CampaignWatch({
    book: {
      all: () => campaigns,
      onChange: (listener) => {
        changed = () => listener("1");
        return () => {};
      },
    },
    look: () => ({ views, nobody }),
    figures: () => {
      asked += 1;
      return figures();
    },
    log: { warn: (_, message) => warned.push(message) },
    now: Date.now,
  });
});
afterEach(() => {
  watch.close();
  vi.useRealTimers();
});

function looking() {
  const pictures: CampaignsPicture[] = [];
  const leave = watch.attach({ campaigns: (picture) => pictures.push(picture) });
  return { pictures, leave };
}

test("a campaign is shown with its figures, its state and what is dialled now", async () => {
  views = [sampleDialler("1", { ringing: 3 })];
  const { pictures } = looking();
  await vi.advanceTimersByTimeAsync(0);
  expect(pictures).toHaveLength(1);
  expect(pictures[0]!.campaigns).toEqual([
    {
      ...sampleFigures("1", { planned: 5 }),
      name: campaigns[0]!.settings.name,
      state: "running",
      pausedBecause: "",
      mode: campaigns[0]!.settings.mode,
      revision: 1,
      pbx: "office",
      queue: "Продажи",
      dialler: sampleDialler("1", { ringing: 3 }),
    },
  ]);
});

test("a campaign on whose PBX no process dials says so", async () => {
  nobody = new Set(["office"]);
  const { pictures } = looking();
  await vi.advanceTimersByTimeAsync(0);
  expect(pictures[0]!.campaigns[0]).toMatchObject({ dialler: null, nobodyDials: true });
});

test("what did not change is not sent again; what changes all the time is sent twice a second", async () => {
  const { pictures } = looking();
  await vi.advanceTimersByTimeAsync(5000);
  expect(pictures).toHaveLength(1);
  const timer = setInterval(() => {
    views = [sampleDialler("1", { ringing: Math.round(Date.now() % 1_000_000) })];
  }, 10);
  await vi.advanceTimersByTimeAsync(5000);
  clearInterval(timer);
  expect(pictures).toHaveLength(11);
});

test("figures are read once a second however many look, and not at all when nobody does", async () => {
  const all = Array.from({ length: 20 }, looking);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(asked).toBeGreaterThanOrEqual(10);
  expect(asked).toBeLessThanOrEqual(11);
  for (const { leave } of all) leave();
  const before = asked;
  await vi.advanceTimersByTimeAsync(10_000);
  expect(asked).toBe(before);
  expect(watch.counters().viewers).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
});

test("a slow reading of figures is never asked for twice at once", async () => {
  let running = 0;
  let most = 0;
  figures = async () => {
    most = Math.max(most, ++running);
    await new Promise((done) => setTimeout(done, 3500));
    running -= 1;
    return [sampleFigures("1")];
  };
  looking();
  await vi.advanceTimersByTimeAsync(20_000);
  expect(most).toBe(1);
  expect(asked).toBeGreaterThan(3);
});

test("when figures cannot be read those of before stay, it is said, and they come again", async () => {
  const { pictures } = looking();
  await vi.advanceTimersByTimeAsync(0);
  figures = async () => Promise.reject(new Error("no database"));
  views = [sampleDialler("1", { talking: 4 })];
  await vi.advanceTimersByTimeAsync(3000);
  expect(warned.length).toBeGreaterThan(0);
  expect(pictures.at(-1)!.campaigns[0]).toMatchObject({ planned: 5, dialler: { talking: 4 } });
  figures = async () => [sampleFigures("1", { planned: 2 })];
  await vi.advanceTimersByTimeAsync(1500);
  expect(pictures.at(-1)!.campaigns[0]).toMatchObject({ planned: 2 });
});

test("nothing is shown before there are figures: zeros would be taken for the truth", async () => {
  figures = async () => Promise.reject(new Error("no database"));
  const { pictures } = looking();
  await vi.advanceTimersByTimeAsync(3000);
  expect(pictures).toEqual([]);
});

test("who comes later is shown everything at once, and what is an hour old is shown to nobody", async () => {
  const first = looking();
  await vi.advanceTimersByTimeAsync(600);
  const second = looking();
  expect(second.pictures).toHaveLength(1);
  expect(first.pictures).toHaveLength(1);
  first.leave();
  second.leave();
  await vi.advanceTimersByTimeAsync(3_600_000);
  figures = async () => [sampleFigures("1", { planned: 9 })];
  const third = looking();
  await vi.advanceTimersByTimeAsync(0);
  expect(third.pictures.map(({ campaigns }) => campaigns[0]!.planned)).toEqual([9]);
});

test("a new campaign is there at the next look, and its figures are asked for at once", async () => {
  const { pictures } = looking();
  await vi.advanceTimersByTimeAsync(500);
  const before = asked;
  campaigns = [sampleCampaign("2"), ...campaigns];
  changed();
  await vi.advanceTimersByTimeAsync(500);
  expect(asked).toBe(before + 1);
  expect(
    pictures.at(-1)!.campaigns.map(({ campaignId, planned }) => [campaignId, planned]),
  ).toEqual([
    ["2", 0],
    ["1", 5],
  ]);
});
