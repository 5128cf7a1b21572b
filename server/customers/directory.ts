/**
 * The customer directory over PostgreSQL: who is calling, and what an operator says about it.
 *
 * A look-up never throws and never takes longer than its deadline. Answers are kept for a few seconds, and for longer only
 * for the case that the database is away; whatever an operator writes is seen by the next look-up at once.
 */
import { LRUCache } from "lru-cache";
import { recordAudit } from "../people/audit.ts";
import type { Bus } from "../storage/bus.ts";
import type { Database, Storage } from "../storage/database.ts";
import type {
  CallerNumber,
  Customer,
  CustomerDirectory,
  Identification,
  PhoneNumber,
} from "./model.ts";
import { type PhoneRules, parseCaller, readPhone } from "./phone.ts";
import { type PhoneOwner, rankOwners } from "./rank.ts";
import { searchTermsOf } from "./search.ts";
import {
  addPhone,
  findCustomer,
  findOwners,
  insertCustomer,
  loginOf,
  rememberChoice,
  searchCustomers,
} from "./store.ts";

/** How the directory answers. */
export type DirectoryOptions = PhoneRules & {
  /** A look-up that takes longer is `failed` with reason `directoryLate`; default 300. */
  readonly deadlineMs?: number;
  /** How long an answer is given again without asking; default 3000. 0 asks every time. */
  readonly freshMs?: number;
  /** Tells other processes of what operators write here, and this one of theirs. */
  readonly bus?: Pick<Bus, "publish" | "on">;
};

/** The directory, and how imports tell it that customers changed under it. */
export type PgCustomerDirectory = CustomerDirectory & {
  /**
   * Who calls, by a question that tells more than that; always put, and kept as {@link identify}'s own. Nothing is read of who has no
   * phone number. @throws what `read` throws.
   */
  identifyBy<T extends { readonly owners: readonly PhoneOwner[] }>(
    number: string,
    read: (e164: string) => Promise<T>,
  ): Promise<{ readonly found: Identification; readonly read: T | null }>;
  /** No answer known so far is given again while the database answers. */
  customersChanged(): void;
};

/** Something an operator asked for cannot be done; `message` is for the person. */
export class DirectoryError extends Error {
  readonly code: "badPhone" | "badName" | "noSuchCustomer";
  constructor(code: DirectoryError["code"], message: string) {
    super(message);
    this.name = "DirectoryError";
    this.code = code;
  }
}

type Known = { readonly owners: readonly PhoneOwner[]; readonly atMs: number };

const MOST_KNOWN = 10_000;
/** How old an answer may be that stands in for a database that is away. */
const STAND_IN_MS = 3_600_000;
const LONGEST_NAME = 200;

