/** Claims as the card, the console and other systems work on them. */
import { Refusal } from "../../desk/replies.ts";
import { findUser } from "../../people/users.ts";
import type { Bus } from "../../storage/bus.ts";
import type { Database, Storage } from "../../storage/database.ts";
import type { Claim, Claims } from "../model.ts";
import { type FileParts, type Filing, fileClaim } from "./file.ts";
import { type ClaimFilter, listClaims } from "./list.ts";
import { type ClaimSettings, readSettings, saveSettings } from "./settings.ts";
import { type ClaimNews, changeClaim } from "./status.ts";
import {
  type ClaimRow,
  type ClaimStep,
  claimOf,
  claimsOf,
  findByNumber,
  findClaim,
  stepsOf,
} from "./store.ts";

/** What is logged; pino fits. */
export interface ClaimsLog {
  warn(fields: object, message: string): void;
}

export type ClaimsOptions = {
  readonly storage: Pick<Storage, "db">;
  /** The same database over connections that answer what cards ask together; default `storage`. */
  readonly reads?: Pick<Storage, "db">;
  readonly bus: Pick<Bus, "publish" | "on">;
  readonly log: ClaimsLog;
  /** The shop's IANA zone: whose working days deadlines are counted in. */
  readonly timeZone: string;
  /** Epoch ms; default the clock. */
  readonly now?: () => number;
};

/** A claim as other systems read it. */
export type ClaimRecord = {
  readonly claim: Claim;
  readonly customerName: string;
  readonly version: number | null;
};

export interface ClaimsBook extends Claims {
  /** In a transaction of somebody else's, for claims that come otherwise than from a card. Tell {@link changed} once it is committed. */
  fileIn(
    trx: Database,
    filing: Filing,
  ): Promise<{ readonly claim: Claim; readonly isNew: boolean }>;
  /** Whoever shows it or decides by it looks again. */
  changed(claim: Pick<Claim, "id" | "customerId">): void;
  /** Null for an `after` that nobody gave out. */
  list(
    filter: ClaimFilter,
  ): Promise<{ readonly claims: readonly ClaimRecord[]; readonly next: string } | null>;
  /** Two when sources call theirs the same. @param source "" for any. */
  byNumber(number: string, source: string): Promise<readonly ClaimRecord[]>;
  /** Oldest first. */
  steps(claimId: string): Promise<readonly ClaimStep[]>;
  /** Null when there is none such. */
  change(
    claimId: string,
    news: ClaimNews,
    by: string,
  ): Promise<{ readonly claim: Claim; readonly taken: boolean } | null>;
  settings(): Promise<ClaimSettings>;
  /** @throws ClaimSettingsError */
  saveSettings(settings: ClaimSettings, by: string): Promise<void>;
  close(): void;
}

/** Nothing runs but a listener of hints. */
export function openClaims(options: ClaimsOptions): ClaimsBook {
  const { storage, bus, log, timeZone, now = Date.now } = options;
  const { db } = storage;
  const { reads = storage } = options;
  const listeners = new Set<(claim: Claim) => void>();
  const unhear = bus.on("claimsChanged", ({ claimId }) => void tell(claimId));

  return {
    async file(claim, by) {
      const user = await findUser(db, by.userId);
      if (user === null) throw new Refusal("notFound", "There is no such user");
      const filing = { ...claim, subject: "", userId: user.id, callId: by.callId, by: user.name };
      const filed = await db.transaction().execute((trx) => fileIn(trx, filing));
      if (filed.isNew) changed(filed.claim);
      return filed.claim;
    },
    fileIn,
    changed,
    async ofCustomer(customerId, limit) {
      const nowMs = now();
      return (await claimsOf(reads.db, customerId, limit)).map((row) => claimOf(row, nowMs));
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async list(filter) {
      const found = await listClaims(db, filter, now());
      return found && { claims: found.rows.map(recordOf), next: found.next };
    },
    byNumber: async (number, source) => (await findByNumber(db, number, source)).map(recordOf),
    steps: (claimId) => stepsOf(db, claimId),
    async change(claimId, news, by) {
      const parts = { settings: await readSettings(db), nowMs: now() };
      const outcome = await changeClaim(db, claimId, news, by, parts);
      if (outcome?.taken === true) changed(outcome.claim);
      return outcome;
    },
    settings: () => readSettings(db),
    saveSettings: (settings, by) => saveSettings(db, settings, by),
    close() {
      unhear();
      listeners.clear();
    },
  };

  async function fileIn(trx: Database, filing: Filing) {
    const parts: FileParts = { settings: await readSettings(trx), timeZone, nowMs: now() };
    return fileClaim(trx, filing, parts);
  }

  function changed(claim: Pick<Claim, "id" | "customerId">): void {
    bus.publish("claimsChanged", { claimId: claim.id, customerId: claim.customerId });
    bus.publish("standingsChanged", { customerIds: [claim.customerId] });
  }

  function recordOf(row: ClaimRow): ClaimRecord {
    return {
      claim: claimOf(row, now()),
      customerName: row.customer_name,
      version: row.version === null ? null : Number(row.version),
    };
  }

  async function tell(claimId: string): Promise<void> {
    if (listeners.size === 0) return;
    try {
      const row = await findClaim(db, claimId);
      if (row === null) return;
      const claim = claimOf(row, now());
      for (const listener of listeners) listener(claim);
    } catch (error) {
      log.warn({ err: error, claim: claimId }, "nobody was told of a claim's change");
    }
  }
}
