import { createSocket } from "node:dgram";
import { createServer } from "node:net";

/** Below the kernel's ephemeral range (32768 and up), so that no outgoing connection takes a port between test and use. */
const lowest = 12_000;
const highest = 32_000;
const given = new Set<number>();

/** A loopback port that is free for TCP and UDP now and was not given out before by this process. */
export async function freePort(): Promise<number> {
  return freePortRange(1);
}

/** The first of `count` free neighbouring loopback ports, even (as RTP wants) when there are several. */
export async function freePortRange(count: number): Promise<number> {
  for (let tries = 0; tries < 200; tries++) {
    let start = lowest + Math.floor(Math.random() * (highest - lowest - count));
    if (count > 1) start -= start % 2;
    const ports = Array.from({ length: count }, (_, index) => start + index);
    if (ports.some((port) => given.has(port))) continue;
    // Probing a few of a long range is enough: whoever uses it moves on when one port is taken.
    const probed = count > 8 ? [ports[0], ports[count >> 1], ports.at(-1)] : ports;
    const free = await Promise.all(probed.map((port) => isFree(port ?? 0)));
    if (!free.every(Boolean)) continue;
    for (const port of ports) given.add(port);
    return start;
  }
  throw new Error(`no ${count} free neighbouring ports between ${lowest} and ${highest}`);
}

/** Gives a port back, so that a long test run does not use the range up. */
export function returnPorts(start: number, count = 1): void {
  for (let port = start; port < start + count; port++) given.delete(port);
}

async function isFree(port: number): Promise<boolean> {
  const tcp = new Promise<boolean>((done) => {
    const server = createServer();
    server.once("error", () => done(false));
    server.listen({ host: "127.0.0.1", port, exclusive: true }, () =>
      server.close(() => done(true)),
    );
  });
  const udp = new Promise<boolean>((done) => {
    const socket = createSocket("udp4");
    socket.once("error", () => {
      socket.close();
      done(false);
    });
    socket.bind(port, "127.0.0.1", () => socket.close(() => done(true)));
  });
  return (await tcp) && udp;
}
