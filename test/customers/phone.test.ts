import fc from "fast-check";
import { type CountryCode, parsePhoneNumberFromString } from "libphonenumber-js/max";
import { describe, expect, test } from "vitest";
import { fastE164 } from "../../server/customers/phone-fast.ts";
import { describePhone, parseCaller, readPhone } from "../../server/customers/phone.ts";

const rules = { defaultRegion: "RU", extensionPattern: /^(?:[0-9]{2,6})$/ } as const;

function e164Of(raw: string, defaultRegion: CountryCode = "RU"): string {
  const caller = parseCaller(raw, { ...rules, defaultRegion });
  return caller.kind === "external" ? caller.phone.e164 : caller.kind;
}

describe("one number, every spelling", () => {
  test.each([
    "+79130000001",
    "+7 913 000-00-01",
    "+7 (913) 000 00 01",
    "+7-913-000-00-01",
    "+7.913.000.00.01",
    "+7 913 000\u201100\u201101",
    "+7\u00a0913\u00a0000\u00a000\u00a001",
    "79130000001",
    "7 913 000 00 01",
    "8(913)0000001",
    "8 (913) 000-00-01",
    "8-913-000-00-01",
    "89130000001",
    "9130000001",
    "913 000-00-01",
    "(913) 000-00-01",
    "+8 913 000 00 01",
    "0079130000001",
    "00 7 913 000 00 01",
    "81079130000001",
    "8~10 7 913 000-00-01",
    " +7 913 000-00-01 ",
    '"+79130000001"',
    "'89130000001",
    "тел. 8 913 000-00-01",
    "8 913 000-00-01 (моб.)",
    "+7 913 000-00-01 доб. 123",
    "+7 913 000-00-01, доб 123",
    "+7 913 000-00-01 (доб. 123)",
    "+7 913 000-00-01 дод. 5",
    "+7 913 000-00-01 вн.12",
    "+7 913 000-00-01 ext. 5",
    "+7 913 000-00-01 x5",
    "+7 913 000-00-01 #5",
    "+79130000001,,5",
    "+79130000001;ext=5",
    "tel:+7-913-000-00-01;ext=5",
    "sip:+79130000001@10.0.0.1",
    "sips:89130000001@pbx.example:5061;transport=tls",
    "<sip:+79130000001@10.0.0.1;user=phone>",
    '"Мария" <+79130000001>',
    "+79130000001@10.0.0.1:5060",
    "＋７９１３００００００１",
    "+٧٩١٣٠٠٠٠٠٠١",
    "۸۹۱۳۰۰۰۰۰۰۱",
    "\u202a+7 913 000-00-01\u202c",
    "\ufeff89130000001\r\n",
  ])("%j", (spelling) => {
    expect(e164Of(spelling)).toBe("+79130000001");
  });
});

test.each([
  ["00380671234567", "RU", "+380671234567"],
  ["810380671234567", "RU", "+380671234567"],
  ["8 10 380 67 123-45-67", "RU", "+380671234567"],
  ["380671234567", "RU", "+380671234567"],
  ["+380 (67) 123-45-67", "RU", "+380671234567"],
  ["067 123 45 67", "UA", "+380671234567"],
  ["0671234567", "UA", "+380671234567"],
  ["80671234567", "UA", "unreadable"],
  ["+7 701 123 45 67", "RU", "+77011234567"],
  ["8 701 123 45 67", "KZ", "+77011234567"],
  ["7011234567", "RU", "+77011234567"],
  ["8 029 123-45-67", "BY", "+375291234567"],
  ["+375 29 123-45-67", "RU", "+375291234567"],
  ["810375291234567", "RU", "+375291234567"],
  ["90 123 45 67", "UZ", "+998901234567"],
  ["030 1234567", "DE", "+49301234567"],
  ["(202) 555-0143", "US", "+12025550143"],
  ["011 44 20 7946 0958", "US", "+442079460958"],
  ["12025550143", "RU", "+12025550143"],
  ["0044 20 7946 0958", "RU", "+442079460958"],
  ["8 800 555-35-35", "RU", "+78005553535"],
  ["8 (343) 234-56-78", "RU", "+73432345678"],
] as const)("%s in %s is %s", (written, region, expected) => {
  expect(e164Of(written, region)).toBe(expected);
});

test.each([
  ["+7 913 000-00-01 доб. 123", "123"],
  ["+7 913 000-00-01 ext.45", "45"],
  ["+79130000001;ext=7", "7"],
  ["+79130000001", ""],
])("the extension behind %s is kept apart", (written, extension) => {
  expect(readPhone(written, "RU")).toEqual({ e164: "+79130000001", extension });
});