/** Opens nothing by itself; lives as long as `storage`. */
export function openDirectory(
  storage: Pick<Storage, "pool" | "db">,
  options: DirectoryOptions,
): PgCustomerDirectory {
  const { pool } = storage;
  const deadlineMs = options.deadlineMs ?? 300;
  const freshMs = options.freshMs ?? 3000;
  const known = new LRUCache<string, Known>({ max: MOST_KNOWN, ttl: STAND_IN_MS });
  const asked = new Map<string, Promise<readonly PhoneOwner[]>>();
  // Answers asked for before this time are not fresh any more.
  let changedAtMs = 0;

  const now = () => performance.timeOrigin + performance.now();

  function ask(e164: string): Promise<readonly PhoneOwner[]> {
    return asked.get(e164) ?? keep(e164, findOwners(pool, e164));
  }

  /** Keeps what is being asked, unless that changes before the answer is there. */
  function keep(
    e164: string,
    asking: Promise<readonly PhoneOwner[]>,
  ): Promise<readonly PhoneOwner[]> {
    const atMs = now();
    const answer = asking.then(
      (owners) => {
        // Forgotten meanwhile: the answer may be of before the write, so it is not kept.
        if (asked.get(e164) === answer) {
          asked.delete(e164);
          known.set(e164, { owners, atMs });
        }
        return owners;
      },
      (error: unknown) => {
        if (asked.get(e164) === answer) asked.delete(e164);
        throw error;
      },
    );
    asked.set(e164, answer);
    return answer;
  }

  async function lookUp(phone: PhoneNumber, raw: string): Promise<Identification> {
    const last = known.get(phone.e164);
    if (last && last.atMs > changedAtMs && now() - last.atMs < freshMs)
      return identificationOf(phone, last.owners);
    let reason: string;
    try {
      const owners = await within(deadlineMs, ask(phone.e164));
      if (owners !== LATE) return identificationOf(phone, owners);
      reason = "directoryLate";
    } catch {
      reason = "directoryDown";
    }
    const standIn = known.get(phone.e164);
    return standIn
      ? { ...identificationOf(phone, standIn.owners), fromMemory: true }
      : { outcome: "failed", raw, reason };
  }

  function forget(e164: string): void {
    known.delete(e164);
    asked.delete(e164);
  }

  /** One transaction; what was known of the phone is forgotten whether it worked or not. */
  async function write<T>(e164: string, deed: (db: Database) => Promise<T>): Promise<T> {
    try {
      return await storage.db.transaction().execute(deed);
    } finally {
      forget(e164);
    }
  }

  function phoneOf(text: string): string {
    const read = readPhone(text, options.defaultRegion);
    if (read === null) throw new DirectoryError("badPhone", `"${text}" is not a phone number`);
    return read.e164;
  }

  async function give(
    action: "customer.phoneChosen" | "customer.phoneAttached",
    phone: string,
    customerId: string,
    byUserId: string,
  ): Promise<void> {
    const e164 = phoneOf(phone);
    await write(e164, async (db) => {
      if (!(await addPhone(db, e164, customerId)))
        throw new DirectoryError("noSuchCustomer", `there is no customer ${customerId}`);
      if (action === "customer.phoneChosen") await rememberChoice(db, e164, customerId, byUserId);
      const actor = await loginOf(db, byUserId);
      await recordAudit(db, { actor, action, detail: { customerId, phone: e164 } });
    });
    options.bus?.publish("customersChanged", { customerIds: [customerId], phones: [e164] });
  }

  function customersChanged(): void {
    changedAtMs = now();
    asked.clear();
  }

  options.bus?.on("customersChanged", ({ phones }) => {
    if (phones.length === 0) customersChanged();
    for (const e164 of phones) forget(e164);
  });
  options.bus?.on("hintsLost", customersChanged);

  return {
    async identify(number) {
      const caller = parseCaller(number, options);
      return caller.kind === "external" ? lookUp(caller.phone, number) : withoutPhone(caller);
    },
    async identifyBy(number, read) {
      const caller = parseCaller(number, options);
      if (caller.kind !== "external") return { found: withoutPhone(caller), read: null };
      const { phone } = caller;
      const reading = read(phone.e164);
      // Its failure is thrown below.
      keep(
        phone.e164,
        reading.then(({ owners }) => owners),
      ).catch(() => undefined);
      const answer = await reading;
      return { found: identificationOf(phone, answer.owners), read: answer };
    },
    customer: (id) => findCustomer(pool, id),
    search: (text, limit) =>
      searchCustomers(pool, searchTermsOf(text, options.defaultRegion), limit),
    choose: (phone, customerId, byUserId) =>
      give("customer.phoneChosen", phone, customerId, byUserId),
    attach: (phone, customerId, byUserId) =>
      give("customer.phoneAttached", phone, customerId, byUserId),
    async create(input, byUserId): Promise<Customer> {
      const name = input.name.replace(/\p{Cc}/gu, " ").trim();
      if (name === "" || name.length > LONGEST_NAME)
        throw new DirectoryError("badName", `a name has 1 to ${LONGEST_NAME} characters`);
      const e164 = phoneOf(input.phone);
      const created = await write(e164, async (db) => {
        const customer = await insertCustomer(db, {
          name,
          email: (input.email ?? "").trim(),
          city: (input.city ?? "").trim(),
        });
        await addPhone(db, e164, customer.id);
        const actor = await loginOf(db, byUserId);
        const detail = { customerId: customer.id, phone: e164 };
        await recordAudit(db, { actor, action: "customer.created", detail });
        return customer;
      });
      options.bus?.publish("customersChanged", { customerIds: [created.id], phones: [e164] });
      return created;
    },
    customersChanged,
  };
}

/** Who is no phone number. */
function withoutPhone(
  caller: Exclude<CallerNumber, { readonly kind: "external" }>,
): Identification {
  switch (caller.kind) {
    case "internal":
      return { outcome: "internal", extension: caller.extension };
    case "withheld":
      return { outcome: "withheld" };
    case "unreadable":
    default:
      return { outcome: "unreadable", raw: caller.raw };
  }
}

/** Owners of the phone to an outcome. */
function identificationOf(
  phone: PhoneNumber,
  owners: readonly PhoneOwner[],
): Extract<Identification, { readonly phone: PhoneNumber }> {
  const [only, ...others] = owners;
  if (only === undefined) return { outcome: "none", phone };
  if (others.length === 0)
    return { outcome: "one", phone, customer: only.customer, verified: only.verified };
  return { outcome: "several", phone, candidates: rankOwners(owners) };
}

const LATE = Symbol("late");

async function within<T>(limitMs: number, promise: Promise<T>): Promise<T | typeof LATE> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<typeof LATE>((resolve) => {
    timer = setTimeout(resolve, limitMs, LATE);
  });
  // Late answers still fill the cache; late failures have nobody to tell.
  promise.catch(() => undefined);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
