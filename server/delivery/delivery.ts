/** All carriers of the shop: which there are, where it sends from, and what they say of a parcel. */
import { sql } from "kysely";
import { recordAudit } from "../people/audit.ts";
import type { Bus } from "../storage/bus.ts";
import type { Database } from "../storage/database.ts";
import type { SharedCache } from "../storage/shared-cache.ts";
import { type CarrierState, Carriers, roundedUp } from "./ask.ts";
import type { Delivery, DeliveryProvider, Place, QuoteAnswer, QuoteQuestion } from "./model.ts";
import { type Goods, parcelOf } from "./parcel.ts";
import { cdek } from "./providers/cdek.ts";
import { novaPoshta } from "./providers/nova-poshta.ts";
import { russianPost } from "./providers/russian-post.ts";
import { quoteByTable } from "./providers/table.ts";
import { type ProviderSettings, keepingSecrets, withoutSecrets } from "./settings.ts";

/** What is logged; pino fits. */
export interface DeliveryLog {
  warn(fields: object, message: string): void;
}

export type DeliveryOptions = {
  readonly db: Database;
  readonly log: DeliveryLog;
  readonly now?: () => number;
  readonly deadlineMs?: number;
  /** What all processes keep of what carriers say; default: this one alone. */
  readonly reads?: SharedCache;
  /** By it processes hear that a carrier was changed; absent: it is seen the next time carriers are read. */
  readonly bus?: Pick<Bus, "on">;
};

/** Where parcels start and what is taken for granted of them. */
export type DeliveryHome = {
  readonly from: Place;
  /** Of a product whose weight is not known; null: then nothing is quoted. */
  readonly defaultGrams: number | null;
};

/** A carrier as it may be shown. */
export type ProviderRow = {
  readonly name: string;
  readonly enabled: boolean;
  readonly settings: ProviderSettings;
  readonly hasSecrets: readonly string[];
  readonly state: CarrierState;
};

/** The carriers, with how an admin changes them. */
export interface DeliveryBook extends Delivery {
  home(): DeliveryHome;
  saveHome(home: DeliveryHome, by: string): Promise<void>;
  providers(): Promise<readonly ProviderRow[]>;
  /** Secrets that are left out stay as they were. */
  saveProvider(
    name: string,
    provider: { readonly enabled: boolean; readonly settings: ProviderSettings },
    by: string,
  ): Promise<void>;
  /** @returns false when there is none such. */
  removeProvider(name: string, by: string): Promise<boolean>;
  close(): void;
}

export const NOWHERE: Place = { country: "", postalCode: "", region: "", city: "", address: "" };

const HOME_KEY = "delivery";
/** Another process may have changed the carriers: they are read again so often. */
const READ_EVERY_MS = 15_000;

type Opened = { readonly settings: string; readonly provider: DeliveryProvider };

