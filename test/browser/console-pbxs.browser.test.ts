/** The admin's page of PBXs, and queues of the same name on several of them, in a real Chromium against a scripted server. */
import { expect, test } from "vitest";
import { complaintsOf } from "../support/chromium.ts";
import { axeFindings, shot } from "../support/looking.ts";
import { samplePbxs } from "../support/console-samples.ts";
import { consoleScenes } from "../support/scenes.ts";

const stage = consoleScenes();

test("an admin sees of every PBX how it is, why it is away, and who acts on it", async () => {
  const { page } = await stage.scene({ place: "#pbxs", colorScheme: "dark" });
  const complaints = complaintsOf(page);
  const row = (name: string) => page.getByRole("listitem", { name });
  const office = row("office");
  await office.getByText("на связи").waitFor();
  await office.getByText("Asterisk 22.10.1").waitFor();
  await office.getByText("10.0.0.5:5038").waitFor();
  await office.getByText("событий в секунду: 142").waitFor();
  await office.getByText("Управляет этот процесс.").waitFor();
  await row("warehouse").getByText("Управляет процесс 4712 на cti-2.").waitFor();
  await row("warehouse").getByText("отставание: 1 840 мс").waitFor();
  const old = row("old");
  await old.getByText("нет связи").waitFor();
  await old.getByText("Почему: по адресу 10.0.0.7:5038 никто не отвечает").waitFor();
  await old.getByText("Никто не управляет.").waitFor();
  await page.getByText("Список из файла /etc/callcard.yaml").waitFor();
  await shot(page, "pbxs-dark");
  expect(await axeFindings(page)).toEqual([]);
  expect(complaints).toEqual([]);
});

test("what is wrong with the list is said on top and goes away by itself when it is right again", async () => {
  const { settings } = samplePbxs();
  const problem = 'callcard.yaml: pbxs[1].port: "x" is not allowed; it must be 1 to 65535';
  const { double, page } = await stage.scene({
    place: "#pbxs",
    before: (one) => {
      const needRestart = ["PORT", "TIME_ZONE"];
      one.pbxs = { ...samplePbxs(), settings: { ...settings!, problem, needRestart } };
    },
  });
  const alert = page.getByRole("alert");
  await alert.getByText("сейчас с ошибкой, из него ничего не взято. callcard.yaml").waitFor();
  await page.getByText("подействуют после перезапуска сервера: PORT и TIME_ZONE.").waitFor();
  await shot(page, "pbxs-problem");
  await page.setViewportSize({ width: 320, height: 700 });
  const pane = page.locator("main.pane");
  expect(await pane.evaluate((one) => one.scrollWidth - one.clientWidth)).toBe(0);
  await shot(page, "pbxs-narrow");
  double.pbxs = { pbxs: samplePbxs().pbxs.slice(0, 1), settings: null };
  await alert.waitFor({ state: "detached" });
  await page.getByText("АТС указана в настройках сервера.").waitFor();
  expect(await page.getByRole("listitem").count()).toBe(1);
});

test("a supervisor is not led to the PBXs, and is told why when they come by an old link", async () => {
  const { page } = await stage.scene({ role: "supervisor", place: "#pbxs" });
  await page.getByText("АТС видят только администраторы.").waitFor();
  expect(await page.getByRole("link", { name: "АТС", exact: true }).count()).toBe(0);
});

test("queues of the same name on two PBXs are one with sums, and each PBX keeps its own line", async () => {
  const { double, page } = await stage.scene({ role: "supervisor", colorScheme: "dark" });
  const whole = page.getByRole("region", { name: "Продажи", exact: true });
  await whole.getByText("ждут 5").waitFor();
  const perPbx = page.getByText("У каждой АТС своя очередь");
  expect(await perPbx.count()).toBe(0);
  expect(await page.getByText("office", { exact: true }).count()).toBe(0);
  const { pbxs, queues } = double.picture;
  const [sales] = queues;
  const callers = sales!.callers.slice(3).map((one, at) => ({
    ...{ ...one, callId: `w${at}`, channelId: `w${at}`, title: `Со склада ${at + 1}` },
    ...{ position: at + 1, wantedPosition: at + 1, policyPosition: at + 1 },
  }));
  double.show({
    pbxs: [...pbxs, { ...pbxs[0]!, name: "warehouse" }],
    queues: [
      ...queues,
      { ...sales!, pbx: "warehouse", members: { ready: 2, busy: 1, paused: 3 }, callers },
    ],
  });
  await perPbx.waitFor();
  const counts = whole.locator("header").first();
  for (const text of ["ждут 7", "свободно 2", "занято 7", "на паузе 4"])
    await counts.getByText(text).waitFor();
  expect(await whole.getByRole("heading", { level: 2 }).count()).toBe(1);
  const there = page.getByRole("region", { name: "Продажи, warehouse" });
  await there.getByText("ждут 2").waitFor();
  await there.getByRole("button", { name: "Почему Со склада 1 на месте 1" }).waitFor();
  await shot(page, "queues-two-pbxs");
  // Who is moved is moved in the line of their own PBX.
  await there.getByRole("button", { name: "Почему Со склада 2" }).focus();
  await page.keyboard.press("Alt+ArrowUp");
  await page.getByRole("dialog").getByText("Очередь на АТС warehouse.").waitFor();
  await shot(page, "move-two-pbxs");
  await page.getByRole("dialog").getByRole("button", { name: "Переставить" }).click();
  await there.getByRole("button", { name: "Почему Со склада 2 на месте 1" }).waitFor();
  expect(double.moves).toEqual([
    { pbx: "warehouse", queue: "Продажи", channelId: "w1", position: 1 },
  ]);
  expect(await axeFindings(page)).toEqual([]);
});
