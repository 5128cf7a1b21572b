/** What the operator's screen promises, in a real Chromium against a scripted server. */
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { complaintsOf } from "../support/chromium.ts";
import * as sample from "../support/desk-samples.ts";
import { shot } from "../support/looking.ts";
import { deskScenes } from "../support/scenes.ts";

const stage = deskScenes();

const now = (): number => Date.now();
const heading = (page: Page, name: string): Promise<void> =>
  page.getByRole("heading", { level: 1, name, exact: true }).waitFor();

test("logging in: wrong passwords are told apart from too many, then the phone is asked for once", async () => {
  const presence = {
    ...sample.sampleState(now()).presence,
    state: "noDevice",
    device: null,
  } as const;
  const { double, tab } = await stage.scene({ session: false, state: { presence } });
  const page = await tab();
  await page.getByLabel("Логин").fill("anna");
  await page.getByLabel("Пароль").fill("wrong");
  await page.getByRole("button", { name: "Войти" }).click();
  await page.getByText("Неверный логин или пароль").waitFor();
  double.loginAttemptsLeft = 0;
  await page.getByRole("button", { name: "Войти" }).click();
  await page.getByText("Повторите через 42 секунды").waitFor();
  double.loginAttemptsLeft = 5;
  await page.getByLabel("Пароль").fill(double.password);
  await page.keyboard.press("Enter");

  await heading(page, "Какой телефон ваш?");
  await page.getByLabel("Внутренний номер").fill("199");
  await page.keyboard.press("Enter");
  await page.getByText("пользуется другой оператор").waitFor();
  await page.getByRole("button", { name: "Всё равно занять" }).click();
  await heading(page, "Вы на линии");
  expect(double.requests("chooseDevice").at(-1)).toEqual({
    pbx: "office",
    extension: "199",
    takeOver: true,
  });
  await page.reload();
  await heading(page, "Вы на линии");
});

test("the card of a ringing call is shown, announced and reported as painted, once", async () => {
  const { double, tab } = await stage.scene();
  const page = await tab();
  const complaints = complaintsOf(page);
  await heading(page, "Вы на линии");
  const call = sample.sampleCall(now());
  double.call(call);
  await heading(page, "Мария Кузнецова");
  for (const text of ["с марта 2023", "+7 913 000-00-01", "№ 104512", "12 490 ₽", "В пути"])
    await page.getByText(text).first().waitFor();
  await page
    .locator("[aria-live=assertive]", {
      hasText: "Звонок: Мария Кузнецова, золото, очередь Продажи",
    })
    .waitFor({ state: "attached" });
  await expect.poll(() => double.requests("popPainted").length).toBe(1);
  double.call({ ...call, card: { ...call.card, verified: false } });
  await page.getByText("Указан оператором").waitFor();
  const pop = { callId: call.callId, ringId: call.ringId };
  expect(double.requests("popReceived")).toEqual([pop]);
  expect(double.requests("popPainted")).toEqual([
    { ...pop, visible: true, receivedToPaintedMs: expect.any(Number) as number },
  ]);
  expect(complaints).toEqual([]);
});

test("nothing moves when a call arrives", async () => {
  const { double, tab } = await stage.scene();
  const page = await tab();
  await heading(page, "Вы на линии");
  const card = page.locator("[role=main]");
  const before = await card.boundingBox();
  double.call(sample.sampleCall(now()));
  await heading(page, "Мария Кузнецова");
  const after = await card.boundingBox();
  expect([after?.x, after?.y]).toEqual([before?.x, before?.y]);
});

