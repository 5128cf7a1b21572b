import { once } from "node:events";
import { request } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type Socket, io } from "socket.io-client";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { App } from "../../server/http/app.ts";
import { createReadiness } from "../../server/http/health.ts";
import { handOver } from "../../server/http/leaving.ts";
import { type SocketServer, openSocketServer } from "../../server/http/socket-server.ts";
import { type Upgrades, createUpgrades } from "../../server/http/upgrades.ts";
import { logToMemory, testApp } from "./support.ts";

let app: App;
let sockets: SocketServer;
let upgrades: Upgrades;
let url: string;
const readiness = createReadiness();
const open: Socket[] = [];

beforeEach(async () => {
  app = await testApp();
  upgrades = createUpgrades(app.server, { isAllowedOrigin: () => true, log: logToMemory().log });
  const origins = { publicUrl: "", crmOrigins: [] };
  sockets = openSocketServer({ server: app.server, origins, screens: () => "v2" });
  upgrades.adopt("/socket.io");
  await app.listen({ host: "127.0.0.1", port: 0 });
  url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  for (const socket of open.splice(0)) socket.disconnect();
  sockets.close();
  await app.close();
});

async function screen(transports: readonly string[]): Promise<Socket> {
  const socket = io(`${url}/desk`, { transports: [...transports], forceNew: true });
  open.push(socket);
  const version = once(socket as never, "screens");
  await once(socket as never, "connect");
  expect(await version).toEqual(["v2"]);
  return socket;
}

/** The status of a plain request to socket.io, or of a websocket's upgrade. */
async function statusOf(path: string, upgrade = false): Promise<number> {
  const headers = upgrade
    ? {
        ...{ connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "13" },
        "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
      }
    : {};
  const asked = request(`${url}${path}`, { headers }).end();
  asked.on("upgrade", (_response, socket) => socket.destroy());
  const [response] = (await Promise.race([once(asked, "response"), once(asked, "upgrade")])) as [
    { statusCode: number; resume(): void },
  ];
  response.resume();
  return response.statusCode;
}

const leave = (more: Partial<Parameters<typeof handOver>[0]> = {}) =>
  handOver({
    ...{ readiness, upgrades, sockets },
    screens: () => sockets.io.of("/desk").sockets.size,
    write: async () => undefined,
    giveUp: async () => undefined,
    ...more,
  });

test("screens are told, keep what they have until they go, and the process waits for that", async () => {
  const one = await screen(["websocket"]);
  const other = await screen(["polling"]);
  const told = Promise.all([once(one as never, "leaving"), once(other as never, "leaving")]);
  let gone = false;
  const leaving = leave().then(() => (gone = true));
  await told;
  await sleep(200);
  expect([one.connected, other.connected, gone]).toEqual([true, true, false]);
  one.disconnect();
  other.disconnect();
  await leaving;
});

test("who comes new is sent to another process: 503, which a balancer passes over", async () => {
  const one = await screen(["polling"]);
  const sid = one.io.engine.id;
  const handshake = "/socket.io/?EIO=4&transport=";
  expect(await statusOf(`${handshake}websocket`, true)).toBe(101);
  const leaving = leave();
  expect(await statusOf(`${handshake}polling`)).toBe(503);
  expect(await statusOf(`${handshake}polling&sid=ofAnotherProcess`)).toBe(503);
  expect(await statusOf(`${handshake}websocket`, true)).toBe(503);
  expect(upgrades.counters().refused.leaving).toBe(1);
  // Its long poll goes on: this second one at the same time is what the server has against it.
  expect(await statusOf(`${handshake}polling&sid=${sid}`)).toBe(400);
  one.disconnect();
  await leaving;
});

test("what happened is written before others may act, but they wait no longer than a second", async () => {
  const order: string[] = [];
  await leave({
    write: async () => order.push("written"),
    giveUp: async () => order.push("given up"),
  });
  expect(order).toEqual(["written", "given up"]);
  const startedAtMs = performance.now();
  await leave({
    write: () => new Promise(() => undefined),
    giveUp: async () => order.push("late"),
  });
  expect(order.at(-1)).toBe("late");
  expect(performance.now() - startedAtMs).toBeGreaterThanOrEqual(999);
});

test("screens that do not go hold nobody's end", async () => {
  await screen(["websocket"]);
  await leave();
  expect(sockets.io.of("/desk").sockets.size).toBe(1);
}, 10_000);
