/**
 * Child process of the dialling benchmark: the least that could dial. Bare asterisk-manager keeps so many lines busy: a call that is over is
 * followed by the next one. No database, no operators looked at, nobody asked whether they may be called.
 */
import { createRequire } from "node:module";

type BareManager = {
  options: { username: string; password: string };
  on(name: "managerevent", listener: (event: Record<string, string>) => void): void;
  connect(port: number, host: string, done: () => void): void;
  login(done: (error: unknown) => void): void;
  action(fields: object, done?: (error: unknown) => void): void;
};

const [port, username, secret, queue = "", lines] = process.argv.slice(2);
const Manager = createRequire(import.meta.url)("asterisk-manager") as new () => BareManager;
const manager = new Manager();
manager.options.username = username!;
manager.options.password = secret!;
let n = 0;

manager.on("managerevent", (event) => {
  if (event["userevent"] === "CallcardAttempt" && event["stage"] === "over") dial();
});
manager.connect(Number(port), "127.0.0.1", () => {
  manager.login((error) => {
    if (error !== null && error !== undefined) throw new Error("login refused", { cause: error });
    for (let line = 0; line < Number(lines); line += 1) dial();
    process.send?.({ told: "dialling" });
  });
});

function dial(): void {
  const id = `bare-${process.pid}-${n}`;
  const number = `+7${9_200_000_000 + n}`;
  n += 1;
  manager.action({
    action: "Originate",
    channel: `Local/${number}@callcard-out/n`,
    channelid: id,
    otherchannelid: `${id}-2`,
    context: "callcard-answered",
    exten: "s",
    priority: "1",
    async: "true",
    timeout: "60000",
    callerid: number,
    variable: {
      __CALLCARD_ATTEMPT: id,
      CALLCARD_DIAL: `PJSIP/${number}@trunk`,
      CALLCARD_RING: "15",
      CALLCARD_FROM: "+74951234567",
      CALLCARD_FROM_NAME: "Shop",
      CALLCARD_QUEUE: queue,
      CALLCARD_WITHIN: "2",
      CALLCARD_MACHINE: "",
    },
  });
}
