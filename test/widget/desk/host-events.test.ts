import { expect, test } from "vitest";
import { hostEvents, safeUrl } from "../../../widget/desk/host-events.ts";
import { blankCard, ended, sampleCall, talking } from "../../support/desk-samples.ts";

const now = Date.UTC(2026, 10, 22, 10);
const call = sampleCall(now);
const types = (...steps: Parameters<typeof hostEvents>): string[] =>
  hostEvents(...steps).map((event) => event.type);

test("a call rings, is answered and ends, each told once", () => {
  const talk = talking(call, now, 0);
  const over = ended(call, now);
  expect(types([], [call])).toEqual(["callcard:ringing"]);
  expect(types([call], [call])).toEqual([]);
  expect(types([call], [talk])).toEqual(["callcard:answered"]);
  expect(types([talk], [{ ...talk, state: "onHold" }])).toEqual([]);
  expect(types([talk], [over])).toEqual(["callcard:ended"]);
  expect(types([over], [{ ...over, needsWrapUp: false }])).toEqual([]);
  expect(types([over], [])).toEqual([]);
});

test("a call that goes without a word has ended", () => {
  expect(types([call], [])).toEqual(["callcard:ended"]);
});

test("a customer who becomes known later is told, and only then", () => {
  const unknown = { ...call, card: blankCard(now, { outcome: "pending" }) };
  expect(types([], [unknown])).toEqual(["callcard:ringing"]);
  expect(types([unknown], [call])).toEqual(["callcard:customer"]);
  expect(types([call], [{ ...call, card: { ...call.card, verified: false } }])).toEqual([]);
  expect(types([call], [unknown])).toEqual([]);
  expect(hostEvents([unknown], [call])[0]?.detail.customer?.name).toBe("Мария Кузнецова");
});

test("a call that was over when first seen says nothing", () => {
  expect(types([], [ended(call, now)])).toEqual([]);
});

test("the next ringing of the same call is told again", () => {
  expect(types([call], [{ ...call, ringId: "second" }])).toEqual(["callcard:ringing"]);
});

test("the detail names the customer and the number in one form", () => {
  expect(hostEvents([], [call])[0]?.detail).toEqual({
    callId: "demo-1",
    number: "+79130000001",
    direction: "inbound",
    queue: "Продажи",
    customer: {
      id: "1",
      name: "Мария Кузнецова",
      externalUrl: "https://crm.example/customers/1",
    },
    ringId: "demo-1-ring",
  });
});

test("without a customer or a number the detail says so", () => {
  const withheld = blankCard(now, { outcome: "withheld", phone: null, rawNumber: "" });
  const detail = hostEvents([], [{ ...call, card: withheld }])[0]?.detail;
  expect([detail?.customer, detail?.number]).toEqual([null, ""]);
});

test.each([
  ["https://crm.example/1", "https://crm.example/1"],
  ["http://crm.example/1", "http://crm.example/1"],
  ["javascript:alert(1)", ""],
  ["JaVaScRiPt:alert(1)", ""],
  ["data:text/html,<script>", ""],
  ["//crm.example", ""],
  ["", ""],
])("of the address %j the screen uses %j", (address, used) => {
  expect(safeUrl(address)).toBe(used);
});
