import { describe, expect, test } from "vitest";
import { maskSecrets } from "../../server/http/log.ts";
import { logToMemory, testApp } from "./support.ts";

describe("secrets in the log", () => {
  test.each([
    ['{"password":"a\\"b","x":1}', '{"password":"[secret]","x":1}'],
    [
      '{"oldPassword":"abc","adminPassword":""}',
      '{"oldPassword":"[secret]","adminPassword":"[secret]"}',
    ],
    ['{"a":{"b":{"Authorization":"Bearer x"}}}', '{"a":{"b":{"Authorization":"[secret]"}}}'],
    ['{"set-cookie":["a=b","c=d"],"y":2}', '{"set-cookie":"[secret]","y":2}'],
    ['{"amiSecret":"s","crm_token":"t"}', '{"amiSecret":"[secret]","crm_token":"[secret]"}'],
    ['{"token":12345}', '{"token":"[secret]"}'],
    ["use cc_abcdefghijklmnopqrstuvwxyz now", "use [secret] now"],
    ["Authorization: Bearer abcdefgh.ijkl", "Authorization: Bearer [secret]"],
    ["jwt eyJhbGciOi.eyJzdWIi.c2ln end", "jwt [secret] end"],
    ["postgres://user:pa%20ss@host/db", "postgres://user:[secret]@host/db"],
    ['{"msg":"the password was wrong","tokens":3}', '{"msg":"the password was wrong","tokens":3}'],
  ])("%s", (line, masked) => {
    expect(maskSecrets(line)).toBe(masked);
  });

  test("an error is logged with its cause, but without whatever else hangs on it", () => {
    const { log, text } = logToMemory();
    const cause = Object.assign(new Error("inner"), {
      detail: "Key (login)=(olga) exists",
      code: "23505",
    });
    log.error({ err: new Error("outer", { cause }) }, "failed");
    const { err } = JSON.parse(text());
    expect(err).toMatchObject({
      type: "Error",
      message: "outer",
      cause: { message: "inner", code: "23505" },
    });
    expect(text()).not.toContain("olga");
  });

  test("every request is one line with its id, path, status and the call's id where there is one", async () => {
    const { log, lines } = logToMemory("info");
    const app = await testApp({ log });
    app.get("/api/v1/calls/:id", { config: { access: "public" } }, async () => 1);
    app.get("/x/:callId", { config: { access: "public" } }, async (request) => {
      request.log.info("inside");
      return 1;
    });
    const answer = await app.inject("/api/v1/calls/main-1.2?phone=79130000001");
    await app.inject("/x/main-1.3");
    await app.close();
    const [first, inside, last] = lines.map((line) => JSON.parse(line));
    expect(lines).toHaveLength(3);
    expect(first).toMatchObject({
      level: "info",
      msg: "request",
      reqId: answer.headers["x-request-id"],
      callId: "main-1.2",
      method: "GET",
      path: "/api/v1/calls/main-1.2",
      status: 200,
    });
    expect(inside).toMatchObject({ msg: "inside", callId: "main-1.3" });
    expect(last).toMatchObject({ msg: "request", callId: "main-1.3" });
    expect(lines.join("")).not.toContain("79130000001");
  });
});
