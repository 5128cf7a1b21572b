import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { testApp } from "./support.ts";

test("a browser that connected and asked nothing does not hold the server's end", async () => {
  const app = await testApp();
  await app.listen({ host: "127.0.0.1", port: 0 });
  const silent = connect((app.server.address() as AddressInfo).port, "127.0.0.1");
  await once(silent, "connect");
  const closed = once(silent, "close");
  silent.resume();
  // Asked over another connection: the server has seen both.
  await fetch(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}/healthz`);
  await app.close();
  await closed;
});

test("an answer that is being given when the server ends comes to its end", async () => {
  const app = await testApp();
  const asked = Promise.withResolvers<void>();
  app.get("/slow", { config: { access: "public" } }, async () => {
    asked.resolve();
    await sleep(300);
    return { told: "everything" };
  });
  await app.listen({ host: "127.0.0.1", port: 0 });
  const answer = fetch(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}/slow`);
  await asked.promise;
  const [response] = await Promise.all([answer, app.close()]);
  expect(await response.json()).toEqual({ told: "everything" });
});
