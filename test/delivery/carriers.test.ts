/** Carriers against answers of the shape that their documentation gives. */
import { afterEach, expect, test } from "vitest";
import { cdek } from "../../server/delivery/providers/cdek.ts";
import { novaPoshta } from "../../server/delivery/providers/nova-poshta.ts";
import { russianPost } from "../../server/delivery/providers/russian-post.ts";
import { carrierServer, place, question } from "./samples.ts";

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});
async function serve(answer: Parameters<typeof carrierServer>[0]) {
  const server = await carrierServer(answer);
  open.push(server);
  return server;
}
const signal = new AbortController().signal;
const nowMs = Date.UTC(2026, 10, 22, 9);
const now = () => nowMs;

const TARIFFS = {
  tariff_codes: [
    {
      ...{ tariff_code: 136, tariff_name: "Посылка склад-склад", tariff_description: "" },
      ...{ delivery_mode: 4, delivery_sum: 415.5, period_min: 4, period_max: 6 },
    },
    {
      ...{ tariff_code: 137, tariff_name: "Посылка склад-дверь", delivery_mode: 3 },
      ...{ delivery_sum: 690, period_min: 5, period_max: 7 },
    },
    { tariff_code: 999, tariff_name: "?", delivery_mode: 77, delivery_sum: 1 },
  ],
};

test("CDEK is asked in grams and centimetres with its token, and its roubles become kopecks", async () => {
  const server = await serve(({ url }) =>
    url === "/v2/oauth/token"
      ? { body: { access_token: "abc", token_type: "bearer", expires_in: 3599 } }
      : { body: TARIFFS },
  );
  const settings = { kind: "cdek", account: "acc", password: "pass", url: server.url } as const;
  const provider = cdek("СДЭК", settings, now);
  const quotes = await provider.quote(question(), signal);
  expect(quotes).toEqual([
    {
      ...{ id: "СДЭК:136", provider: "СДЭК", service: "Посылка склад-склад", mode: "pickup" },
      ...{ priceMinor: 41_550, currency: "RUB", days: [4, 6], pointRequired: true },
      ...{ told: "live", validUntilMs: nowMs + 900_000 },
    },
    expect.objectContaining({ id: "СДЭК:137", mode: "door", pointRequired: false }),
  ]);
  const [login, asked] = server.asked;
  expect(new URLSearchParams(login!.body).get("client_secret")).toBe("pass");
  expect(asked!.headers.authorization).toBe("Bearer abc");
  expect(JSON.parse(asked!.body)).toEqual({
    ...{ type: 1, currency: 1 },
    from_location: { country_code: "RU", postal_code: "101000", city: "Москва" },
    to_location: { country_code: "RU", postal_code: "630099", city: "Новосибирск" },
    packages: [{ weight: 1200, length: 30, width: 20, height: 10 }],
  });
  await provider.quote(question(), signal);
  expect(server.asked.filter(({ url }) => url === "/v2/oauth/token")).toHaveLength(1);
  const only = cdek("СДЭК", { ...settings, tariffs: [137] }, now);
  expect(await only.quote(question(), signal)).toHaveLength(1);
});

test("CDEK's token that was taken back is asked anew, once; a wrong account is its fault, not a refusal", async () => {
  let given = 0;
  const server = await serve(({ url, headers }) => {
    if (url === "/v2/oauth/token")
      return { body: { access_token: `t${++given}`, expires_in: 3599 } };
    return headers.authorization === "Bearer t2" ? { body: TARIFFS } : { status: 401, body: {} };
  });
  const settings = { kind: "cdek", account: "acc", password: "pass", url: server.url } as const;
  expect(await cdek("c", settings, now).quote(question(), signal)).toHaveLength(2);
  const closed = await serve(() => ({ status: 401, body: { error: "invalid_client" } }));
  await expect(
    cdek("c", { ...settings, url: closed.url }, now).quote(question(), signal),
  ).rejects.toThrow("the account was not accepted (401)");
});

