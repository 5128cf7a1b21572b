/**
 * Child process of the pop benchmark: a simulated PBX under load, behind a tap that notes when the bytes that tell of a
 * ringing were handed to the AMI socket. Commands and answers go over the process channel.
 */
import { startSimulatedPbx } from "../../server/demo/pbx/simulated-pbx.ts";
import { openTap } from "./tap.ts";

/** What the parent asks. */
export type LoadCommand =
  | {
      readonly do: "start";
      readonly operators: readonly string[];
      readonly watched: readonly string[];
      readonly numbers: readonly string[];
      /** How long phones ring and people talk, ms. */
      readonly pace: { readonly answerAfterMs: number; readonly talkMs: number };
    }
  | {
      readonly do: "run";
      readonly seconds: number;
      readonly callsPerSecond: number;
      readonly watchedPerSecond: number;
    }
  | { readonly do: "stop" };

/** What the child answers. */
export type LoadAnswer =
  | {
      readonly told: "started";
      readonly port: number;
      readonly username: string;
      readonly secret: string;
    }
  /** `rang` has for each leg's Uniqueid the epoch ms when its first telling bytes were written. */
  | {
      readonly told: "done";
      readonly rang: readonly (readonly [string, number])[];
      readonly calls: number;
      readonly events: number;
    };

const rang = new Map<string, number>();

process.on("message", (command: LoadCommand) => void obey(command));

let pbx: Awaited<ReturnType<typeof startSimulatedPbx>>;
let numbers: readonly string[] = [];

async function obey(command: LoadCommand): Promise<void> {
  switch (command.do) {
    case "start":
      return begin(command);
    case "run":
      return run(command.seconds, command.callsPerSecond, command.watchedPerSecond);
    case "stop":
      await pbx.stop();
      process.exit(0);
  }
}

async function begin(command: Extract<LoadCommand, { do: "start" }>): Promise<void> {
  numbers = command.numbers;
  const queue = (name: string, extensions: readonly string[]) => ({
    name,
    strategy: "leastrecent" as const,
    ringTimeoutSeconds: 15,
    retrySeconds: 1,
    wrapUpSeconds: 0,
    members: extensions.map((extension) => ({ interface: `PJSIP/${extension}`, name: extension })),
  });
  const { answerAfterMs, talkMs } = command.pace;
  pbx = await startSimulatedPbx({
    queues: [queue("crowd", command.operators), queue("watched", command.watched)],
    phones: { do: "answer", afterMs: answerAfterMs, talkMs },
  });
  const port = await openTap(pbx.port, noteRinging);
  answer({ told: "started", port, username: pbx.username, secret: pbx.secret });
}

function noteRinging(message: string, atMs: number): void {
  if (!/^Event: (?:AgentCalled|DialBegin)\r/.test(message)) return;
  const leg = /^DestUniqueid: (\S+)/m.exec(message)?.[1];
  if (leg !== undefined && !rang.has(leg)) rang.set(leg, atMs);
}

async function run(
  seconds: number,
  callsPerSecond: number,
  watchedPerSecond: number,
): Promise<void> {
  let placed = 0;
  const place = (queue: string) => {
    pbx.placeCall({ number: numbers[placed % numbers.length]!, to: queue, patienceMs: 20_000 });
    placed += 1;
  };
  const crowd = setInterval(() => place("crowd"), 1000 / (callsPerSecond - watchedPerSecond));
  const watched =
    watchedPerSecond === 0
      ? undefined
      : setInterval(() => place("watched"), 1000 / watchedPerSecond);
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  clearInterval(crowd);
  clearInterval(watched);
  // Whoever still rings or talks comes to an end.
  while (pbx.live().channels > 0) await new Promise((resolve) => setTimeout(resolve, 100));
  answer({ told: "done", rang: [...rang], calls: placed, events: pbx.counters().events });
  rang.clear();
}

function answer(words: LoadAnswer): void {
  process.send!(words);
}
