/**
 * A double of a PBX that outlives the dialler's process: it keeps a log of every number it dialled and, as Asterisk does in AstDB, a record of
 * each attempt that outlives its own restarts. People answer, are busy, do not answer or hang up at once; operators talk for a moment.
 */
import { type AddressInfo, type Socket, createServer } from "node:net";
import type { SeenExtension } from "../../../../server/campaigns/dialler/operators.ts";
import type { CallEvidence, PbxRecord, Progress } from "../../../../server/campaigns/ports.ts";
import { seededRandom } from "../../../../server/demo/random.ts";
import { NO_EVIDENCE, anExtension } from "./memory.ts";
import { type Question, type Told, line, lines } from "./wire.ts";

type Call = {
  readonly id: string;
  last: Progress;
  extension: string;
  timer: NodeJS.Timeout | null;
};

export type WirePbx = Awaited<ReturnType<typeof startWirePbx>>;

export async function startWirePbx(options: {
  readonly extensions: readonly string[];
  readonly seed: number;
}) {
  const random = seededRandom(options.seed);
  const sockets = new Set<Socket>();
  const calls = new Map<string, Call>();
  const records = new Map<string, PbxRecord>();
  const free = new Set(options.extensions);
  /** Every number dialled to the outside, in order. */
  const dialled: { id: string; phone: string }[] = [];
  /** Attempts that were asked for again after they had been dialled: refused by the guard. */
  const again: string[] = [];
  const livedAtRestart = new Set<string>();
  let away = false;

  const server = createServer((socket) => {
    if (away) {
      socket.destroy();
      return;
    }
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
    socket.on(
      "data",
      lines((question: Question) => void answer(socket, question)),
    );
    const living = [...calls.values()].map(({ last }) => last);
    socket.write(line({ tell: "snapshot", extensions: options.extensions.map(seen), living }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));

  async function answer(socket: Socket, question: Question): Promise<void> {
    const { n } = question;
    const say = (is: unknown, refused?: string) => {
      if (sockets.has(socket))
        socket.write(
          line({ tell: "answer", n, is, ...(refused === undefined ? {} : { refused }) }),
        );
    };
    switch (question.ask) {
      case "dial": {
        // The answer and the dialling come in either order, and a cut may fall between.
        const isEarly = random.next() < 0.5;
        if (calls.has(question.id)) {
          say(null, "the channel is there already");
          return;
        }
        if (isEarly) say(true);
        await later(random.whole(0, 15));
        begin(question.id, question.phone);
        if (!isEarly) say(true);
        return;
      }
      case "hangUp":
        say(calls.has(question.id));
        if (calls.has(question.id)) over(question.id, { cause: 16, dialStatus: "CANCEL" });
        return;
      case "alive":
        say(question.ids.filter((id) => calls.has(id)));
        return;
      case "record":
      default:
        say(records.get(question.id) ?? { dialled: false });
    }
  }

  function begin(id: string, phone: string): void {
    if (away) return;
    if (records.has(id)) {
      again.push(id);
      return;
    }
    records.set(id, { dialled: true, evidence: null });
    dialled.push({ id, phone });
    const call: Call = { id, last: word(id, "ringing"), extension: "", timer: null };
    calls.set(id, call);
    tell({ tell: "progress", progress: call.last });
    const fate = random.next();
    const ringMs = random.whole(100, 600);
    if (fate < 0.15) after(call, ringMs, () => over(id, { cause: 17, dialStatus: "BUSY" }));
    else if (fate < 0.3) after(call, 900, () => over(id, { cause: 19, rang: true }));
    else if (fate < 0.35) after(call, ringMs, () => over(id, { cause: 21 }));
    else after(call, ringMs, () => answered(call, fate > 0.92));
  }

  function answered(call: Call, leavesSoon: boolean): void {
    say(call, word(call.id, "answered"));
    say(call, word(call.id, "waiting"));
    if (leavesSoon) {
      after(call, 80, () => over(call.id, { answered: true, answeredForMs: 80, cause: 16 }));
      return;
    }
    const answeredAtMs = Date.now();
    const look = () => {
      const [extension] = free;
      const waitedMs = Date.now() - answeredAtMs;
      if (extension !== undefined) connect(call, extension);
      else if (waitedMs < 4000) after(call, 40, look);
      else over(call.id, { answered: true, answeredForMs: waitedMs, cause: 16 });
    };
    after(call, 40, look);
  }

  function connect(call: Call, extension: string): void {
    free.delete(extension);
    call.extension = extension;
    tell({ tell: "extension", extension: seen(extension) });
    say(call, { attemptId: call.id, atMs: Date.now(), type: "connected", extension });
    after(call, random.whole(300, 1500), () =>
      over(call.id, { answered: true, connected: true, cause: 16, dialStatus: "ANSWER" }),
    );
  }

  function over(id: string, own: Partial<CallEvidence>): void {
    const call = calls.get(id)!;
    if (call.timer !== null) clearTimeout(call.timer);
    calls.delete(id);
    const evidence = { ...NO_EVIDENCE, ...own };
    records.set(id, { dialled: true, evidence });
    letGo(call);
    tell({
      tell: "progress",
      progress: { attemptId: id, atMs: Date.now(), type: "over", evidence },
    });
  }

  function letGo(call: Call): void {
    if (call.extension === "") return;
    free.add(call.extension);
    tell({ tell: "extension", extension: seen(call.extension) });
  }

  function say(call: Call, progress: Progress): void {
    call.last = progress;
    tell({ tell: "progress", progress });
  }

  function tell(told: Told): void {
    for (const socket of sockets) socket.write(line(told));
  }

  function after(call: Call, ms: number, deed: () => void): void {
    call.timer = setTimeout(deed, ms);
  }

  function seen(extension: string): SeenExtension {
    return anExtension(extension, { device: free.has(extension) ? "notInUse" : "inUse" });
  }

  return {
    port: (server.address() as AddressInfo).port,
    ...{ dialled, again, records, livedAtRestart },
    living: () => calls.size,
    cut() {
      for (const socket of sockets) socket.destroy();
    },
    /** As if it was killed: connections and calls are gone, what it wrote down of attempts is not. */
    async restart(downMs: number): Promise<void> {
      away = true;
      for (const socket of sockets) socket.destroy();
      for (const call of calls.values()) {
        if (call.timer !== null) clearTimeout(call.timer);
        livedAtRestart.add(call.id);
        letGo(call);
      }
      calls.clear();
      await later(downMs);
      away = false;
    },
    async stop(): Promise<void> {
      for (const call of calls.values()) if (call.timer !== null) clearTimeout(call.timer);
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function word(attemptId: string, type: "ringing" | "answered" | "waiting"): Progress {
  return { attemptId, atMs: Date.now(), type };
}

function later(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
