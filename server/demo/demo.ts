/**
 * What `npm start` shows when no PBX is configured: the sample shop, which takes what is asked of its orders, people who may log in, a
 * simulated PBX with its callers.
 */
import { importCustomers } from "../customers/import.ts";
import type { PbxConfig } from "../config.ts";
import { importOrders, importProducts } from "../orders/import.ts";
import { recordAudit } from "../people/audit.ts";
import { changeUser, createUser, findActiveByLogin, listUsers } from "../people/users.ts";
import type { Database, Storage } from "../storage/database.ts";
import { insertVersion, lockPolicies, newestVersion } from "../priority/policy-store.ts";
import { readyPolicies } from "../priority/ready-policies.ts";
import { openVocabulary } from "../priority/vocabulary.ts";
import { ACTION_KINDS } from "../orders/actions/check.ts";
import { loadHistory } from "./history.ts";
import { type ShopDoor, type ShopMemory, openShopDoor } from "./shop/door.ts";
import { prepareSelling } from "./shop/selling.ts";
import { type DemoShop, makeDemoShop } from "./shop/shop.ts";
import { demoExtensions, demoQueues, startDemo } from "./traffic.ts";

/** A login that everybody who sees the demo may know. */
export type DemoLogin = {
  readonly login: string;
  readonly password: string;
  readonly about: string;
};

/** The running demo, as `main.ts` needs it. */
export type RunningDemo = {
  readonly pbx: PbxConfig;
  readonly logins: readonly DemoLogin[];
  /** The sample shop's. */
  readonly timeZone: string;
  /** Says whose extensions have a screen open: they are called first. */
  attendedBy(extensions: () => ReadonlySet<string>): void;
  stop(): Promise<void>;
};

export const DEMO_PBX = "demo";
const SOURCE = "sample-shop";
/** As its people call it. */
const SHOP_TITLE = "Магазин игрушек";
const PASSWORD = "callcard";
const BATCH = 1000;
/** Where the sample shop is. */
const TIME_ZONE = "Asia/Novosibirsk";

/** Login, name, role, and the extension that waits for an operator. */
const people = [
  {
    login: "operator",
    name: "Анна Светлова",
    role: "operator",
    extension: demoExtensions[0],
    about: "operator",
  },
  {
    login: "operator2",
    name: "Борис Климов",
    role: "operator",
    extension: demoExtensions[1],
    about: "operator",
  },
  {
    login: "supervisor",
    name: "Вера Громова",
    role: "supervisor",
    extension: null,
    about: "supervisor",
  },
] as const;

/** Loads what is missing, starts the PBX and its callers. Starting again goes on with the same shop. */
export async function openDemo(storage: Storage): Promise<RunningDemo> {
  const shop = await sampleShop(storage);
  await admitPeople(storage.db);
  await publishFirstPolicy(storage);
  await prepareSelling(storage.db, SOURCE);
  let attended: () => ReadonlySet<string> = () => new Set();
  const door = await openDoor(storage, shop);
  const demo = await startDemo({ shop, attended: () => attended() }).catch(async (error) => {
    await door.close();
    throw error;
  });
  const { port, username, secret } = demo.pbx;
  return {
    pbx: { name: DEMO_PBX, host: "127.0.0.1", port, username, secret, tls: false },
    timeZone: TIME_ZONE,
    logins: people.map(({ login, about }) => ({ login, about, password: PASSWORD })),
    attendedBy(extensions) {
      attended = extensions;
    },
    async stop() {
      await demo.stop();
      await door.close();
      await forgetDoor(storage.db);
    },
  };
}

/** The sample shop takes what operators ask of its orders; it goes on with what it decided in runs before. */
async function openDoor(storage: Storage, shop: DemoShop): Promise<ShopDoor> {
  const { db } = storage;
  const key = "sampleShopMemory";
  const known = await db
    .selectFrom("installation")
    .select("value")
    .where("key", "=", key)
    .executeTakeFirst();
  const door = await openShopDoor({
    shop,
    memory: (known?.value as ShopMemory | undefined) ?? null,
    async keep(memory) {
      const value = JSON.stringify(memory);
      await db
        .insertInto("installation")
        .values({ key, value })
        .onConflict((conflict) => conflict.column("key").doUpdateSet({ value }))
        .execute();
    },
    async stockChanged(products) {
      const records = products.map(({ nameUk: _nameUk, ...product }) => product);
      await importProducts(storage, records, { source: SOURCE, defaultRegion: "RU" });
    },
  });
  const settings = {
    ...{
      title: SHOP_TITLE,
      actions_url: door.url,
      actions_secret: door.secret,
      actions: [...ACTION_KINDS],
    },
  };
  await db
    .insertInto("order_sources")
    .values({ source: SOURCE, ...settings })
    .onConflict((conflict) => conflict.column("source").doUpdateSet(settings))
    .execute();
  return door;
}

