/**
 * Child process of the pop benchmark: the least that could be done. AMI bytes in, a line out to the browser of the extension
 * by socket.io, painted. No model, no customers, no database; the floor under every honest pop.
 */
import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "node:net";
import { Server } from "socket.io";

const [amiPort, username, secret] = process.argv.slice(2);
const PAGE = `<!doctype html><meta charset="utf-8"><h1 id="card"></h1><script src="/socket.io/socket.io.js"></script>
<script type="module">
  const painted = (window.painted = []);
  const socket = io({ query: { extension: location.hash.slice(1) } });
  socket.on("ring", (ringId, number, acknowledge) => {
    acknowledge();
    document.getElementById("card").textContent = number + " " + ringId;
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => painted.push([ringId, performance.timeOrigin + performance.now()]);
      channel.port2.postMessage(null);
    });
  });
</script>`;

const http = createServer((_request, response) => {
  response.setHeader("content-type", "text/html; charset=utf-8");
  response.end(PAGE);
});
const io = new Server(http);
io.on("connection", (socket) => void socket.join(String(socket.handshake.query["extension"])));

const ami = connect(Number(amiPort), "127.0.0.1").setNoDelay(true);
ami.write(`Action: Login\r\nUsername: ${username}\r\nSecret: ${secret}\r\nEvents: on\r\n\r\n`);
let rest = "";
ami.on("data", (chunk: Buffer) => {
  const messages = (rest + chunk.toString()).split("\r\n\r\n");
  rest = messages.pop() ?? "";
  for (const message of messages) {
    if (!message.startsWith("Event: AgentCalled\r")) continue;
    const extension = /^Interface: PJSIP\/(\d+)/m.exec(message)?.[1];
    const leg = /^DestUniqueid: (\S+)/m.exec(message)?.[1];
    const number = /^CallerIDNum: (\S+)/m.exec(message)?.[1];
    if (extension !== undefined)
      io.to(extension)
        .timeout(5000)
        .emit("ring", leg, number, () => undefined);
  }
});

http.listen(0, "127.0.0.1");
await once(http, "listening");
process.send!({ port: (http.address() as { port: number }).port });
