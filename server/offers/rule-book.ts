/**
 * The offer rules, in memory and at hand at once, and how they are changed. Every change is audited, keeps the version before, and is told to the
 * other processes; who misses that finds out within half a minute.
 */
import { sql } from "kysely";
import { recordAudit } from "../people/audit.ts";
import type { Bus } from "../storage/bus.ts";
import type { Database, Storage } from "../storage/database.ts";
import { type OfferVocabulary, checkOfferRule, readOfferRule } from "./check.ts";
import { byPriority, type CatalogueProduct } from "./facts.ts";
import { readProducts } from "./reader.ts";
import type {
  OfferRuleBody,
  OfferRuleCheck,
  OfferRuleVersion,
  OfferVocabularyBody,
} from "./rest.ts";
import { type OfferRule, namedProducts } from "./rules.ts";
import { type UsedToday, readUsedToday } from "./uses.ts";

/** What the book needs of the rest. */
export type RuleBookOptions = {
  readonly storage: Pick<Storage, "db" | "pool">;
  readonly bus: Pick<Bus, "publish" | "on">;
  /** What rules may name, for the check before anything is saved or switched on. */
  readonly vocabulary: (oldestMs?: number) => Promise<OfferVocabularyBody>;
  /** Epoch ms. */
  readonly clock?: () => number;
  /** How often to look whether another process changed something; default 30 s. */
  readonly lookMs?: number;
  /** A look that failed. */
  readonly onError: (error: unknown) => void;
};

/** Somebody who mends a rule while they type is not answered from the whole catalogue more often than this. */
const SOON_MS = 1000;

/** A change that cannot be made; `message` is for the person. */
export class RuleError extends Error {
  readonly code: "ruleChanged" | "ruleRefused" | "noSuchRule";
  /** With `ruleRefused`: why. */
  readonly checked: OfferRuleCheck;
  constructor(
    code: RuleError["code"],
    message: string,
    checked: OfferRuleCheck = { problems: [], warnings: [] },
  ) {
    super(message);
    this.name = "RuleError";
    this.code = code;
    this.checked = checked;
  }
}

type Row = {
  id: string;
  settings: unknown;
  state: OfferRule["state"];
  revision: number;
  uses: number;
  created_at: Date;
  changed_at: Date;
};

/** The rules of an installation, as this process knows them. */
export class RuleBook {
  readonly #options: RuleBookOptions;
  readonly #stopHearing: () => void;
  readonly #timer: NodeJS.Timeout;
  readonly #listeners = new Set<() => void>();
  #on: readonly OfferRule[] = [];
  #loading: Promise<void> = Promise.resolve();

