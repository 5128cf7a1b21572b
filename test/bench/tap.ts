/** A place between the server and a PBX where what either of them wrote is seen with its time. */
import { once } from "node:events";
import { type Socket, connect, createServer } from "node:net";

/** Told each whole AMI message and when its last bytes were handed on, epoch ms. */
type Heard = (message: string, writtenAtMs: number) => void;

/** Opens one before the PBX at `pbxPort`; it lives as long as the process. @param asked told what the server writes. @returns its port. */
export async function openTap(
  pbxPort: number,
  heard: Heard,
  asked: Heard = () => undefined,
): Promise<number> {
  const tap = createServer((client) => {
    const server = connect(pbxPort, "127.0.0.1");
    client.setNoDelay(true);
    server.setNoDelay(true);
    passOn(client, server, asked);
    passOn(server, client, heard);
    for (const one of [client, server]) {
      one.on("error", () => undefined).on("close", () => (client.destroy(), server.destroy()));
    }
  });
  tap.listen(0, "127.0.0.1");
  await once(tap, "listening");
  return (tap.address() as { port: number }).port;
}

/** Notes the time, then passes the bytes on; they are read when they are on their way. */
function passOn(from: Socket, to: Socket, told: Heard): void {
  let rest = "";
  from.on("data", (chunk: Buffer) => {
    const atMs = performance.timeOrigin + performance.now();
    to.write(chunk);
    const messages = (rest + chunk.toString("latin1")).split("\r\n\r\n");
    rest = messages.pop() ?? "";
    for (const message of messages) told(message, atMs);
  });
}