test("the card follows the call: talk, hold, transferred, answered elsewhere", async () => {
  const { double, tab } = await stage.scene();
  const page = await tab();
  const call = sample.sampleCall(now());
  const status = page.locator("callcard-card:not([hidden]) .status");
  await heading(page, "Вы на линии");
  const talk = sample.talking({ ...call, fromName: "Пётр Иванов" }, now(), 61_000);
  double.call(call);
  double.call(talk);
  await status.getByText("Звонок передали: Пётр Иванов").waitFor();
  await page.locator("callcard-line callcard-elapsed", { hasText: "1:0" }).waitFor();
  double.call({ ...talk, state: "onHold" });
  await status.getByText("На удержании").waitFor();
  double.call({
    ...talk,
    state: "elsewhere",
    left: { how: "transferred", byName: "Олег Сидоров" },
  });
  await status.getByText("Звонок передан: Олег Сидоров").waitFor();
  double.change({ kind: "callGone", callId: call.callId });
  const other = { ...call, callId: "two", ringId: "two-ring" };
  double.call(other);
  double.call({
    ...other,
    state: "elsewhere",
    left: { how: "answeredElsewhere", byName: "Пётр Иванов" },
  });
  await status.getByText("На звонок ответили: Пётр Иванов").waitFor();
});

test("a talk, a ringing and an unsaved wrap-up have their own places", async () => {
  const { double, tab } = await stage.scene();
  const page = await tab();
  await heading(page, "Вы на линии");
  const named = (name: string): ReturnType<typeof sample.sampleCard> =>
    sample.sampleCard(now(), { customer: sample.sampleCustomer({ name }) });
  const base = sample.sampleCall(now());
  double.call(
    sample.ended(
      { ...base, callId: "a", startedAtMs: now() - 900_000, card: named("Первый") },
      now(),
    ),
  );
  double.call(
    sample.talking(
      { ...base, callId: "b", startedAtMs: now() - 300_000, card: named("Второй") },
      now(),
      9000,
    ),
  );
  double.call({ ...base, callId: "c", ringId: "c-ring", card: named("Третий") });
  await heading(page, "Третий");
  await expect
    .poll(() => page.locator("callcard-line .name").allTextContents())
    .toEqual(["Первый", "Второй", "Третий"]);
  expect(await page.locator("callcard-wrap-up").count()).toBe(2);
  await page.locator("callcard-line").getByText("Второй").click();
  await heading(page, "Второй");
  await page.locator("callcard-wrap-up[expanded]", { hasText: "Второй" }).waitFor();
});

test("several customers: a key chooses, and the reason is said", async () => {
  const { double, tab } = await stage.scene();
  const page = await tab();
  await heading(page, "Вы на линии");
  double.call(sample.sampleCall(now(), { card: sample.severalCard(now()) }));
  await heading(page, "Кто звонит?");
  await page.getByText("Есть незавершённый заказ").waitFor();
  await page.keyboard.press("2");
  await heading(page, "Олег Кузнецов");
  expect(double.requests("chooseCustomer")).toEqual([{ callId: "demo-1", customerId: "2" }]);
});

test("an unknown caller: region and possible times, and a customer made with one form", async () => {
  const { double, tab } = await stage.scene();
  const page = await tab();
  await heading(page, "Вы на линии");
  double.call(sample.sampleCall(now(), { card: sample.unknownCard(now()) }));
  await heading(page, "Новый клиент");
  await page.getByText(/Россия, у клиента от \d\d:\d\d до \d\d:\d\d/).waitFor();
  await page.getByLabel("Имя", { exact: true }).fill("Иван Петров");
  await page.getByLabel("Город").fill("Чита");
  await page.getByRole("button", { name: "Завести клиента" }).click();
  await expect
    .poll(() => double.requests("createCustomer"))
    .toEqual([{ callId: "demo-1", name: "Иван Петров", city: "Чита" }]);
});

test.each([
  ["withheld", "Номер скрыт", "Клиент скрыл номер"],
  ["unreadable", "abc", "Вместо номера пришло"],
  ["internal", "Пётр Иванов", "Звонит коллега"],
  ["failed", "Не удалось узнать клиента", "База клиентов не отвечает"],
] as const)("a caller that is %s is explained in words", async (outcome, title, words) => {
  const { double, tab } = await stage.scene();
  const page = await tab();
  await heading(page, "Вы на линии");
  const card = sample.blankCard(now(), {
    outcome,
    phone: null,
    rawNumber: outcome === "internal" ? "102" : outcome === "withheld" ? "" : "abc",
    rawName: outcome === "internal" ? "Пётр Иванов" : "",
    problems: outcome === "failed" ? ["directoryDown"] : [],
  });
  double.call(sample.sampleCall(now(), { card }));
  await heading(page, title);
  await page.getByText(words).first().waitFor();
});

