/** A loopback TCP balancer: each connection goes to the next server that takes it, as a reverse proxy without stickiness does. */
import { type Socket, connect, createServer } from "node:net";
import type { AddressInfo } from "node:net";

export type Balancer = {
  readonly port: number;
  readonly close: () => Promise<void>;
};

/** Opens one in front of loopback ports; who refuses a connection is passed over. */
export async function openBalancer(targets: readonly number[]): Promise<Balancer> {
  const open = new Set<Socket>();
  let turn = 0;
  const server = createServer((client) => {
    open.add(client);
    client.on("error", () => undefined).on("close", () => open.delete(client));
    turn += 1;
    pass(client, turn, targets.length);
  });
  function pass(client: Socket, at: number, tries: number): void {
    if (tries === 0 || client.destroyed) {
      client.destroy();
      return;
    }
    const target = connect(targets[at % targets.length]!, "127.0.0.1");
    open.add(target);
    target.on("close", () => open.delete(target));
    const next = () => pass(client, at + 1, tries - 1);
    target.once("error", next);
    target.once("connect", () => {
      target.off("error", next);
      for (const [one, other] of [
        [client, target],
        [target, client],
      ] as const) {
        one.on("error", () => undefined);
        one.on("close", () => other.destroy());
        one.pipe(other);
      }
      if (client.destroyed) target.destroy();
    });
  }
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
