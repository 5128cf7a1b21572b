import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type OffersHouse, addProducts, openOffersHouse } from "./house.ts";
import { percentOff, settings } from "./samples.ts";

let house: OffersHouse;
const told: string[] = [];
beforeAll(async () => {
  house = await openOffersHouse();
  house.bus.on("offersChanged", ({ ruleId }) => told.push(ruleId));
});
afterAll(() => house.close());
beforeEach(async () => {
  await house.database.pool.query("truncate products, offer_rules, audit restart identity cascade");
  await house.offers.book.load();
  told.length = 0;
});

const { ask } = { ask: (...of: Parameters<OffersHouse["ask"]>) => house.ask(...of) };
const rule = settings(percentOff(10), { name: "Ten off" });

test("a rule is made as a draft, changed, switched on and off; told to the others, audited, its versions kept", async () => {
  const made = await ask("POST", "offers/rules", { settings: rule });
  expect(made).toMatchObject({
    status: 201,
    body: { id: "1", state: "draft", revision: 1, settings: rule, problems: [], uses: 0 },
  });
  expect(house.offers.book.rules()).toEqual([]);
  expect(await ask("POST", "offers/rules/1/on")).toMatchObject({ body: { state: "on" } });
  expect(house.offers.book.rules()).toMatchObject([{ id: "1" }]);
  const next = { ...rule, priority: 5 };
  expect(await ask("PUT", "offers/rules/1", { settings: next, revision: 1 })).toMatchObject({
    ...{ status: 200, body: { revision: 2, state: "on", settings: next } },
  });
  expect(house.offers.book.rules()).toMatchObject([{ settings: next }]);
  expect(await ask("POST", "offers/rules/1/off")).toMatchObject({ body: { state: "off" } });
  expect(house.offers.book.rules()).toEqual([]);
  expect(told).toEqual(["1", "1", "1", "1"]);
  const { body: versions } = await ask("GET", "offers/rules/1/versions");
  expect(versions).toMatchObject({
    versions: [
      { revision: 2, settings: next, changedBy: "token:admin" },
      { revision: 1, settings: rule },
    ],
  });
  const { rows } = await house.database.pool.query<{ action: string }>(
    "select action from audit order by id",
  );
  expect(rows.map(({ action }) => action)).toEqual(
    ["created", "on", "changed", "off"].map((what) => `offerRule.${what}`),
  );
});

test("who saves over somebody else's change is told so and changes nothing", async () => {
  await ask("POST", "offers/rules", { settings: rule });
  await ask("PUT", "offers/rules/1", { settings: { ...rule, priority: 5 }, revision: 1 });
  const late = await ask("PUT", "offers/rules/1", { settings: rule, revision: 1 });
  expect(late).toMatchObject({ status: 409, body: { error: { code: "ruleChanged" } } });
  expect((await ask("GET", "offers/rules/1")).body).toMatchObject({
    ...{ revision: 2, settings: { priority: 5 } },
  });
});

test("a bad rule is refused with the place and reason, and cannot be switched on when it went bad", async () => {
  const bad = { ...rule, give: percentOff(120) };
  const refused = await ask("POST", "offers/rules", { settings: bad });
  expect(refused).toMatchObject({
    status: 422,
    body: {
      error: { code: "ruleRefused", field: "body.settings.give.percent" },
      problems: [{ path: "/give/percent", code: "outOfRange", values: { value: 120, most: 100 } }],
    },
  });
  expect(await ask("POST", "offers/rules/check", { settings: bad })).toMatchObject({
    ...{ status: 200, body: { problems: [{ path: "/give/percent" }] } },
  });
  await addProducts(house, [{ name: "a" }]);
  const gift = settings({ kind: "gift", products: ["1"] });
  expect((await ask("POST", "offers/rules", { settings: gift })).status).toBe(201);
  await house.database.pool.query("delete from products");
  expect(await ask("POST", "offers/rules/1/on")).toMatchObject({
    status: 422,
    body: { problems: [{ path: "/give/products/0", code: "unknownProduct" }] },
  });
  // What is wrong with it now is told to who looks.
  expect((await ask("GET", "offers/rules")).body.rules).toMatchObject([
    { problems: [{ code: "unknownProduct" }], products: [] },
  ]);
});

test("two rules of a group cannot have one priority, also not when both are saved at once", async () => {
  const own = { ...rule, group: "november" };
  const both = await Promise.all([
    ask("POST", "offers/rules", { settings: own }),
    ask("POST", "offers/rules", { settings: own }),
  ]);
  expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 422]);
  const refused = both.find(({ status }) => status === 422);
  expect(refused?.body).toMatchObject({
    problems: [{ path: "/priority", code: "samePriority", values: { other: "Ten off" } }],
  });
  // The rule beside which it stands is no other than itself.
  const saved = await ask("PUT", "offers/rules/1", { settings: own, revision: 1 });
  expect(saved.status).toBe(200);
});

test("supervisors read, admins write, others see nothing", async () => {
  await ask("POST", "offers/rules", { settings: rule });
  for (const path of ["offers/rules", "offers/rules/1", "offers/rules/1/versions"]) {
    expect((await ask("GET", path, undefined, "supervisor")).status).toBe(200);
    expect((await ask("GET", path, undefined, "operator")).status).toBe(403);
    expect((await ask("GET", path, undefined, "integrator")).status).toBe(403);
  }
  const saved = { settings: rule, revision: 1 };
  expect((await ask("PUT", "offers/rules/1", saved, "supervisor")).status).toBe(403);
  expect((await ask("POST", "offers/rules/1/on", undefined, "supervisor")).status).toBe(403);
  expect((await ask("GET", "offers/rules/99")).status).toBe(404);
  expect((await ask("GET", "offers/rules/1%20or%201")).status).toBe(404);
});

test("a rule written by a later Callcard gives nothing here, and that is said", async () => {
  await house.database.pool.query(
    "insert into offer_rules (settings, state) values ('{\"give\": 1}', 'on')",
  );
  await house.offers.book.load();
  expect(house.offers.book.rules()).toEqual([]);
  expect(house.faults.splice(0)).toEqual([expect.stringContaining("offer rule 1: ")]);
  expect((await ask("GET", "offers/rules")).body.rules[0].problems.length).toBeGreaterThan(0);
});

test("the editor's names and products come from the catalogue and the thresholds", async () => {
  await addProducts(house, [
    { name: "red ball", attributes: { size: "L" } },
    { name: "blue ball", category: "Balls", stock: 0 },
  ]);
  const { body } = await ask("GET", "offers/rules/vocabulary");
  expect(body).toMatchObject({
    ...{ attributes: ["size"], timeZone: "Europe/Moscow" },
    categories: ["Balls", "Toys"],
  });
  const found = async (text: string) =>
    (
      (await ask("GET", `offers/products?search=${encodeURIComponent(text)}`)).body as {
        products: { name: string }[];
      }
    ).products.map(({ name }) => name);
  expect(await found("ball")).toEqual(["red ball", "blue ball"]);
  expect(await found("ball red")).toEqual(["red ball"]);
  expect(await found("sku-blue")).toEqual(["blue ball"]);
  expect(await found("2")).toEqual(["blue ball"]);
  expect(await found("%")).toEqual([]);
});
