import { type IncomingMessage, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Place, QuoteQuestion } from "../../server/delivery/model.ts";
import type { TableSettings } from "../../server/delivery/settings.ts";

export const place = (more: Partial<Place> = {}): Place => ({
  ...{ country: "RU", postalCode: "", region: "", city: "", address: "", ...more },
});

export const question = (more: Partial<QuoteQuestion> = {}): QuoteQuestion => ({
  from: place({ city: "Москва", postalCode: "101000" }),
  to: place({ city: "Новосибирск", postalCode: "630099" }),
  parcels: [{ grams: 1200, size: [300, 200, 100] }],
  ...{ declaredMinor: 150_000, cashOnDelivery: false, currency: "RUB", ...more },
});

export const table = (more: Partial<TableSettings> = {}): TableSettings => ({
  kind: "table",
  currency: "RUB",
  services: [
    {
      name: "Курьер",
      mode: "door",
      zones: [
        {
          name: "Город",
          where: { countries: ["RU"], cities: ["Москва"] },
          bands: [
            { upToGrams: 1000, priceMinor: 30_000 },
            { upToGrams: 5000, priceMinor: 45_000 },
          ],
          perKgMinor: 5000,
          days: [1, 2],
        },
        {
          name: "Сибирь",
          where: { countries: ["RU"], postalPrefixes: ["63", "64", "65", "66"] },
          bands: [{ upToGrams: 2000, priceMinor: 60_000 }],
          days: [5, 9],
        },
      ],
      cashPercent: 2,
      insurancePercent: 0.5,
    },
  ],
  ...more,
});

/** A carrier's interface on loopback: what it was asked, and what it answers. */
export async function carrierServer(
  answer: (request: {
    url: string;
    method: string;
    headers: IncomingMessage["headers"];
    body: string;
  }) => { status?: number; body: string | object; waitMs?: number } | "hangUp",
) {
  const asked: {
    url: string;
    method: string;
    headers: IncomingMessage["headers"];
    body: string;
  }[] = [];
  const server = createServer((incoming, outgoing) => {
    let body = "";
    incoming.on("data", (chunk: Buffer) => (body += chunk.toString("utf8")));
    incoming.on("end", () => {
      const request = {
        ...{ url: incoming.url!, method: incoming.method!, headers: incoming.headers, body },
      };
      asked.push(request);
      const said = answer(request);
      if (said === "hangUp") {
        incoming.socket.destroy();
        return;
      }
      setTimeout(() => {
        outgoing.statusCode = said.status ?? 200;
        outgoing.end(typeof said.body === "string" ? said.body : JSON.stringify(said.body));
      }, said.waitMs ?? 0);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
