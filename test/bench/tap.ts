/** A place between the server and a PBX where what the PBX wrote is seen with its time. */
import { once } from "node:events";
import { type Socket, connect, createServer } from "node:net";

/** Told each whole AMI message and when its last bytes were handed on, epoch ms. */
type Heard = (message: string, writtenAtMs: number) => void;

/** Opens one before the PBX at `pbxPort`; it lives as long as the process. @returns its port. */
export async function openTap(pbxPort: number, heard: Heard): Promise<number> {
  const tap = createServer((client) => pipeThrough(client, connect(pbxPort, "127.0.0.1"), heard));
  tap.listen(0, "127.0.0.1");
  await once(tap, "listening");
  return (tap.address() as { port: number }).port;
}

/** Notes the time, then passes the bytes on; they are read when they are on their way. */
function pipeThrough(client: Socket, server: Socket, heard: Heard): void {
  client.setNoDelay(true).pipe(server.setNoDelay(true));
  let rest = "";
  server.on("data", (chunk: Buffer) => {
    const atMs = performance.timeOrigin + performance.now();
    client.write(chunk);
    const messages = (rest + chunk.toString("latin1")).split("\r\n\r\n");
    rest = messages.pop() ?? "";
    for (const message of messages) heard(message, atMs);
  });
  for (const one of [client, server]) {
    one.on("error", () => undefined).on("close", () => (client.destroy(), server.destroy()));
  }
}
