import { once } from "node:events";
import { createServer } from "node:http";
import { io as connect, type Socket } from "socket.io-client";
import { expect, test } from "vitest";
import { type SocketServer, openSocketServer } from "../../server/http/socket-server.ts";
import type { Redis } from "../../server/storage/redis.ts";
import { redisOfFile, until } from "../support/redis.ts";

const redis = redisOfFile();

type Process = { readonly sockets: SocketServer; readonly port: number; readonly redis: Redis };

async function open(): Promise<Process> {
  const http = createServer().listen(0, "127.0.0.1");
  redis.closing({ close: () => http.close() });
  await once(http, "listening");
  const origins = { publicUrl: "", crmOrigins: [] };
  const connection = redis.open("test");
  const sockets = openSocketServer({ server: http, origins, redis: connection });
  for (const name of ["/desk", "/console"])
    sockets.io.of(name).use((socket, next) => {
      socket.data = { user: { id: socket.handshake.auth["user"] }, session: "" };
      next();
    });
  redis.closing(sockets);
  return { sockets, port: (http.address() as { port: number }).port, redis: connection };
}

async function screen({ port }: Process, user: string, name = "/desk"): Promise<Socket> {
  const socket = connect(`http://127.0.0.1:${port}${name}`, {
    ...{ auth: { user }, transports: ["websocket"], reconnection: false, forceNew: true },
  });
  redis.closing(socket);
  await new Promise<void>((resolve) => void socket.once("connect", resolve));
  return socket;
}

test("somebody's screens are counted and disconnected wherever they are; one screen is told something without redis", async () => {
  const [one, two] = [await open(), await open()];
  await until(() => one.redis.state().ok && two.redis.state().ok);
  const here = await screen(one, "7");
  const there = await screen(two, "7");
  const supervisor = await screen(two, "7", "/console");
  const other = await screen(two, "8");
  await until(async () => (await one.sockets.screensOf("7")) === 3);
  expect(await two.sockets.screensOf("8")).toBe(1);
  expect(await two.sockets.screensOf("9")).toBe(0);

  // What is said to single screens is none of redis' business.
  const client = await redis.client();
  const said = async () => {
    const stats = await client.info("commandstats");
    const of = (name: string) =>
      Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
    return of("xadd") + of("publish");
  };
  const before = await said();
  const heard: number[] = [];
  here.on("change", (value: number) => heard.push(value));
  for (const socket of one.sockets.io.of("/desk").sockets.values())
    for (let n = 0; n < 1000; n++) socket.emit("change", n);
  await until(() => heard.length === 1000);
  expect(await said()).toBe(before);

  // What is no message of the adapter is let be, and what comes after it is heard.
  await client.xAdd("test:screens", "*", { uid: "x", nsp: "/desk", type: "6", data: "{}" });
  await client.xAdd("test:screens", "*", { uid: "x", nsp: "/desk", type: "6" });
  await client.xAdd("test:screens", "*", { uid: "x", nsp: "/desk", type: "x", data: "no json" });
  one.sockets.io.of("/desk").in("user:7").disconnectSockets(true);
  await until(() => !here.connected && !there.connected);
  expect([supervisor.connected, other.connected]).toEqual([true, true]);
});

test("redis away: screens are told what they are told, those of this process are counted, and all again when it is back", async () => {
  const [one, two] = [await open(), await open()];
  await until(() => one.redis.state().ok && two.redis.state().ok);
  const here = await screen(one, "17");
  const there = await screen(two, "17");
  await until(async () => (await one.sockets.screensOf("17")) === 2);
  await redis.server.kill();
  await until(() => !one.redis.state().ok && !two.redis.state().ok);
  expect(await one.sockets.screensOf("17")).toBe(1);
  one.sockets.io.of("/desk").in("user:nobody").disconnectSockets(true);
  const heard = new Promise((resolve) => void here.once("change", resolve));
  for (const socket of one.sockets.io.of("/desk").sockets.values()) socket.emit("change", 1);
  expect(await heard).toBe(1);
  await redis.server.start();
  await until(async () => (await one.sockets.screensOf("17")) === 2);
  // Said again: what is said while redis is slow is not waited for.
  await until(() => {
    one.sockets.io.of("/desk").in("user:17").disconnectSockets(true);
    return !here.connected && !there.connected;
  });
});
