/**
 * Child process of the dialling benchmark: a simulated PBX whose trunk and operators are always there, behind a tap that notes when each
 * call was asked for. Commands and answers go over the process channel.
 */
import { startSimulatedPbx } from "../../server/demo/pbx/simulated-pbx.ts";
import { openTap } from "./tap.ts";

export type DiallingLoadCommand =
  | { readonly do: "start"; readonly operators: readonly string[]; readonly queue: string }
  /** Tells what was asked for since the last time. */
  | { readonly do: "asked" };

export type DiallingLoadAnswer =
  | {
      readonly told: "started";
      readonly port: number;
      readonly username: string;
      readonly secret: string;
    }
  | {
      readonly told: "asked";
      /** Attempts with the epoch ms when the bytes of their Originate came. */
      readonly originates: readonly (readonly [attemptId: string, atMs: number])[];
      /** Numbers the trunk was given so far. */
      readonly dialled: number;
      /** Of them for an attempt that had been dialled before. */
      readonly twice: number;
    };

let pbx: Awaited<ReturnType<typeof startSimulatedPbx>>;
let originates: (readonly [string, number])[] = [];

process.on("message", (command: DiallingLoadCommand) => void obey(command));

async function obey(command: DiallingLoadCommand): Promise<void> {
  if (command.do === "start") return begin(command);
  const dialled = pbx.dialledForAttempts();
  answer({
    ...{ told: "asked", originates, dialled: dialled.length },
    twice: dialled.length - new Set(dialled.map(({ attemptId }) => attemptId)).size,
  });
  originates = [];
}

async function begin({ operators, queue }: Extract<DiallingLoadCommand, { do: "start" }>) {
  pbx = await startSimulatedPbx({
    queues: [
      {
        ...{ name: queue, strategy: "rrmemory", retrySeconds: 1 },
        members: operators.map((extension) => ({ interface: `PJSIP/${extension}` })),
      },
    ],
    phones: { do: "answer", afterMs: 20 },
    // Every second person is busy, the others answer and have little to say.
    outside: ({ extension }) =>
      Number(extension.slice(-1)) % 2 === 0
        ? { do: "busy" }
        : { do: "answer", afterMs: 100, talkMs: 500 },
  });
  const port = await openTap(
    pbx.port,
    () => undefined,
    (message, atMs) => {
      if (!/^Action: Originate\r?$/im.test(message)) return;
      const id = /^ChannelId: (\S+)/im.exec(message)?.[1];
      if (id !== undefined) originates.push([id, atMs]);
    },
  );
  answer({ told: "started", port, username: pbx.username, secret: pbx.secret });
}

function answer(told: DiallingLoadAnswer): void {
  process.send?.(told);
}