test("what CDEK refuses is told in its own words; its points come with hours and cash", async () => {
  const server = await serve(({ url }) => {
    if (url === "/v2/oauth/token") return { body: { access_token: "t", expires_in: 3599 } };
    if (url.startsWith("/v2/location/cities"))
      return { body: [{ code: 270, city: "Новосибирск" }] };
    if (url === "/v2/deliverypoints?city_code=270")
      return {
        body: [
          {
            ...{ code: "NSK12", name: "На Ленина", work_time: "Пн-Вс 10:00-20:00", type: "PVZ" },
            ...{ location: { city: "Новосибирск", address: "ул. Ленина, 12" }, have_cash: true },
          },
          { name: "no code" },
        ],
      };
    return {
      status: 400,
      body: { errors: [{ code: "v2_entity_invalid", message: "Город получателя не найден" }] },
    };
  });
  const provider = cdek("c", { kind: "cdek", account: "a", password: "p", url: server.url }, now);
  await expect(provider.quote(question(), signal)).rejects.toMatchObject({
    ...{ why: "refused", said: "Город получателя не найден" },
  });
  expect(await provider.points(question().to, signal)).toEqual([
    {
      ...{ id: "NSK12", provider: "c", name: "На Ленина", address: "ул. Ленина, 12" },
      ...{ city: "Новосибирск", hours: "Пн-Вс 10:00-20:00", cashAllowed: true },
    },
  ]);
});

test("Russian Post is asked for each kind of parcel in grams and kopecks; rate and tax make the price", async () => {
  const server = await serve(({ body }) =>
    (JSON.parse(body) as { "mail-type": string })["mail-type"] === "EMS"
      ? { status: 400, body: { code: "1001", desc: "Направление не обслуживается" } }
      : {
          body: {
            ...{ "total-rate": 30_550, "total-vat": 6110 },
            "delivery-time": { "min-days": 6, "max-days": 8 },
          },
        },
  );
  const settings = { kind: "russianPost", token: "tok", key: "bG9naW4=", url: server.url } as const;
  const both = { ...settings, mailTypes: ["POSTAL_PARCEL", "EMS"] };
  const quotes = await russianPost("Почта", both, now).quote(question(), signal);
  expect(quotes).toMatchObject([
    { id: "Почта:POSTAL_PARCEL", priceMinor: 36_660, days: [6, 8], mode: "post", told: "live" },
  ]);
  const { headers, body, url } = server.asked[0]!;
  expect(url).toBe("/1.0/tariff");
  expect(headers).toMatchObject({
    authorization: "AccessToken tok",
    "x-user-authorization": "Basic bG9naW4=",
  });
  expect(JSON.parse(body)).toEqual({
    ...{ "index-from": "101000", "index-to": "630099", "mail-type": "POSTAL_PARCEL" },
    ...{ "mail-category": "WITH_DECLARED_VALUE", mass: 1200, "declared-value": 150_000 },
    ...{ dimension: { length: 30, width: 20, height: 10 }, fragile: false },
  });
  const ems = russianPost("Почта", { ...settings, mailTypes: ["EMS"] }, now);
  await expect(ems.quote(question(), signal)).rejects.toMatchObject({
    ...{ why: "refused", said: "Направление не обслуживается" },
  });
  await expect(
    ems.quote(question({ to: place({ city: "Новосибирск" }) }), signal),
  ).rejects.toMatchObject({ why: "notServed" });
});

