import { expect, test } from "vitest";
import { carrierRefusal, listOf, newSettings } from "../../../widget/console/delivery/carrier.ts";
import { unreachedText } from "../../../widget/console/shared/unreached.ts";
import { createWords } from "../../../widget/console/words.ts";
import { LANGUAGES } from "../../../widget/shared/locale.ts";

/** What the senders of webhooks, orders' actions and carriers write. */
const SAID = [
  ...["no answer within 10 s", "no answer in time", "no answer", "no answer: ECONNREFUSED"],
  ...["no answer: ENOTFOUND", "ECONNRESET", "no answer: CERT_HAS_EXPIRED", "answered 500"],
  ...["answered 503; given up", "answered 401", "answered 404", "answered 418"],
];

test.each(LANGUAGES)(
  "why another system was not reached is said in %s, nothing left of the code",
  (lang) => {
    const words = createWords(lang);
    for (const said of SAID) {
      const text = unreachedText(said, words);
      expect(text, said).not.toMatch(/\{\w+\}|[A-Z]{4}|given up/);
      if (lang !== "en") expect(text, said).toMatch(/[а-яіїєґ]/i);
    }
  },
);

test("what nobody has words for is told as it came", () => {
  const said = "answered 302: redirects are not followed";
  expect(unreachedText(said, createWords("ru"))).toBe(said);
});

test("what is wrong with a table names the service and the zone", () => {
  const settings = newSettings("table", "RUB");
  if (settings.kind !== "table") throw new Error("no table");
  const [service] = settings.services;
  const named = {
    ...settings,
    services: [{ ...service!, name: "Курьер", zones: [{ ...service!.zones[0]!, name: "Тула" }] }],
  };
  const refused = (message: string) =>
    carrierRefusal(
      { ok: false, status: 422, code: "invalid", message, problems: [] },
      named,
      createWords("ru"),
    );
  expect(refused("settings.services.0.zones.0.days: at least is more than at most")).toBe(
    "Курьер, Тула: дней «не меньше» больше, чем «не больше».",
  );
  expect(refused("settings.services.0.name: is there twice")).toMatch(/^Курьер: /);
  expect(refused("something else")).toBe("something else");
});

test("lists are typed with commas, each thing once", () => {
  expect(listOf(" Москва, Тула,, Москва ")).toEqual(["Москва", "Тула"]);
});