test("a whole wrap-up by keyboard; 'saved' is said only after the server's reply", async () => {
  const { double, tab } = await stage.scene();
  const page = await tab();
  await heading(page, "Вы на линии");
  double.call(sample.ended(sample.sampleCall(now()), now()));
  await page.getByText("Чем закончился звонок?").waitFor();
  double.mute = true;
  await page.keyboard.press("w");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Tab");
  await page.keyboard.type("Перезвонит завтра");
  await page.keyboard.press("Control+Enter");
  await page.getByRole("button", { name: "Сохраняем…" }).waitFor();
  expect(await page.getByText("Сохранено в").count()).toBe(0);
  double.mute = false;
  double.drop();
  await page.getByText(/Сохранено в \d\d:\d\d/).waitFor();
  expect([...double.saved.values()]).toEqual([
    {
      ...{ callId: "demo-1", disposition: "consult", note: "Перезвонит завтра" },
      ...{ tags: [], callBack: null },
    },
  ]);
  await heading(page, "Вы на линии");
});

test("a wrap-up without an outcome is not sent; the operator is shown what is missing", async () => {
  const { double, tab } = await stage.scene();
  const page = await tab();
  await heading(page, "Вы на линии");
  double.call(sample.ended(sample.sampleCall(now()), now()));
  await page.getByLabel("Комментарий").fill("текст");
  await page.keyboard.press("Control+Enter");
  await page.getByText("Сначала выберите итог").waitFor();
  expect(double.requests("saveWrapUp")).toEqual([]);
});

test("while the database is down a wrap-up is kept, through a reload, and saved once when it is back", async () => {
  const { double, tab } = await stage.scene();
  const page = await tab();
  await heading(page, "Вы на линии");
  double.call(sample.ended(sample.sampleCall(now()), now()));
  double.databaseDown = true;
  await page.getByRole("radio", { name: "Возврат" }).check();
  await page.getByLabel("Комментарий").fill("Вернёт кофемолку");
  await page.getByRole("button", { name: "Сохранить", exact: true }).click();
  await page.getByText("Ещё не сохранено: база данных не отвечает").waitFor();
  await page.reload();
  await page.getByText("Ещё не сохранено").waitFor();
  expect(await page.getByLabel("Комментарий").inputValue()).toBe("Вернёт кофемолку");
  double.databaseDown = false;
  await page.getByText(/Сохранено в \d\d:\d\d/).waitFor();
  expect([...double.saved.values()]).toEqual([
    {
      ...{ callId: "demo-1", disposition: "return", note: "Вернёт кофемолку" },
      ...{ tags: [], callBack: null },
    },
  ]);
  const ids = new Set(double.requests("saveWrapUp").map((input) => input.draftId));
  expect(ids.size).toBe(1);
  expect(
    await page.evaluate(() => Object.keys(localStorage).filter((key) => key.includes("draft"))),
  ).toEqual([]);
});

test("offline: the banner says so, a wrap-up waits, and everything is right again without a reload", async () => {
  const { double, context, tab } = await stage.scene();
  const page = await tab();
  await heading(page, "Вы на линии");
  double.call(sample.ended(sample.sampleCall(now()), now()));
  await page.getByText("Чем закончился звонок?").waitFor();
  await context.setOffline(true);
  await page.getByText(/Нет связи с \d\d:\d\d\. Телефон работает как обычно/).waitFor();
  await page.getByRole("radio", { name: "Консультация" }).check();
  await page.keyboard.press("Control+Enter");
  await page.getByText("Ещё не сохранено: нет связи").waitFor();
  // Meanwhile the world goes on, and some attempts to reconnect fail.
  const call = sample.sampleCall(now(), { callId: "while-away", ringId: "r-away" });
  double.call(sample.talking(call, now(), 2000));
  await page.waitForTimeout(5000);
  const backAt = performance.now();
  await context.setOffline(false);
  await page.locator("callcard-line .talking").waitFor();
  console.log(
    `right again ${Math.round(performance.now() - backAt)} ms after the network's return`,
  );
  await page.getByText(/Сохранено в \d\d:\d\d/).waitFor();
  expect(await page.getByText(/Нет связи с/).count()).toBe(0);
  expect(double.saved.size).toBe(1);
});

