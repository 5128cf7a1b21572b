import fc from "fast-check";
import { expect, test } from "vitest";
import { extensionOf } from "../../server/asterisk/devices.ts";

test.each([
  ["PJSIP/101", "101"],
  ["PJSIP/101-0000002a", "101"],
  ["SIP/101-00000abc", "101"],
  ["IAX2/101-1234", "101"],
  ["SIP/101@10.0.0.1", "101"],
  ["Local/101@from-queue/n", "101"],
  ["Local/101@from-queue", "101"],
  ["Local/101@from-queue-00000001;1", "101"],
  ["Local/101@from-queue-00000001;2", "101"],
  ["hint:101@ext-local", "101"],
  ["hint:101", "101"],
  ["Custom:101", "101"],
  ["Custom:DND101", ""],
  ["PJSIP/trunk-main-0000001", ""],
  ["PJSIP/trunk-101-0000001", ""],
  ["PJSIP/79130000001", ""],
  ["PJSIP/1", ""],
  ["DAHDI/i1/79130000001-1", ""],
  ["Message/ast_msg_queue", ""],
  ["101", ""],
  ["", ""],
  ["/101", ""],
  ["PJSIP/", ""],
])("%s belongs to extension %j", (device, extension) => {
  expect(extensionOf(device)).toBe(extension);
});

test("The pattern decides what an extension is, with whatever flags it has", () => {
  const pattern = /^op\d+$/g;
  expect(extensionOf("PJSIP/op7-0000002a", pattern)).toBe("op7");
  expect(extensionOf("PJSIP/op7-0000002a", pattern)).toBe("op7");
  expect(extensionOf("PJSIP/101-0000002a", pattern)).toBe("");
});

test("Any text gives an extension that fits the pattern, or nothing", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (device) => {
      expect(extensionOf(device)).toMatch(/^(\d{2,6})?$/);
    }),
  );
});