/** Nobody listens there any more. */
async function forgetDoor(db: Database): Promise<void> {
  await db
    .updateTable("order_sources")
    .set({ actions_url: "", actions_secret: "", actions: [] })
    .where("source", "=", SOURCE)
    .execute();
}

/**
 * Closes the demo's logins once a real PBX is configured: their password is in this file. Customers of the sample shop
 * stay; their numbers belong to nobody.
 */
export async function closeDemoLogins(db: Database): Promise<void> {
  await forgetDoor(db);
  const logins = await db
    .selectFrom("installation")
    .select("value")
    .where("key", "=", "demoLogins")
    .executeTakeFirst();
  for (const login of (logins?.value ?? []) as readonly string[]) {
    const found = await findActiveByLogin(db, login);
    if (found !== null) await changeUser(db, found.user.id, { active: false }, "system");
  }
}

/** The shop as it was made at the first start: the same seed and day give the same customers and numbers. */
async function sampleShop(storage: Storage): Promise<DemoShop> {
  const { db } = storage;
  const known = await db
    .selectFrom("installation")
    .select("value")
    .where("key", "=", "sampleShop")
    .executeTakeFirst();
  if (known !== undefined) return makeDemoShop(known.value as { nowMs: number });
  const madeAt = { nowMs: Date.now() };
  const shop = makeDemoShop(madeAt);
  await load(storage, shop);
  await db
    .insertInto("installation")
    .values({ key: "sampleShop", value: JSON.stringify(madeAt) })
    .execute();
  return shop;
}

/** Through the same doors as a real shop's data; loading again after a crash half-way changes nothing twice. */
async function load(storage: Storage, shop: DemoShop): Promise<void> {
  const options = { source: SOURCE, defaultRegion: "RU" } as const;
  const steps = [
    [importCustomers, shop.customers.map(({ country: _country, ...customer }) => customer)],
    [importProducts, shop.products.map(({ nameUk: _nameUk, ...product }) => product)],
    [
      importOrders,
      shop.orders.map(({ updatedAt: _updatedAt, lines, ...order }) => ({
        ...order,
        lines: lines.map(({ productSourceId: productId, ...line }) => ({ ...line, productId })),
      })),
    ],
  ] as const;
  for (const [take, records] of steps) {
    for (let from = 0; from < records.length; from += BATCH) {
      const { refused } = await take(storage, records.slice(from, from + BATCH), options);
      const first = refused[0];
      if (first) throw new Error(`The sample shop is wrong: ${first.field}: ${first.reason}`);
    }
  }
  await loadHistory(storage, shop, SOURCE, DEMO_PBX);
}

async function admitPeople(db: Database): Promise<void> {
  const known = new Map((await listUsers(db)).map((user) => [user.login, user]));
  for (const { login, name, role, extension } of people) {
    const user = known.get(login);
    if (user?.active) continue;
    if (user !== undefined) {
      // Closed when a real PBX was configured; without one this is a demo again.
      await changeUser(db, user.id, { active: true }, "system");
      continue;
    }
    const { id } = await createUser(db, { login, name, role, password: PASSWORD }, "system");
    if (extension === null) continue;
    await db
      .insertInto("operator_devices")
      .values({ user_id: id, pbx: DEMO_PBX, extension })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
  await db
    .insertInto("installation")
    .values({ key: "demoLogins", value: JSON.stringify(people.map(({ login }) => login)) })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Regular customers come first, gently, unless a policy was published already: a queue in plain order shows nothing. */
async function publishFirstPolicy(storage: Storage): Promise<void> {
  const { db } = storage;
  if ((await newestVersion(db)) !== null) return;
  const source = openVocabulary(storage, {
    queues: () => demoQueues.map(({ name }) => name),
    timeZone: () => TIME_ZONE,
  });
  const vocabulary = await source.read().finally(() => source.close());
  const gentle = readyPolicies(vocabulary, TIME_ZONE, vocabulary.tierShares).find(
    ({ id }) => id === "gentle",
  )!;
  // In the language of the sample shop.
  const rules = gentle.policy.rules.map((rule) => ({ ...rule, name: "Постоянные клиенты" }));
  await db.transaction().execute(async (tx) => {
    await lockPolicies(tx);
    if ((await newestVersion(tx)) !== null) return;
    const published = { version: 1, note: "", publishedBy: "demo", rolledBackTo: null };
    await insertVersion(tx, { ...published, policy: { ...gentle.policy, rules } });
    await recordAudit(tx, {
      actor: "demo",
      action: "policy.published",
      detail: { version: 1, note: "", rules: rules.length },
    });
  });
}