test("a missing change heals itself", async () => {
  const { double, tab } = await stage.scene();
  const page = await tab();
  await heading(page, "Вы на линии");
  double.loseChange({ kind: "call", call: sample.sampleCall(now()) });
  double.presence({ state: "ringing" });
  await heading(page, "Мария Кузнецова");
  await page.locator("callcard-presence", { hasText: "Звонок" }).waitFor();
});

test("a server that comes back with another state is believed, and the screen is not reloaded", async () => {
  const { double, tab } = await stage.scene();
  const page = await tab();
  await heading(page, "Вы на линии");
  await page.evaluate(() => Object.assign(window, { same: true }));
  double.call(sample.sampleCall(now()));
  await heading(page, "Мария Кузнецова");
  const port = Number(new URL(double.url).port);
  await double.stop();
  await page.getByText(/Нет связи с/).waitFor();
  const again = await stage.host("");
  await again.stop();
  again.state = { ...again.state, epoch: "e2", seq: 40 };
  await again.start(port);
  await heading(page, "Вы на линии");
  expect(await page.evaluate(() => "same" in window)).toBe(true);
});

test("a session that was ended leads to the login page; what was typed is there afterwards", async () => {
  const { double, context, tab } = await stage.scene();
  const page = await tab();
  await heading(page, "Вы на линии");
  double.call(sample.ended(sample.sampleCall(now()), now()));
  await page.getByLabel("Комментарий").fill("не потерять");
  await context.clearCookies();
  double.end("loggedOut");
  await page.getByText("Сеанс завершён").waitFor();
  await page.getByLabel("Логин").fill("anna");
  await page.getByLabel("Пароль").fill(double.password);
  await page.keyboard.press("Enter");
  await expect.poll(() => page.getByLabel("Комментарий").inputValue()).toBe("не потерять");
});

test.each(["Web Locks", "BroadcastChannel only, as on plain http"])(
  "of several tabs exactly one rings: the one touched last; when it closes another does (%s)",
  async (means) => {
    const { double, context, tab } = await stage.scene();
    await context.addInitScript((withoutLocks) => {
      if (withoutLocks) Object.defineProperty(Navigator.prototype, "locks", { value: undefined });
      const counted = window as unknown as { tones: number };
      counted.tones = 0;
      window.AudioContext = class extends AudioContext {
        override createOscillator(): OscillatorNode {
          counted.tones++;
          return super.createOscillator();
        }
      };
    }, means !== "Web Locks");
    const pages = [await tab(), await tab(), await tab()];
    for (const page of pages) {
      await heading(page, "Вы на линии");
      await page.mouse.click(700, 800);
      // The tab before has to hear that it does not lead any more.
      await page.waitForTimeout(300);
    }
    await pages[1]!.mouse.click(700, 800);
    await pages[1]!.waitForTimeout(300);
    const tones = (): Promise<number[]> =>
      Promise.all(
        pages
          .filter((page) => !page.isClosed())
          .map((page) =>
            page.evaluate(() => ((window as unknown as { tones: number }).tones > 0 ? 1 : 0)),
          ),
      );
    double.call(sample.sampleCall(now()));
    for (const page of pages) await heading(page, "Мария Кузнецова");
    await expect.poll(tones).toEqual([0, 1, 0]);
    // The rhythm of the bell is 2.6 s: by then every tab that would ring has.
    await pages[0]!.waitForTimeout(3000);
    expect(await tones()).toEqual([0, 1, 0]);
    expect(await pages[0]!.title()).toBe("Callcard");
    await pages[1]!.close({ runBeforeUnload: false });
    await expect
      .poll(async () => (await tones()).reduce((sum, one) => sum + one, 0), { timeout: 10_000 })
      .toBe(1);
  },
);