test.each([
  "",
  "   ",
  "anonymous",
  "Anonymous",
  "ANONYMOUS",
  "<unknown>",
  "unknown",
  "Private",
  "restricted",
  "Unavailable",
  "asterisk",
  "sip:anonymous@anonymous.invalid",
  '"Anonymous" <sip:anonymous@10.0.0.1>',
  "Номер скрыт",
])("%j is a withheld number", (raw) => {
  expect(parseCaller(raw, rules)).toEqual({ kind: "withheld" });
});

test.each(["10", "101", "2001", "101@from-internal"])("%s is an extension", (raw) => {
  expect(parseCaller(raw, rules)).toEqual({ kind: "internal", extension: raw.split("@")[0] });
});

test("a number with a plus is never an extension", () => {
  expect(parseCaller("+101", rules)).toEqual({ kind: "unreadable", raw: "+101" });
});

test.each([
  "1234567",
  "abc",
  "7.9130000001E+10",
  "<script>alert(1)</script>",
  "+999999999",
  "0671234567",
  "'; drop table customers;--",
  "👩‍💻",
  "1".repeat(30),
])("%j is unreadable and kept as it came", (raw) => {
  expect(parseCaller(raw, rules)).toEqual({ kind: "unreadable", raw });
});

test("a number of a range newer than our metadata is believed when it came with its country code", () => {
  expect(parsePhoneNumberFromString("+70000000000")?.isValid()).toBe(false);
  expect(e164Of("+7 000 000-00-00")).toBe("+70000000000");
  expect(e164Of("0000000000")).toBe("unreadable");
});

test("the screen shows numbers as people of the country write them", () => {
  expect(describePhone("+79130000001")).toMatchObject({
    display: "+7 913 000-00-01",
    country: "RU",
  });
  expect(describePhone("+77011234567")).toMatchObject({
    display: "+7 701 123-45-67",
    country: "KZ",
  });
  expect(describePhone("+380671234567")).toMatchObject({
    display: "+380 67 123 4567",
    country: "UA",
  });
});

describe("properties", () => {
  const regions = ["RU", "KZ", "UA", "BY", "US", "DE"] as const;
  const punctuated = fc
    .array(
      fc.oneof(
        { weight: 8, arbitrary: fc.integer({ min: 0, max: 9 }).map(String) },
        { weight: 1, arbitrary: fc.constantFrom(" ", "-", "(", ")", ".") },
      ),
      { minLength: 9, maxLength: 17 },
    )
    .map((characters) => characters.join(""));
  // Mostly near misses of the plans the fast path knows.
  const likely = fc
    .tuple(
      fc.constantFrom("", "+7", "8", "7", "+380", "0", "+375", "80", "00"),
      fc.constantFrom("9", "7", "3", "4", "8", "29", "44", "67", "50", "17", ""),
      fc.integer({ min: 0, max: 9_999_999_999 }),
      fc.integer({ min: 5, max: 10 }),
    )
    .map(
      ([prefix, area, digits, length]) =>
        prefix + area + String(digits).padStart(10, "0").slice(0, length),
    );

  test("the fast path never says something the library denies", () => {
    let said = 0;
    fc.assert(
      fc.property(fc.oneof(punctuated, likely), fc.constantFrom(...regions), (written, region) => {
        const fast = fastE164(written, region);
        if (fast === null) return;
        said += 1;
        expect(parsePhoneNumberFromString(fast)?.isValid()).toBe(true);
        const reading = parsePhoneNumberFromString(written, region);
        if (reading?.isValid()) expect(reading.number).toBe(fast);
      }),
      { numRuns: 20_000 },
    );
    expect(said).toBeGreaterThan(200);
  });

  test("a Belarusian number whose trunk 8 the library takes off twice is nobody's", () => {
    expect(readPhone("88100000000", "BY")).toBe(null);
  });

  test("reading what was read changes nothing", () => {
    fc.assert(
      fc.property(fc.oneof(punctuated, likely), fc.constantFrom(...regions), (written, region) => {
        const read = readPhone(written, region);
        if (read === null) return;
        expect(read.e164).toMatch(/^\+[1-9]\d{4,16}$/);
        expect(readPhone(read.e164, "RU")?.e164).toBe(read.e164);
        expect(readPhone(describePhone(read.e164).display, "RU")?.e164).toBe(read.e164);
      }),
      { numRuns: 5000 },
    );
  });

  test("no text whatsoever makes it throw", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
        parseCaller(text, rules);
        readPhone(text, "RU");
      }),
      { numRuns: 3000 },
    );
  });
});
