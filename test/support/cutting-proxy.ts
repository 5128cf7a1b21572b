/**
 * A loopback TCP proxy that cuts a connection after so many bytes, wherever that falls.
 */
import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";

export type CuttingProxy = {
  readonly port: number;
  /** Bytes the present connection has brought from the server so far. */
  readonly passedBytes: () => number;
  /** From now on lets so many bytes from the server through, then cuts both sides. */
  readonly cutAfter: (bytes: number) => void;
  /** Lets nothing through in either direction, and closes nothing: a network that swallows. */
  readonly swallow: (on: boolean) => void;
  /** Keeps back what the server says; told to end that, lets it through in one piece. */
  readonly keepBack: (on: boolean) => void;
  /** Cuts every connection and refuses new ones, until told otherwise: a server that is away. */
  readonly refuse: (on: boolean) => void;
  /** New connections go to another port, as after a restart on a new one. */
  readonly retarget: (port: number) => void;
  readonly close: () => Promise<void>;
};

/** Opens a proxy in front of a loopback port. @param onSent told of what clients send to the server. */
export async function cuttingProxy(
  targetPort: number,
  onSent: (chunk: Buffer) => void = () => undefined,
): Promise<CuttingProxy> {
  const open = new Set<Socket>();
  let passed = 0;
  let left = Infinity;
  let swallowing = false;
  let refusing = false;
  let goesTo = targetPort;
  const kept = new Map<Socket, Buffer[]>();
  let keeping = false;
  const server = createServer((client) => {
    if (refusing) {
      client.destroy();
      return;
    }
    const target = connect(goesTo, "127.0.0.1");
    passed = 0;
    for (const socket of [client, target]) {
      open.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        open.delete(socket);
        client.destroy();
        target.destroy();
      });
    }
    client.on("data", (chunk: Buffer) => {
      if (swallowing) return;
      onSent(chunk);
      target.write(chunk);
    });
    target.on("data", (chunk: Buffer) => {
      if (swallowing) return;
      if (keeping) {
        kept.set(client, [...(kept.get(client) ?? []), chunk]);
        return;
      }
      const part = chunk.subarray(0, left);
      passed += part.length;
      left -= part.length;
      if (left > 0) {
        client.write(part);
        return;
      }
      left = Infinity;
      client.end(part, () => client.destroy());
      target.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    passedBytes: () => passed,
    cutAfter: (bytes) => {
      left = bytes;
    },
    swallow: (on) => {
      swallowing = on;
    },
    keepBack: (on) => {
      keeping = on;
      if (on) return;
      for (const [client, chunks] of kept) client.write(Buffer.concat(chunks));
      kept.clear();
    },
    refuse: (on) => {
      refusing = on;
      if (on) for (const socket of open) socket.destroy();
    },
    retarget: (port) => {
      goesTo = port;
    },
    close: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