test("the title of the ringing tab says who calls, and is given back", async () => {
  const { double, tab } = await stage.scene();
  const page = await tab();
  await heading(page, "Вы на линии");
  const call = sample.sampleCall(now());
  double.call(call);
  await expect.poll(() => page.title()).toBe("☎ Мария Кузнецова");
  double.call(sample.talking(call, now(), 0));
  await expect.poll(() => page.title()).toBe("Callcard");
});

test("the focus stays in a field that is typed in when a call comes", async () => {
  const { double, tab } = await stage.scene();
  const page = await tab();
  await heading(page, "Вы на линии");
  double.call(sample.ended(sample.sampleCall(now()), now()));
  const note = page.getByLabel("Комментарий");
  await note.click();
  await page.keyboard.type("Договорились на ");
  double.call(sample.sampleCall(now(), { callId: "next", ringId: "next-ring" }));
  await page.locator("callcard-line .ringing").waitFor();
  await page.keyboard.type("завтра, 1 р");
  expect(await note.inputValue()).toBe("Договорились на завтра, 1 р");
});

test("typing in the card is not interrupted either: the new call waits on the line", async () => {
  const { double, tab } = await stage.scene();
  const page = await tab();
  await heading(page, "Вы на линии");
  double.call(
    sample.talking(sample.sampleCall(now(), { card: sample.unknownCard(now()) }), now(), 5000),
  );
  const name = page.getByLabel("Имя", { exact: true });
  await name.click();
  await page.keyboard.type("Иван ");
  double.call(sample.sampleCall(now(), { callId: "next", ringId: "next-ring" }));
  await page.locator("callcard-line .ringing").waitFor();
  await page.keyboard.type("Петров");
  expect(await name.inputValue()).toBe("Иван Петров");
  await page.locator("callcard-line .ringing").click();
  await heading(page, "Мария Кузнецова");
  await page.locator("callcard-line .talking").click();
  expect(await name.inputValue()).toBe("Иван Петров");
});

test("a number is called with one press; a refusal is told in words", async () => {
  const { double, tab } = await stage.scene();
  const page = await tab();
  await heading(page, "Вы на линии");
  await page.keyboard.press("/");
  await page.keyboard.type("12");
  await page.keyboard.press("Enter");
  await page.getByText("Похоже, здесь ошибка").waitFor();
  await page.keyboard.press("Control+A");
  await page.keyboard.type("8 (913) 000-00-01");
  await page.keyboard.press("Enter");
  await page.getByText("Сначала зазвонит ваш телефон").waitFor();
  double.call(sample.sampleCall(now()));
  await page.getByRole("button", { name: "Позвонить: +7 913 000-00-01" }).click();
  await expect
    .poll(() => double.requests("dial").map((input) => input.number))
    .toEqual(["12", "8 (913) 000-00-01", "+79130000001"]);
});

test("pause with a reason and ready again, shown as the server says", async () => {
  const { double, tab } = await stage.scene();
  const page = await tab();
  await heading(page, "Вы на линии");
  await page.keyboard.press("p");
  await page.keyboard.press("Enter");
  await heading(page, "Вы на паузе");
  await page.locator("callcard-presence", { hasText: "Пауза: Обед" }).waitFor();
  expect(double.requests("pause")).toEqual([{ reason: "lunch" }]);
  await page.keyboard.press("r");
  await heading(page, "Вы на линии");
});

const HOSTILE = `<img src=x onerror="window.hurt=1"><script>window.hurt=1</script>"'\`\${1}{{2}}&amp;\u202Eאבג\u0000🦊`;

