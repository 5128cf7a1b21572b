import fc from "fast-check";
import { expect, test } from "vitest";
import { searchTermsOf } from "../../server/customers/search.ts";

test("a whole phone is met in E.164", () => {
  expect(searchTermsOf("8 (913) 000-00-01", "RU").e164).toBe("+79130000001");
});

test("part of a phone is a beginning or an end", () => {
  expect(searchTermsOf("8913", "RU")).toMatchObject({
    e164: "",
    phonePrefixes: ["+7913", "+8913"],
    phoneEnd: "8913",
  });
  expect(searchTermsOf("067 12", "UA").phonePrefixes).toEqual(["+3806712", "+06712"]);
  expect(searchTermsOf("+7913", "RU")).toMatchObject({ phonePrefixes: ["+7913"], phoneEnd: "" });
});

test("names are words without case, in which ё and е are one", () => {
  expect(searchTermsOf("  ФЁДОРОВ-Петров, Иван ", "RU")).toMatchObject({
    nameWords: ["федоров", "петров", "иван"],
    e164: "",
    phoneEnd: "",
    email: "",
  });
});

test("an e-mail is a beginning in lower case", () => {
  expect(searchTermsOf("Maria@Shop", "RU")).toMatchObject({ email: "maria@shop", nameWords: [] });
});

test("an order number may wear its sign", () => {
  expect(searchTermsOf("№ A-1024", "RU").orderNumber).toBe("A-1024");
});

test("one letter looks for nothing", () => {
  expect(searchTermsOf("и", "RU")).toMatchObject({ nameWords: [], email: "", orderNumber: "" });
});

test("words never hold anything but letters and digits", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 120 }), (text) => {
      for (const word of searchTermsOf(text, "RU").nameWords)
        expect(word).toMatch(/^[\p{L}\p{N}]+$/u);
    }),
  );
});
