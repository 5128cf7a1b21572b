import { expect, test, vi } from "vitest";
import { createLog } from "../../server/http/log.ts";
import { RequestLog } from "../../server/http/request-log.ts";

function logged() {
  const lines: string[] = [];
  const parent = createLog({ level: "info", destination: { write: (line) => lines.push(line) } });
  const child = vi.spyOn(parent, "child");
  return {
    log: new RequestLog(parent, { reqId: "r1" }),
    lines: () => lines.map((line) => JSON.parse(line) as unknown),
    children: () => child.mock.calls.length,
  };
}

test("lines say all that is known of the request, also what became known later", () => {
  const { log, lines } = logged();
  const who = log.child({ who: "anna" }).child({ callId: "pbx-1" });
  log.warn("early");
  who.info({ status: 200 }, "request");
  who.child({ part: "x" }, { level: "debug" }).debug("own level");
  expect(lines()).toMatchObject([
    { level: "warn", reqId: "r1", msg: "early" },
    { level: "info", reqId: "r1", who: "anna", callId: "pbx-1", status: 200, msg: "request" },
    { level: "debug", reqId: "r1", who: "anna", part: "x", msg: "own level" },
  ]);
  expect(lines()[0]).not.toHaveProperty("who");
});

test("what is not logged makes nothing, and what is makes one child for all lines", () => {
  const { log, lines, children } = logged();
  const who = log.child({ who: "anna" });
  who.debug("not told");
  who.silent("never told");
  expect(children()).toBe(0);
  who.info("one");
  who.error("two");
  expect(children()).toBe(1);
  expect(lines().length).toBe(2);
});
