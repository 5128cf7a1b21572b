/**
 * Child process of the noise benchmark: a PBX that talks. After `{events, kind}` it sends so many events a second to whoever is logged in, 0 for
 * silence: `noise` are those that nobody has a use for, `calls` channels that come and go.
 */
import { AmiServer, message } from "../support/ami-server.ts";

/** What the parent asks. */
export type NoiseCommand = { readonly events: number; readonly kind: "noise" | "calls" };

/** What the child answers: first its port, then how many it sent since the last command. */
export type NoiseAnswer = { readonly port: number } | { readonly sent: number };

const EVERY_MS = 10;
const filler = "x".repeat(300);
const server = await AmiServer.open();
let command: NoiseCommand = { events: 0, kind: "noise" };
let sent = 0;
let owed = 0;
let last = performance.now();

const timer = setInterval(() => {
  const now = performance.now();
  owed += (command.events * (now - last)) / 1000;
  last = now;
  const session = server.sessions.findLast(({ socket }) => !socket.destroyed);
  // As Asterisk, which does not get on while its reader does not.
  if (session === undefined || session.socket.writableLength > 4 * 1024 * 1024) {
    owed = 0;
    return;
  }
  const texts: string[] = [];
  for (; owed >= 1; owed -= 1) texts.push(command.kind === "noise" ? noise() : call());
  sent += texts.length;
  if (texts.length > 0) session.send(texts.join(""));
}, EVERY_MS);

process.on("message", (next: NoiseCommand) => {
  process.send?.({ sent } satisfies NoiseAnswer);
  sent = 0;
  command = next;
});
process.send?.({ port: server.port } satisfies NoiseAnswer);
process.once("disconnect", () => {
  clearInterval(timer);
  void server.close();
});

function noise(): string {
  const Uniqueid = `${sent % 1000}.1`;
  return message({
    Event: "VarSet",
    Privilege: "dialplan,all",
    Uniqueid,
    Variable: "v",
    Value: filler,
  });
}

let calls = 0;

/** Every other event is the end of the channel that came with the one before. */
function call(): string {
  calls += 1;
  const channel = {
    Channel: `PJSIP/trunk-${calls >> 1}`,
    ChannelState: 4,
    CallerIDNum: "79130000001",
    Uniqueid: `${calls >> 1}.7`,
    Linkedid: `${calls >> 1}.7`,
    Exten: "600",
    Filler: filler,
  };
  return calls % 2 === 0
    ? message({ Event: "Newchannel", Privilege: "call,all", ...channel })
    : message({ Event: "Hangup", Privilege: "call,all", Cause: 16, ...channel });
}
