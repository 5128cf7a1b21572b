import { describe, expect, test } from "vitest";
import { checkCampaign } from "../../server/campaigns/check.ts";
import { kindRules, yearlyHolidays } from "../../server/campaigns/kinds.ts";
import { campaignTemplates } from "../../server/campaigns/templates.ts";
import { vocabulary } from "./samples.ts";

const places = {
  ...{ pbx: "main", queue: "outbound", trunks: ["provider"] },
  callerId: { number: "+74951234567", name: "Shop" },
};
const countries = { RU: "Europe/Moscow", UA: "Europe/Kyiv", KZ: "Asia/Almaty", "": "Asia/Tokyo" };

describe.each(["ru", "uk", "en"] as const)("in %s", (language) => {
  test.each(Object.entries(countries))(
    "campaigns for %s lack only where to call from",
    (country, timeZone) => {
      const known = { ...vocabulary, country, timeZone };
      const templates = campaignTemplates(language, country);
      expect(templates.map(({ id }) => id)).toEqual([
        "confirmOrders",
        "leftCarts",
        "callBacks",
        "list",
      ]);
      for (const { id, settings } of templates) {
        expect(checkCampaign(settings, known).problems.map(({ path }) => path)).toEqual([
          ...["/pbx", "/queue", "/trunks", "/callerId/number"],
        ]);
        const ready = checkCampaign({ ...settings, ...places }, known);
        expect([id, ready.problems]).toEqual([id, []]);
      }
    },
  );

  test("names and scripts are in that language", () => {
    for (const { settings } of campaignTemplates(language, "")) {
      const text = settings.name + settings.script.replaceAll(/\{\w+\}/g, "");
      expect(/\p{Script=Cyrillic}/u.test(text)).toBe(language !== "en");
      expect(/[іїєґ]/i.test(text)).toBe(language === "uk");
    }
  });
});

test("confirming orders is a call about the person's own order and stops when somebody took the order on", () => {
  const [confirm, carts] = campaignTemplates("en", "RU").map(({ settings }) => settings);
  expect(confirm?.kind).toBe("service");
  for (const stage of ["confirmed", "paid", "cancelled", "delivered"] as const)
    expect(confirm?.settledStages).toContain(stage);
  expect(carts).toMatchObject({
    kind: "advert",
    mode: "preview",
    exclude: { withoutConsent: true },
  });
});

test("holidays are those of the country", () => {
  expect(yearlyHolidays("RU")).toContain("06-12");
  expect(yearlyHolidays("UA")).toContain("08-24");
  expect(yearlyHolidays("JP")).toEqual([]);
  const settings = campaignTemplates("ru", "RU")[0]!.settings;
  expect(settings.hours.holidays).toEqual(yearlyHolidays("RU"));
});

test("who was left on the line is not called for three days by an advert, nor about a debt", () => {
  for (const kind of ["advert", "debt"] as const)
    expect(kindRules(kind).defaults.retries.abandoned).toEqual([{ afterMinutes: 4320 }]);
});