  constructor(options: RuleBookOptions) {
    this.#options = options;
    const stops = (["offersChanged", "hintsLost"] as const).map((hint) =>
      options.bus.on(hint, () => this.#look()),
    );
    this.#stopHearing = () => stops.forEach((stop) => stop());
    this.#timer = setInterval(() => this.#look(), options.lookMs ?? 30_000).unref();
  }

  /** Those that are on, in the order in which they are asked. The same array until something changed. */
  rules(): readonly OfferRule[] {
    return this.#on;
  }

  /** Told after the rules were read anew; returns how to stop. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Reads them; call it once before others are served. One after the other, so that an older answer never replaces a newer one. */
  load(): Promise<void> {
    const next = this.#loading.catch(() => undefined).then(() => this.#load());
    this.#loading = next;
    return next;
  }

  /** All, the highest priority first. */
  async list(): Promise<readonly OfferRuleBody[]> {
    const rows = await selectRules(this.#options.storage.db).execute();
    const bodies = await this.#bodies(rows, rows);
    return bodies.toSorted(byPriority);
  }

  /** @throws RuleError `noSuchRule` */
  async body(id: string): Promise<OfferRuleBody> {
    const rows = await selectRules(this.#options.storage.db).execute();
    const row = rows.find((one) => one.id === id);
    if (row === undefined) throw noSuchRule();
    return (await this.#bodies([row], rows))[0]!;
  }

  /** Newest first. @throws RuleError `noSuchRule` */
  async versions(id: string): Promise<readonly OfferRuleVersion[]> {
    const { db } = this.#options.storage;
    await find(db, id);
    const rows = await db
      .selectFrom("offer_rule_versions")
      .select(["revision", "settings", "changed_by", "changed_at"])
      .where("rule_id", "=", id)
      .orderBy("revision", "desc")
      .limit(200)
      .execute();
    return rows.map((row) => ({
      revision: row.revision,
      settings: row.settings as OfferRule["settings"],
      changedBy: row.changed_by,
      changedAt: row.changed_at.toISOString(),
    }));
  }

  vocabulary(): Promise<OfferVocabularyBody> {
    return this.#options.vocabulary();
  }

  /** What would be said of these settings; `id`: of which rule they are to be, "" for a new one. */
  async check(settings: unknown, id = ""): Promise<OfferRuleCheck> {
    const rows = await selectRules(this.#options.storage.db).execute();
    const { problems, warnings } = await this.#judged(settings, rows, id);
    return { problems, warnings };
  }

  /** A new rule, as a draft. @throws RuleError `ruleRefused` */
  async create(input: { readonly settings: unknown; readonly by: string }): Promise<OfferRuleBody> {
    const id = await this.#alone(async (trx, rows) => {
      const settings = await this.#checked(input.settings, rows, "");
      const { id: made } = await trx
        .insertInto("offer_rules")
        .values({ settings: JSON.stringify(settings) })
        .returning("id")
        .executeTakeFirstOrThrow();
      await keepVersion(trx, made, 1, settings, input.by);
      const detail = { rule: made, name: settings.name };
      await recordAudit(trx, { actor: input.by, action: "offerRule.created", detail });
      return made;
    });
    return this.#changed(id);
  }

  /**
   * Other settings, which act at once.
   * @throws RuleError `ruleRefused`, `ruleChanged` when somebody else saved since `revision`, `noSuchRule`.
   */
  async save(
    id: string,
    input: { readonly settings: unknown; readonly revision: number; readonly by: string },
  ): Promise<OfferRuleBody> {
    await this.#alone(async (trx, rows) => {
      const row = await find(trx, id);
      if (row.revision !== input.revision) {
        const words = `The rule was changed meanwhile: it is at revision ${row.revision}, not ${input.revision}`;
        throw new RuleError("ruleChanged", words);
      }
      const settings = await this.#checked(input.settings, rows, id);
      const revision = row.revision + 1;
      await trx
        .updateTable("offer_rules")
        .set({ settings: JSON.stringify(settings), revision, changed_at: sql<Date>`now()` })
        .where("id", "=", id)
        .execute();
      await keepVersion(trx, id, revision, settings, input.by);
      const detail = { rule: id, name: settings.name, revision };
      await recordAudit(trx, { actor: input.by, action: "offerRule.changed", detail });
    });
    return this.#changed(id);
  }

  /**
   * Switches it on or off; so it already: nothing happens.
   * @throws RuleError `ruleRefused` when its settings are not right (any more) and it is to be on, `noSuchRule`.
   */
  async turn(id: string, state: "on" | "off", by: string): Promise<OfferRuleBody> {
    const turned = await this.#alone(async (trx, rows) => {
      const row = await find(trx, id);
      if (row.state === state) return false;
      const { name } = row.settings as OfferRule["settings"];
      if (state === "on") await this.#checked(row.settings, rows, id);
      await trx
        .updateTable("offer_rules")
        .set({ state, changed_at: sql<Date>`now()` })
        .where("id", "=", id)
        .execute();
      const action = state === "on" ? "offerRule.on" : "offerRule.off";
      await recordAudit(trx, { actor: by, action, detail: { rule: id, name } });
      return true;
    });
    return turned ? this.#changed(id) : this.body(id);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#stopHearing();
    this.#listeners.clear();
  }

  /** One change at a time: two rules of one group must not get the same priority at the same moment. */
  #alone<T>(deed: (trx: Database, rows: readonly Row[]) => Promise<T>): Promise<T> {
    return this.#options.storage.db.transaction().execute(async (trx) => {
      await sql`select pg_advisory_xact_lock(hashtext('callcard.offer-rules'))`.execute(trx);
      return deed(trx, await selectRules(trx).execute());
    });
  }

  async #checked(value: unknown, rows: readonly Row[], id: string): Promise<OfferRule["settings"]> {
    const { settings, problems, warnings } = await this.#judged(value, rows, id);
    if (settings !== null) return settings;
    const first = problems[0];
    const words = first === undefined ? "" : `: ${first.path || "/"}: ${first.message}`;
    throw new RuleError("ruleRefused", `The rule has problems${words}`, { problems, warnings });
  }

  /** What is wrong is judged by the catalogue as it is now: a shop that has just loaded it goes on with its rules. */
  async #judged(
    value: unknown,
    rows: readonly Row[],
    id: string,
  ): Promise<ReturnType<typeof checkOfferRule>> {
    const kept = checkOfferRule(value, await this.#vocabularyFor([value], rows, id));
    if (kept.problems.length + kept.warnings.length === 0) return kept;
    return checkOfferRule(value, await this.#vocabularyFor([value], rows, id, SOON_MS));
  }

  async #vocabularyFor(
    values: readonly unknown[],
    rows: readonly Row[],
    id: string,
    oldestMs?: number,
  ): Promise<OfferVocabulary> {
    const ids = values.flatMap((value) => {
      const { settings } = readOfferRule(value);
      return settings === null ? [] : namedProducts(settings);
    });
    const [plain, products] = await Promise.all([
      this.#options.vocabulary(oldestMs),
      readProducts(this.#options.storage.pool, [...new Set(ids)]),
    ]);
    return {
      ...plain,
      products: new Map(products.map((product) => [product.id, product])),
      rules: neighboursOf(rows, id),
      nowMs: this.#now(),
    };
  }

  async #bodies(wanted: readonly Row[], all: readonly Row[]): Promise<readonly OfferRuleBody[]> {
    const { pool } = this.#options.storage;
    const vocabulary = await this.#vocabularyFor(
      wanted.map(({ settings }) => settings),
      all,
      "",
    );
    const today: UsedToday = await readUsedToday(
      ...([pool, wanted.map(({ id }) => id), vocabulary.timeZone, this.#now()] as const),
    );
    return wanted.map((row) => bodyOf(row, all, vocabulary, today.get(row.id) ?? 0));
  }

  #now(): number {
    return this.#options.clock?.() ?? Date.now();
  }

  async #changed(id: string): Promise<OfferRuleBody> {
    await this.load();
    this.#options.bus.publish("offersChanged", { ruleId: id });
    return this.body(id);
  }

  #look(): void {
    this.load().catch(this.#options.onError);
  }

  async #load(): Promise<void> {
    const rows = await selectRules(this.#options.storage.db).where("state", "=", "on").execute();
    this.#on = rows
      .flatMap((row) => {
        const { settings, problems } = readOfferRule(row.settings);
        if (settings !== null) return [ruleOf(row, settings)];
        // Written by a later Callcard: it gives nothing here, and that is said.
        const first = problems[0];
        const words = `offer rule ${row.id}: ${first?.path ?? ""}: ${first?.message ?? ""}`;
        this.#options.onError(new Error(words));
        return [];
      })
      .toSorted(byPriority);
    for (const listener of this.#listeners) {
      try {
        listener();
      } catch (error) {
        this.#options.onError(error);
      }
    }
  }
}

