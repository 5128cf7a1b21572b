/**
 * Asks for offers over connections that stay open, the next question as soon as the one before is answered, as little above the sockets as it can.
 * Told an {@link OffersOrder}, answers with {@link OffersAsked}.
 */
import { connect } from "node:net";

/** What to ask. */
export type OffersOrder = {
  readonly port: number;
  readonly seconds: number;
  readonly atATime: number;
  /** Ids go from 1 to these. */
  readonly customers: number;
  readonly products: number;
  /** Each question is of a visit of its own, and what is answered is recorded as shown; "" for none. */
  readonly visits: string;
};

/** What came of it. */
export type OffersAsked = {
  /** From the question to the whole answer, ms. */
  readonly ms: readonly number[];
  readonly seconds: number;
  readonly offers: number;
  readonly bytes: number;
  /** One answer. */
  readonly sample: string;
  /** What was no answer; "" for nothing. */
  readonly refusal: string;
};

process.on("message", (order: OffersOrder) => {
  void ask(order).then((asked) => process.send?.(asked));
});
process.send?.("ready");

async function ask(order: OffersOrder): Promise<OffersAsked> {
  const ms: number[] = [];
  let [offers, bytes, asked, refusal, sample] = [0, 0, 0, "", ""];
  const beganMs = performance.now();
  const endsAtMs = beganMs + order.seconds * 1000;
  await Promise.all(Array.from({ length: order.atATime }, one));
  const seconds = (performance.now() - beganMs) / 1000;
  return { ms, seconds, offers, bytes, sample, refusal };

  function one(): Promise<void> {
    const done = Promise.withResolvers<void>();
    const socket = connect({ port: order.port, host: "127.0.0.1", noDelay: true });
    let text = "";
    let sentAtMs = 0;
    const next = () => {
      if (performance.now() >= endsAtMs || refusal !== "") {
        socket.destroy();
        done.resolve();
        return;
      }
      sentAtMs = performance.now();
      socket.write(requestOf(order, (asked += 1)));
    };
    socket
      .setEncoding("latin1")
      .on("connect", next)
      .on("data", (part: string) => {
        text += part;
        const head = text.indexOf("\r\n\r\n");
        if (head === -1) return;
        const length = Number(/content-length: (\d+)/i.exec(text)?.[1]);
        if (text.length < head + 4 + length) return;
        ms.push(performance.now() - sentAtMs);
        const body = text.slice(head + 4);
        if (!text.startsWith("HTTP/1.1 200")) refusal = text.slice(0, 400);
        if (sample === "") sample = Buffer.from(body, "latin1").toString();
        bytes += length;
        offers += body.split('"key":').length - 1;
        text = "";
        next();
      })
      .on("error", (error) => {
        refusal ||= error.message;
        done.resolve();
      });
    return done.promise;
  }
}

function requestOf({ customers, products, visits }: OffersOrder, n: number): string {
  // Steps prime to most numbers: every customer and product in turn, never neighbours.
  const product = (step: number) => `p-${1 + ((n * step) % products)}`;
  const body = JSON.stringify({
    source: "bench",
    customer: { sourceId: `c-${1 + ((n * 7919) % customers)}` },
    lines: [7907, 7901, 7883].map((step) => ({ productId: product(step), quantity: 1 + (n % 2) })),
    currency: "RUB",
    ...(visits ? { visit: `${visits}-${n}` } : {}),
  });
  return (
    "POST /api/v1/offers HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer cc_bench\r\n" +
    `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  );
}
