/** A shop behind a door of its own, over real HTTP on loopback: what it was asked, and what it answers. */
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { isSigned } from "../../../server/orders/signature.ts";

export const SECRET = "signs the actions of operators";

/** One action as it reached the shop. */
export type Asked = {
  readonly key: string;
  readonly signed: boolean;
  readonly body: {
    readonly id: string;
    readonly source: string;
    readonly sourceId: string;
    readonly operator: string;
    readonly action: { readonly kind: string; readonly text?: string };
  };
};

export type Shop = {
  readonly url: string;
  readonly port: number;
  readonly asked: Asked[];
  /** How it answers from now on; called with how many came before. */
  answer: (asked: Asked, response: ServerResponse, before: number) => void;
  close(): Promise<void>;
};

export const json =
  (status: number, body: unknown) =>
  (_asked: Asked, response: ServerResponse): void => {
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  };

/** @param port 0: a free one. */
export async function openShop(port = 0): Promise<Shop> {
  const server = createServer((request: IncomingMessage, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const bytes = Buffer.concat(chunks);
      const header = String(request.headers["x-callcard-signature"]);
      const asked = {
        key: String(request.headers["idempotency-key"]),
        signed: isSigned(header, SECRET, bytes, Date.now()),
        body: JSON.parse(bytes.toString()) as Asked["body"],
      };
      shop.asked.push(asked);
      shop.answer(asked, response, shop.asked.length - 1);
    });
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const listening = (server.address() as AddressInfo).port;
  const shop: Shop = {
    url: `http://127.0.0.1:${listening}/actions`,
    port: listening,
    asked: [],
    answer: json(200, {}),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return shop;
}