test.each([360, 1440])("hostile content is text and breaks nothing at %i px", async (width) => {
  const { double, tab } = await stage.scene({ width, height: 800 });
  const page = await tab();
  await heading(page, "Вы на линии");
  const long = HOSTILE + "Ж".repeat(500);
  const card = sample.sampleCard(now(), {
    customer: sample.sampleCustomer({
      name: long,
      city: long,
      tier: long,
      email: long,
      personalManager: long,
      externalUrl: "javascript:window.hurt=1",
    }),
    rawName: long,
    notes: [{ id: "1", text: long, authorName: long, createdAt: "not a date" }],
    timeZones: [long],
  });
  const [order] = card.orders;
  const hostileOrder = { ...order!, number: long, status: long, currency: long.slice(0, 3) };
  const call = sample.sampleCall(now(), {
    queue: long,
    fromName: long,
    card: {
      ...card,
      orders: [{ ...hostileOrder, items: [{ name: long, quantity: 1, priceMinor: 1 }] }],
    },
  });
  double.call(sample.ended(call, now()));
  double.presence({ queues: [{ name: long, paused: false, waiting: 1 }] });
  const name = page.locator("callcard-card h1");
  await expect.poll(() => name.textContent()).toContain("<img src=x");
  await page.waitForTimeout(300);
  const seen = await page.evaluate(() => {
    const deep = (root: Document | ShadowRoot): Element[] =>
      [...root.querySelectorAll("*")].flatMap((element) =>
        element.shadowRoot ? [element, ...deep(element.shadowRoot)] : [element],
      );
    const all = deep(document);
    const card = all.find((element) => element.matches(".pane"))!;
    return {
      hurt: "hurt" in window,
      images: all.filter((element) => element.localName === "img").length,
      links: all.filter((element) => element.localName === "a").length,
      wide: document.documentElement.scrollWidth - innerWidth,
      cardWide: card.scrollWidth - card.clientWidth,
    };
  });
  expect(seen).toEqual({ hurt: false, images: 0, links: 0, wide: 0, cardWide: 0 });
  await page.locator("callcard-wrap-up[expanded]").waitFor();
});

test("a link to the CRM opens apart from this page", async () => {
  const { double, tab } = await stage.scene();
  const page = await tab();
  await heading(page, "Вы на линии");
  double.call(sample.sampleCall(now()));
  const link = page.getByRole("link", { name: "Открыть в CRM" });
  expect(await link.getAttribute("href")).toBe("https://crm.example/customers/1");
  expect(await link.getAttribute("rel")).toBe("noopener noreferrer");
  expect(await link.getAttribute("target")).toBe("_blank");
});

test.each([
  ["uk", "Ви на лінії", "Звонок", "Очікування"],
  ["en", "You are ready for calls", "Ringing", "Waiting"],
])("the screen speaks %s when the account says so", async (language, title) => {
  const user = { ...sample.sampleState(now()).user, language };
  const { tab } = await stage.scene({ state: { user } });
  const page = await tab();
  await heading(page, title);
  expect(await page.evaluate(() => document.documentElement.lang)).toBe(language);
});

test("the language chosen on the screen wins and is remembered", async () => {
  const { tab } = await stage.scene();
  const page = await tab();
  await heading(page, "Вы на линии");
  await page.getByRole("button", { name: "Настройки" }).click();
  await page.getByLabel("Язык").selectOption("uk");
  await heading(page, "Ви на лінії");
  await page.reload();
  await heading(page, "Ви на лінії");
});

test.each([
  ["ru-RU", "АТС office больше не подключена к Callcard"],
  ["uk-UA", "АТС office більше не підключена до Callcard"],
  ["en-GB", "The phone system office is no longer part of Callcard"],
])(
  "an operator on a PBX that was taken away is told so, and whom to ask: %s",
  async (locale, words) => {
    const { user } = sample.sampleState(now());
    const { double, tab } = await stage.scene({
      locale,
      state: { user: { ...user, language: locale.slice(0, 2) } },
    });
    const page = await tab();
    await page.getByRole("main").waitFor();
    const [office] = double.state.pbxs;
    const others = [{ ...office!, name: "old", up: false, reason: "refused" }];
    double.change({
      kind: "pbxs",
      pbxs: [{ ...office!, up: false }, ...others],
      trouble: ["pbxDown"],
    });
    double.presence({ state: "offline", sinceMs: Date.now() });
    const bars = page.locator(".bars");
    // Of one that is only away, and of nobody else's.
    await bars.getByText("office", { exact: false }).waitFor();
    expect(await bars.textContent()).not.toContain("old");
    double.change({ kind: "pbxs", pbxs: others, trouble: ["pbxDown"] });
    await bars.getByText(words).waitFor();
    await page.locator("callcard-today").getByText(words).waitFor();
    await shot(page, `pbx-removed-${locale}`);
  },
);
