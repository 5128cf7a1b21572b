import { expect, test } from "vitest";
import { createLocale, fill, pickLanguage } from "../../../widget/shared/locale.ts";

const ru = createLocale("ru");
const uk = createLocale("uk");
const en = createLocale("en");
const now = new Date(2026, 10, 22, 15, 0).getTime();
/** Spaces of all kinds as plain ones. */
const plain = (text: string): string => text.replace(/\s/g, " ");

test.each([
  [1, "1 заказ", "1 замовлення", "1 order"],
  [3, "3 заказа", "3 замовлення", "3 orders"],
  [11, "11 заказов", "11 замовлень", "11 orders"],
  [23, "23 заказа", "23 замовлення", "23 orders"],
  [0, "0 заказов", "0 замовлень", "0 orders"],
])("%i orders are counted in each language", (count, inRu, inUk, inEn) => {
  expect(ru.count("ordersCount", count)).toBe(inRu);
  expect(uk.count("ordersCount", count)).toBe(inUk);
  expect(en.count("ordersCount", count)).toBe(inEn);
});

test("money comes from minor units and shows a fraction only when there is one", () => {
  expect(plain(ru.money(1_249_000, "RUB"))).toBe("12 490 ₽");
  expect(plain(ru.money(389_050, "RUB"))).toBe("3 890,50 ₽");
  expect(plain(uk.money(100, "UAH"))).toBe("1 ₴");
  expect(en.money(123_456, "USD")).toBe("$1,234.56");
  expect(en.money(1500, "JPY")).toBe("¥1,500");
  expect(plain(ru.money(1234, "рубли"))).toBe("12,34");
});

test("months stand in the case that 'since' wants", () => {
  expect(ru.t("tierSince", { month: ru.month("2023-03-01") })).toBe("с марта 2023");
  expect(uk.t("tierSince", { month: uk.month("2023-03-01") })).toBe("з березня 2023");
  expect(en.t("tierSince", { month: en.month("2023-03-01") })).toBe("since March 2023");
});

test("a plain date is that day everywhere", () => {
  expect(ru.date("2026-05-05", now)).toBe("5 мая");
  expect(plain(ru.date("2024-05-05", now))).toBe("5 мая 2024");
});

test("times past are told as a person would", () => {
  const at = (...date: [number, number, number, number, number]): string =>
    new Date(...date).toISOString();
  expect(ru.dayAndTime(at(2026, 10, 22, 9, 5), now)).toBe("сегодня, 09:05");
  expect(ru.dayAndTime(at(2026, 10, 21, 23, 59), now)).toBe("вчера, 23:59");
  expect(ru.dayAndTime(at(2026, 7, 18, 10, 0), now)).toBe("18 августа, 10:00");
  expect(ru.ago(at(2026, 10, 22, 14, 57), now)).toBe("3 минуты назад");
  expect(ru.ago(at(2026, 10, 3, 12, 0), now)).toBe("19 дней назад");
  expect(uk.ago(at(2026, 8, 1, 12, 0), now)).toBe("2 місяці тому");
  expect(ru.ago(at(2019, 4, 14, 12, 0), now)).toBe("7 лет назад");
});

test("what is no date is left out", () => {
  for (const text of ["", "yesterday", "2026-13-40"]) {
    expect([ru.date(text, now), ru.month(text), ru.ago(text, now)]).toEqual(["", "", ""]);
  }
});

test("durations are short words", () => {
  expect(ru.duration(7000)).toBe("7 с");
  expect(ru.duration(252_000)).toBe("4 мин 12 с");
  expect(uk.duration(120_000)).toBe("2 хв");
  expect(en.duration(3_900_000)).toBe("1 h 5 min");
});

test("a code without a word is shown as it is, also when it is named like something else", () => {
  expect(ru.word("tier_", "GOLD")).toBe("Золото");
  expect(ru.word("tier_", "Бриллиант")).toBe("Бриллиант");
  expect(ru.word("tier_", "Since")).toBe("Since");
  expect(ru.word("stage_", "shipped")).toBe("В пути");
});

test("countries have names; what is no code stays", () => {
  expect(ru.country("RU")).toBe("Россия");
  expect(uk.country("UA")).toBe("Україна");
  expect(ru.country("Narnia")).toBe("Narnia");
});

test("the language is the first wish there are words for", () => {
  expect(pickLanguage([null, "", "de", "uk-UA", "ru"])).toBe("uk");
  expect(pickLanguage(["fr"])).toBe("en");
});

test("a value that looks like a place is not filled again", () => {
  expect(fill("{a} {b}", { a: "{b}", b: 1 })).toBe("{b} 1");
  expect(fill("{a}", {})).toBe("{a}");
});

test("a page older than the server shows a code it has no words for, and goes on", () => {
  expect(ru.t("problem_fromAnUpdate" as "problem_unknown")).toBe("fromAnUpdate");
});
