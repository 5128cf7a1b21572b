/** Recorded days on the console's "what if" screen: chosen, played, watched, cut short, refused; in a real Chromium against a scripted server. */
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { readyPolicies } from "../../server/priority/ready-policies.ts";
import type { SimulationState } from "../../server/priority/simulation/model.ts";
import { complaintsOf } from "../support/chromium.ts";
import { sampleVocabulary } from "../support/console-samples.ts";
import { consoleScenes } from "../support/scenes.ts";

const stage = consoleScenes();

const recordedDays = [
  { date: "2026-03-12", calls: 912 },
  { date: "2026-03-11", calls: 845 },
  { date: "2026-03-10", calls: 871 },
];
const [gentle] = readyPolicies(sampleVocabulary, "Europe/Moscow");

/** The screen of a shop that has a record and a published policy, and what was asked of its simulations. */
async function scene() {
  const { double, page } = await stage.scene({
    place: "#what-if",
    before: (server) => server.publish(gentle!.policy, ""),
  });
  const asked: string[] = [];
  page.on("request", (request) => {
    const at = request.url().indexOf("/priority/simulations");
    if (at >= 0) asked.push(`${request.method()} ${request.url().slice(at + 10)}`);
  });
  await page.route("**/priority/vocabulary", (route) =>
    route.fulfill({ json: { ...sampleVocabulary, recordedDays } }),
  );
  await page.reload();
  await page.getByRole("radio", { name: "Записанные дни" }).waitFor();
  return { double, page, asked };
}

/** What the server tells of a simulation, changed on its way. */
const telling = (page: Page, change: (state: SimulationState) => Partial<SimulationState>) =>
  page.route("**/priority/simulations/s", async (route) => {
    const response = await route.fetch();
    const state = (await response.json()) as SimulationState;
    await route.fulfill({ json: { ...state, ...change(state) } });
  });

test("who has a record is offered its newest day; a later beginning moves the end; the chosen days are played", async () => {
  const { double, page } = await scene();
  const complaints = complaintsOf(page);
  expect(await page.getByRole("radio", { name: "Записанные дни" }).isChecked()).toBe(true);
  const from = page.getByRole("combobox", { name: "С", exact: true });
  const to = page.getByRole("combobox", { name: "По", exact: true });
  expect([await from.inputValue(), await to.inputValue()]).toEqual(["2026-03-12", "2026-03-12"]);
  // Each day says how many calls it has.
  expect(await from.locator("option").nth(1).textContent()).toMatch(/11.*845/);
  await from.selectOption("2026-03-10");
  expect(await to.inputValue()).toBe("2026-03-12");
  await to.selectOption("2026-03-11");
  await from.selectOption("2026-03-12");
  expect(await to.inputValue()).toBe("2026-03-12");
  await from.selectOption("2026-03-10");
  await telling(page, ({ result }) => ({
    result: result && {
      ...result,
      remarks: [
        { code: "totalLossesUnchanged" },
        { code: "patienceGuessed" },
        { code: "standingOfToday" },
        { code: "dutyEstimated", minutes: 30 },
      ],
    },
  }));
  await page.getByRole("button", { name: "Проиграть" }).click();
  await page.getByRole("table").waitFor();
  expect(double.simulated.map(({ source }) => source)).toEqual([
    { kind: "recorded", from: "2026-03-10", to: "2026-03-12", queues: [] },
  ]);
  // What is only estimated of a recorded day is said beside its figures.
  await page.getByText("Всего теряется столько же").waitFor();
  await page.getByText("а не того дня").waitFor();
  await page.getByText(/30\s*мин/).waitFor();
  expect(complaints).toEqual([]);
});

test("its progress is shown; cut short it says so, tells the server, and can be played again", async () => {
  const { double, page, asked } = await scene();
  double.looks = 10;
  await page.getByRole("button", { name: "Проиграть" }).click();
  const shares: number[] = [];
  const bar = page.getByRole("progressbar");
  await expect
    .poll(async () => {
      const share = await bar.evaluate((one) => (one as HTMLProgressElement).value);
      if (share !== shares.at(-1)) shares.push(share);
      return shares.length;
    })
    .toBeGreaterThanOrEqual(3);
  expect(shares).toEqual(shares.toSorted((a, b) => a - b));
  expect(
    await page
      .getByRole("status")
      .getByText(/^Готово \d+/)
      .count(),
  ).toBe(1);
  expect(await page.getByRole("button", { name: "Проиграть" }).count()).toBe(0);

  await page.getByRole("button", { name: "Прервать" }).click();
  await page.getByRole("alert").getByText("Прервано.").waitFor();
  expect(asked.at(-1)).toBe("DELETE simulations/s");
  expect(await bar.count()).toBe(0);
  expect(await page.getByRole("table").count()).toBe(0);

  double.looks = 1;
  await page.getByRole("button", { name: "Проиграть" }).click();
  await page.getByRole("table").waitFor();
  expect(await page.getByText("Прервано.").count()).toBe(0);
  expect(double.simulated).toHaveLength(2);
});

test("who leaves the screen meanwhile leaves nothing running", async () => {
  const { double, page, asked } = await scene();
  double.looks = 1000;
  await page.getByRole("button", { name: "Проиграть" }).click();
  await page.getByRole("progressbar").waitFor();
  await page.getByRole("link", { name: "Очереди" }).click();
  await expect.poll(() => asked.at(-1)).toBe("DELETE simulations/s");
});

test("days that cannot be played are refused with the server's reason; a generated day is still there", async () => {
  const { double, page } = await scene();
  const reason = "Nobody called any queue on 2026-03-12, as far as is recorded";
  await telling(page, () => ({ state: "failed", error: reason, result: null }));
  await page.getByRole("button", { name: "Проиграть" }).click();
  await page.getByRole("alert").getByText(reason).waitFor();
  await page.getByRole("radio", { name: "Придуманный день" }).check();
  expect(await page.getByRole("combobox", { name: "С", exact: true }).count()).toBe(0);
  await page.unroute("**/priority/simulations/s");
  await page.getByRole("button", { name: "Проиграть" }).click();
  await page.getByRole("table").waitFor();
  expect(double.simulated.at(-1)!.source.kind).toBe("generated");
});
