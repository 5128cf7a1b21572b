/**
 * A server on loopback that a dialplan asks who calls, as bad as a server can be: it hangs, drips, lies. In mode `real` every
 * byte goes to and from the product's own server.
 */
import { type AddressInfo, type Server, type Socket, connect, createServer } from "node:net";

export type DoubleMode =
  | { readonly kind: "hung" }
  | { readonly kind: "drip" }
  | { readonly kind: "raw"; readonly bytes: string | Buffer }
  | { readonly kind: "body"; readonly status?: string; readonly body: string | Buffer }
  | { readonly kind: "real"; readonly port: number };

export type CallerDouble = {
  readonly port: number;
  mode: DoubleMode;
  /** First lines and headers of the requests so far. */
  readonly requests: string[];
  /** Nobody listens any more; {@link start} listens again on the same port. */
  stop(): Promise<void>;
  start(): Promise<void>;
};

/** Listens on a free port. */
export async function openCallerDouble(): Promise<CallerDouble> {
  let server: Server | null = null;
  let port = 0;
  const sockets = new Set<Socket>();
  const double: CallerDouble = {
    get port() {
      return port;
    },
    mode: { kind: "hung" },
    requests: [],
    async start() {
      const opened = createServer(serve);
      server = opened;
      await new Promise<void>((done) => opened.listen(port, "127.0.0.1", done));
      port = (opened.address() as AddressInfo).port;
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      const closing = server;
      server = null;
      if (closing !== null) await new Promise((done) => closing.close(done));
    },
  };
  await double.start();
  return double;

  function serve(socket: Socket): void {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => socket.destroy());
    const { mode } = double;
    if (mode.kind === "real") {
      const real = connect(mode.port, "127.0.0.1");
      real.on("error", () => socket.destroy());
      socket.pipe(real).pipe(socket);
      socket.on("data", (chunk) => double.requests.push(String(chunk)));
      return;
    }
    let asked = "";
    socket.on("data", (chunk) => {
      asked += String(chunk);
      if (!asked.includes("\r\n\r\n")) return;
      double.requests.push(asked);
      asked = "";
      answer(socket, mode);
    });
  }
}

function answer(socket: Socket, mode: Exclude<DoubleMode, { kind: "real" }>): void {
  if (mode.kind === "hung") return;
  if (mode.kind === "raw") {
    socket.end(mode.bytes);
    return;
  }
  if (mode.kind === "body") {
    const body = Buffer.from(mode.body);
    socket.write(`HTTP/1.1 ${mode.status ?? "200 OK"}\r\nContent-Length: ${body.length}\r\n\r\n`);
    socket.end(body);
    return;
  }
  // A letter every 20 ms, without an end.
  socket.write("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n");
  const text = "ok|priority=50|tier=gold|name=Drop|language=ru|skip=1|";
  let at = 0;
  const timer = setInterval(() => socket.write(text[at++ % text.length]!), 20);
  socket.on("close", () => clearInterval(timer));
}