function selectRules(db: Database) {
  return db
    .selectFrom("offer_rules")
    .select(["id", "settings", "state", "revision", "uses", "created_at", "changed_at"])
    .orderBy("id");
}

async function find(db: Database, id: string): Promise<Row> {
  const known = /^\d{1,18}$/.test(id);
  const row = await selectRules(db)
    .where("id", "=", known ? id : "0")
    .executeTakeFirst();
  if (row === undefined) throw noSuchRule();
  return row;
}

function noSuchRule(): RuleError {
  return new RuleError("noSuchRule", "The rule was not found");
}

async function keepVersion(
  trx: Database,
  id: string,
  revision: number,
  settings: OfferRule["settings"],
  by: string,
): Promise<void> {
  await trx
    .insertInto("offer_rule_versions")
    .values({ rule_id: id, revision, settings: JSON.stringify(settings), changed_by: by })
    .execute();
}

/** Rules that may come to apply beside this one. */
function neighboursOf(rows: readonly Row[], id: string): OfferVocabulary["rules"] {
  return rows.flatMap((row) => {
    const settings =
      row.id === id || row.state === "off" ? null : readOfferRule(row.settings).settings;
    return settings === null ? [] : [{ id: row.id, settings }];
  });
}

function ruleOf(row: Row, settings: OfferRule["settings"]): OfferRule {
  return { id: row.id, settings, state: row.state, revision: row.revision };
}

function bodyOf(
  row: Row,
  all: readonly Row[],
  vocabulary: OfferVocabulary,
  usesToday: number,
): OfferRuleBody {
  const { problems, warnings } = checkOfferRule(row.settings, {
    ...vocabulary,
    rules: neighboursOf(all, row.id),
  });
  const settings = row.settings as OfferRule["settings"];
  const { settings: readable } = readOfferRule(row.settings);
  const named = readable === null ? [] : namedProducts(readable);
  return {
    ...{ ...ruleOf(row, settings), problems, warnings, uses: row.uses, usesToday },
    createdAt: row.created_at.toISOString(),
    changedAt: row.changed_at.toISOString(),
    products: named.flatMap((id) => plainProduct(vocabulary.products.get(id))),
  };
}

function plainProduct(product: CatalogueProduct | undefined): OfferRuleBody["products"] {
  if (product === undefined) return [];
  const { costMinor: _cost, attributes: _attributes, ...plain } = product;
  return [plain];
}