const novaCities = [
  { Ref: "ref-kyiv", Description: "Київ", DescriptionRu: "Киев", AreaDescription: "Київська" },
  { Ref: "ref-lviv", Description: "Львів", AreaDescription: "Львівська" },
  { Ref: "ref-o1", Description: "Олександрівка", AreaDescription: "Одеська" },
  { Ref: "ref-o2", Description: "Олександрівка", AreaDescription: "Донецька" },
];
const nova = (
  price: (service: string) => object = () => ({
    success: true,
    data: [{ Cost: 85, AssessedCost: 1500 }],
  }),
) =>
  serve(({ body }) => {
    const asked = JSON.parse(body) as {
      calledMethod: string;
      methodProperties: { FindByString?: string; ServiceType?: string };
    };
    const { FindByString, ServiceType } = asked.methodProperties;
    switch (asked.calledMethod) {
      case "getCities": {
        const data = novaCities.filter((city) =>
          [city.Description, city.DescriptionRu].includes(FindByString),
        );
        return { body: { success: true, data } };
      }
      case "getDocumentDeliveryDate":
        return {
          body: {
            ...{ success: true },
            data: [{ DeliveryDate: { date: "2026-11-24 00:00:00.000000", timezone_type: 3 } }],
          },
        };
      default:
        return { body: price(ServiceType!) };
    }
  });
const toLviv = question({
  ...{ currency: "UAH", from: place({ country: "UA", city: "Киев" }) },
  to: place({ country: "UA", city: "Львів" }),
});

test("Nova Poshta is asked by references, in kilograms and hryvnias; a date becomes days", async () => {
  const server = await nova();
  const settings = { kind: "novaPoshta", apiKey: "k", url: server.url } as const;
  const provider = novaPoshta("НП", settings, now);
  const quotes = await provider.quote(toLviv, signal);
  expect(quotes.map(({ id, priceMinor, days, mode }) => [id, priceMinor, days, mode])).toEqual([
    ["НП:WarehouseWarehouse", 8500, [2, 2], "pickup"],
    ["НП:WarehouseDoors", 8500, [2, 2], "door"],
  ]);
  const priced = server.asked.find(({ body }) => body.includes("getDocumentPrice"))!;
  expect(JSON.parse(priced.body)).toMatchObject({
    ...{ apiKey: "k", modelName: "InternetDocument" },
    methodProperties: {
      ...{ CitySender: "ref-kyiv", CityRecipient: "ref-lviv", Weight: "1.2", Cost: "1500" },
    },
  });
  const before = server.asked.length;
  await provider.quote(toLviv, signal);
  expect(server.asked.slice(before).some(({ body }) => body.includes("getCities"))).toBe(false);
});

test("Nova Poshta's error inside a 200 is a refusal in its words; of two towns of one name the region tells", async () => {
  const server = await nova(() => ({ success: false, errors: ["Weight is too large"], data: [] }));
  const settings = { kind: "novaPoshta", apiKey: "k", url: server.url } as const;
  const provider = novaPoshta("НП", settings, now);
  await expect(provider.quote(toLviv, signal)).rejects.toMatchObject({
    ...{ why: "refused", said: "Weight is too large" },
  });
  const village = (region: string) =>
    question({ ...toLviv, to: place({ country: "UA", city: "Олександрівка", region }) });
  await expect(provider.quote(village(""), signal)).rejects.toMatchObject({ why: "notServed" });
  await expect(provider.quote(village("Одеська область"), signal)).rejects.toMatchObject({
    why: "refused",
  });
  expect(server.asked.some(({ body }) => body.includes("ref-o1"))).toBe(true);
});

test.each([
  ["no JSON", { body: "<html>502</html>" }, "no JSON"],
  ["status 503", { status: 503, body: "" }, "answered 503"],
  ["an endless answer", { body: `"${"x".repeat(5_000_000)}"` }, "more than 4 MB"],
])("a carrier that answers %s is down, not refusing", async (_, said, words) => {
  const server = await serve(() => said);
  const settings = { kind: "russianPost", url: server.url } as const;
  const asked = russianPost("Почта", settings, now).quote(question(), signal);
  await expect(asked).rejects.toMatchObject({ name: "CarrierFault" });
  await expect(asked).rejects.toThrow(words);
});