/** Reads the carriers now and again and again. @throws when PostgreSQL cannot be read now. */
export async function openDelivery(options: DeliveryOptions): Promise<DeliveryBook> {
  const { db, log, now = Date.now } = options;
  const carriers = new Carriers({
    ...(options.deadlineMs === undefined ? {} : { deadlineMs: options.deadlineMs }),
    ...(options.reads === undefined ? {} : { reads: options.reads }),
    now,
    failed: (provider, error) => log.warn({ err: error, provider }, "a carrier did not answer"),
  });
  let home: DeliveryHome = { from: NOWHERE, defaultGrams: null };
  let opened = new Map<string, Opened>();
  let reads: Promise<void> = Promise.resolve();
  await read();
  const look = () => {
    read().catch((error: unknown) => log.warn({ err: error }, "carriers are read again later"));
  };
  const reading = setInterval(look, READ_EVERY_MS);
  reading.unref();
  const stops = [
    options.bus?.on("readsForgotten", look),
    options.bus?.on("hintsLost", look),
    () => clearInterval(reading),
  ];

  return {
    quotesFor,
    async pointsFor(name, to) {
      const found = opened.get(name);
      return found === undefined ? [] : await carriers.points(found.provider, to);
    },
    parcelOf: parcelOfLines,
    from: () => home.from,
    home: () => home,
    saveHome,
    providers,
    saveProvider,
    removeProvider,
    close: () => stops.forEach((stop) => stop?.()),
  };

  async function quotesFor(question: QuoteQuestion): Promise<QuoteAnswer> {
    const { to, parcels } = question;
    const missing =
      to.city === "" && to.postalCode === "" ? "place" : parcels.length === 0 ? "weight" : null;
    if (missing !== null) return { quotes: [], silent: [], missing };
    const all = [...opened.values()].map(({ provider }) => provider);
    return { ...(await carriers.ask(all, roundedUp(question))), missing: null };
  }

  async function parcelOfLines(
    lines: readonly { readonly productId: string; readonly quantity: number }[],
  ) {
    if (lines.length === 0) return null;
    const found = await db
      .selectFrom("products")
      .select(["id", "weight_g", "length_mm", "width_mm", "height_mm"])
      .where("id", "in", [...new Set(lines.map(({ productId }) => productId))])
      .execute();
    const byId = new Map(found.map((row) => [row.id, row]));
    const goods = lines.map(({ productId, quantity }): Goods => {
      const row = byId.get(productId);
      const { length_mm: l = null, width_mm: w = null, height_mm: h = null } = row ?? {};
      const size = l === null || w === null || h === null ? null : ([l, w, h] as const);
      return { quantity, grams: row?.weight_g ?? null, size };
    });
    return parcelOf(goods, home.defaultGrams);
  }

  /** One after the other: an older answer never replaces a newer one. */
  function read(): Promise<void> {
    const next = reads.catch(() => undefined).then(readNow);
    reads = next;
    return next;
  }

  async function readNow(): Promise<void> {
    const rows = await db.selectFrom("delivery_providers").selectAll().orderBy("name").execute();
    const kept = await db
      .selectFrom("installation")
      .select("value")
      .where("key", "=", HOME_KEY)
      .executeTakeFirst();
    if (kept !== undefined) home = kept.value as DeliveryHome;
    const next = new Map<string, Opened>();
    for (const { name, settings, enabled } of rows) {
      if (!enabled) continue;
      const written = JSON.stringify(settings);
      const before = opened.get(name);
      if (before?.settings === written) {
        next.set(name, before);
        continue;
      }
      // Also when this process is not the one where it was changed: it may have kept the old one's words meanwhile.
      if (before !== undefined) carriers.forget(name);
      const provider = providerOf(name, settings as ProviderSettings, now);
      next.set(name, { settings: written, provider });
    }
    for (const name of opened.keys()) if (!next.has(name)) carriers.forget(name);
    opened = next;
  }

  async function saveHome(wanted: DeliveryHome, by: string): Promise<void> {
    const value = JSON.stringify(wanted);
    await db.transaction().execute(async (trx) => {
      await trx
        .insertInto("installation")
        .values({ key: HOME_KEY, value })
        .onConflict((conflict) => conflict.column("key").doUpdateSet({ value }))
        .execute();
      await recordAudit(trx, { actor: by, action: "delivery.home", detail: wanted });
    });
    home = wanted;
  }

  async function providers(): Promise<readonly ProviderRow[]> {
    const rows = await db.selectFrom("delivery_providers").selectAll().orderBy("name").execute();
    return rows.map(({ name, enabled, settings }) => ({
      ...{ name, enabled },
      ...withoutSecrets(settings as ProviderSettings),
      state: carriers.state(name),
    }));
  }

  async function saveProvider(
    name: string,
    { enabled, settings }: { readonly enabled: boolean; readonly settings: ProviderSettings },
    by: string,
  ): Promise<void> {
    await db.transaction().execute(async (trx) => {
      const before = await trx
        .selectFrom("delivery_providers")
        .select("settings")
        .where("name", "=", name)
        .forUpdate()
        .executeTakeFirst();
      const kept = keepingSecrets(settings, (before?.settings as ProviderSettings) ?? null);
      const row = { kind: settings.kind, settings: JSON.stringify(kept), enabled };
      await trx
        .insertInto("delivery_providers")
        .values({ name, ...row })
        .onConflict((conflict) =>
          conflict.column("name").doUpdateSet({ ...row, changed_at: sql`now()` }),
        )
        .execute();
      const detail = { name, enabled, ...withoutSecrets(kept) };
      await recordAudit(trx, { actor: by, action: "delivery.provider", detail });
    });
    await read();
  }

  async function removeProvider(name: string, by: string): Promise<boolean> {
    const removed = await db.transaction().execute(async (trx) => {
      const { numDeletedRows } = await trx
        .deleteFrom("delivery_providers")
        .where("name", "=", name)
        .executeTakeFirst();
      if (numDeletedRows === 0n) return false;
      await recordAudit(trx, { actor: by, action: "delivery.providerRemoved", detail: { name } });
      return true;
    });
    await read();
    return removed;
  }
}

function providerOf(name: string, settings: ProviderSettings, now: () => number): DeliveryProvider {
  switch (settings.kind) {
    case "table":
      return {
        name,
        quote: async (question) => quoteByTable(name, settings, question, now()),
        points: async () => [],
      };
    case "cdek":
      return cdek(name, settings, now);
    case "russianPost":
      return russianPost(name, settings, now);
    case "novaPoshta":
    default:
      return novaPoshta(name, settings, now);
  }
}
