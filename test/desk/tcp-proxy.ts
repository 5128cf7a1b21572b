/** A fixed address in front of a server that comes back on another port. */
import { once } from "node:events";
import { type AddressInfo, type Socket, connect, createServer } from "node:net";

export async function tcpProxy(targetPort: number) {
  let port = targetPort;
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const target = connect(port, "127.0.0.1");
    for (const socket of [client, target]) {
      open.add(socket);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => {
        open.delete(socket);
        client.destroy();
        target.destroy();
      });
    }
    client.pipe(target).pipe(client);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    pointTo(newPort: number) {
      port = newPort;
    },
    close() {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}
