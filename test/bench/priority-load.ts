/**
 * Child process of the priority benchmark: a simulated PBX whose queues stay full, behind a tap that notes when the bytes that tell of a
 * joining were written. Commands and answers go over the process channel.
 */
import { startSimulatedPbx } from "../../server/demo/pbx/simulated-pbx.ts";
import { openTap } from "./tap.ts";

export type PriorityLoadCommand =
  | {
      readonly do: "start";
      readonly queues: number;
      readonly members: number;
      readonly talkMs: number;
    }
  /** Fills every queue with so many, then lets callers join at this pace; who joins waits this long on average before they hang up. */
  | { readonly do: "fill"; readonly waiting: number }
  | {
      readonly do: "run";
      readonly seconds: number;
      readonly joinsPerSecond: number;
      readonly patienceMs: number;
    }
  | { readonly do: "stop" };

export type PriorityLoadAnswer =
  | {
      readonly told: "started";
      readonly port: number;
      readonly username: string;
      readonly secret: string;
    }
  | { readonly told: "filled" }
  /** Epoch ms when the joining of each channel was written, and how many waited on average. */
  | {
      readonly told: "done";
      readonly joined: readonly (readonly [string, number])[];
      readonly waiting: number;
    };

const joined = new Map<string, number>();
let pbx: Awaited<ReturnType<typeof startSimulatedPbx>>;
let queues: readonly string[] = [];
let placed = 0;
let seed = 7;

process.on("message", (command: PriorityLoadCommand) => void obey(command));

async function obey(command: PriorityLoadCommand): Promise<void> {
  switch (command.do) {
    case "start":
      return begin(command);
    case "fill":
      for (let at = 0; at < command.waiting * queues.length; at += 1) {
        place(60_000);
        // Nobody joins at the very same moment in life either.
        await new Promise((resolve) => setTimeout(resolve, 4));
      }
      return answer({ told: "filled" });
    case "run":
      return run(command);
    case "stop":
      await pbx.stop();
      process.exit(0);
  }
}

async function begin(command: Extract<PriorityLoadCommand, { do: "start" }>): Promise<void> {
  queues = Array.from({ length: command.queues }, (_, at) => `q${at}`);
  pbx = await startSimulatedPbx({
    queues: [...queues, "idle"].map((name, at) => ({
      name,
      strategy: "rrmemory" as const,
      retrySeconds: 1,
      members: Array.from({ length: name === "idle" ? 0 : command.members }, (_, member) => ({
        interface: `PJSIP/${1000 + at * 100 + member}`,
      })),
    })),
    phones: { do: "answer", afterMs: 10, talkMs: command.talkMs },
  });
  const port = await openTap(pbx.port, noteJoining);
  for (const number of ["90", "91"]) pbx.placeCall({ number, to: "idle" });
  answer({ told: "started", port, username: pbx.username, secret: pbx.secret });
}

/** A tenth gold (7), a fifth silver (8), the rest plain (9). */
function place(patienceMs: number): void {
  const share = random();
  const tier = share < 0.1 ? 7 : share < 0.3 ? 8 : 9;
  const number = `${tier}${String(placed).padStart(6, "0")}`;
  pbx.placeCall({
    ...{ number, to: queues[placed % queues.length]! },
    patienceMs: 500 - Math.log(1 - random()) * patienceMs,
  });
  placed += 1;
}

function random(): number {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
  return seed / 2 ** 32;
}

function noteJoining(message: string, atMs: number): void {
  if (!message.startsWith("Event: QueueCallerJoin\r")) return;
  const channel = /^Uniqueid: (\S+)/m.exec(message)?.[1];
  if (channel !== undefined) joined.set(channel, atMs);
}

async function run(command: Extract<PriorityLoadCommand, { do: "run" }>): Promise<void> {
  joined.clear();
  const waiting: number[] = [];
  const joining = setInterval(() => place(command.patienceMs), 1000 / command.joinsPerSecond);
  const counting = setInterval(() => waiting.push(pbx.live().waiting), 250);
  await new Promise((resolve) => setTimeout(resolve, command.seconds * 1000));
  clearInterval(joining);
  clearInterval(counting);
  const mean = waiting.reduce((sum, one) => sum + one, 0) / waiting.length;
  // What was read last may still be on its way to the tap.
  await new Promise((resolve) => setTimeout(resolve, 100));
  answer({ told: "done", joined: [...joined], waiting: mean });
}

function answer(message: PriorityLoadAnswer): void {
  process.send?.(message);
}
