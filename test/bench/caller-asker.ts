/**
 * Asks "who calls?" at an even pace, each time over a connection of its own, as little above the sockets as it can: what this process
 * spends on itself would be told as the server's time. Told an {@link AskOrder}, answers with {@link Asked}.
 */
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** What to ask. */
export type AskOrder = {
  readonly port: number;
  readonly token: string;
  readonly seconds: number;
  readonly perSecond: number;
  /** In turn; one in `unknownEvery` questions is of a number nobody knows. */
  readonly known: readonly string[];
  readonly unknownEvery: number;
};

/** What came of it. */
export type Asked = {
  /** From opening the connection to the whole line, ms; those that broke included. */
  readonly ms: readonly number[];
  /** How late each question was put, ms: this process or its machine had other things to do. */
  readonly lateMs: readonly number[];
  /** How often each line was given. */
  readonly lines: readonly (readonly [line: string, times: number])[];
  /** Connections that broke: the callers go on as ordinary ones. */
  readonly unanswered: number;
  /** What was no answer: a refusal is quick and would look good. "" for nothing. */
  readonly refusal: string;
};

process.on("message", (order: AskOrder) => {
  void ask(order).then((asked) => process.send?.(asked));
});
process.send?.("ready");

/** Whether or not earlier questions were answered. */
async function ask(order: AskOrder): Promise<Asked> {
  const count = order.seconds * order.perSecond;
  const ms = new Float64Array(count);
  const lateMs = new Float64Array(count);
  const lines = new Map<string, number>();
  let unanswered = 0;
  let refusal = "";
  let open = count;
  const all = Promise.withResolvers<void>();
  const startedAtMs = performance.now();
  for (let n = 0; n < count; n++) {
    const dueAtMs = startedAtMs + (n * 1000) / order.perSecond;
    const early = dueAtMs - performance.now();
    if (early > 0) await sleep(early);
    const sentAtMs = performance.now();
    lateMs[n] = sentAtMs - dueAtMs;
    exchange(order.port, requestOf(order, n), (answer) => {
      ms[n] = performance.now() - sentAtMs;
      const line = /\r\n\r\n(ok\|.*\|end\n)$/s.exec(answer)?.[1];
      if (line !== undefined) lines.set(line, (lines.get(line) ?? 0) + 1);
      else if (answer === "") unanswered += 1;
      else refusal = answer.slice(0, 200);
      open -= 1;
      if (open === 0) all.resolve();
    });
  }
  await all.promise;
  return { ms: [...ms], lateMs: [...lateMs], lines: [...lines], unanswered, refusal };
}

function requestOf({ port, token, known, unknownEvery }: AskOrder, n: number): string {
  // A step prime to most lengths: every customer in turn, never one after their neighbour.
  const number =
    n % unknownEvery === 0
      ? `+7999${String(n).padStart(7, "0")}`
      : known[(n * 7919) % known.length]!;
  const query = `number=${encodeURIComponent(number)}&queue=sales&channel=17.${n}`;
  const basic = Buffer.from(`pbx:${token}`).toString("base64");
  return (
    `GET /pbx/v1/caller?${query} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n` +
    `Authorization: Basic ${basic}\r\nAccept: */*\r\nConnection: close\r\n\r\n`
  );
}

/** Over when the line is whole, as for the dialplan, or the connection gone. */
function exchange(port: number, request: string, over: (answer: string) => void): void {
  let answer = "";
  let told = false;
  const tell = () => {
    if (!told) over(answer);
    told = true;
  };
  connect({ port, host: "127.0.0.1", noDelay: true })
    .setEncoding("utf8")
    .on("data", (text: string) => {
      answer += text;
      if (answer.endsWith("|end\n")) tell();
    })
    .on("error", tell)
    .on("close", tell)
    .write(request);
}
