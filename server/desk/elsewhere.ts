/**
 * What operators do at screens of other processes, as far as this process's cards and screens show it: told by hints, and read again from
 * PostgreSQL when hints were lost.
 */
import type { CustomerDirectory } from "../customers/model.ts";
import type { Database } from "../storage/database.ts";
import type { Board } from "./board.ts";
import { readCallCustomers } from "./call-customers.ts";
import type { Cards } from "./cards.ts";
import type { Floor } from "./floor.ts";
import type { Others } from "./others.ts";
import type { DeskLog } from "./ports.ts";
import type { Seating } from "./seating.ts";
import type { WrapUps } from "./wrap-ups.ts";

/** What is followed, and who is told. */
export type ElsewhereOptions = {
  readonly db: Database;
  readonly others: Others;
  readonly floor: Floor;
  readonly board: Board;
  readonly cards: Cards;
  readonly directory: Pick<CustomerDirectory, "customer">;
  readonly seating: Pick<Seating, "read">;
  readonly wrapUps: Pick<WrapUps, "readDue" | "readDrafts">;
  /** Told who an operator says the customer of a call is. */
  readonly chosen: (callId: string, customerId: string) => void;
  /** Lists of call backs may be others. */
  readonly callBacksChanged: () => void;
  readonly log: DeskLog;
};

/** A call asked for at another process that did not begin by then does not any more. */
const ASKED_KEPT_MS = 60_000;

/** Follows the other processes from its making until {@link Elsewhere.close}. */
export class Elsewhere {
  readonly #options: ElsewhereOptions;
  readonly #asked = new Map<string, NodeJS.Timeout>();
  #reading: Promise<void> | null = null;
  #again = false;

  constructor(options: ElsewhereOptions) {
    this.#options = options;
    const { cards, others } = options;
    others.on("customerChosen", ({ callId, customerId }) => {
      options.chosen(callId, customerId);
      void this.#choose(callId, customerId);
    });
    others.on("notesChanged", ({ customerId }) => {
      for (const callId of [...cards.callsOf(customerId)]) cards.refreshNotes(callId);
    });
    others.on("orderAsked", ({ orderId }) => {
      const fits = cards.callsWith(({ work }) => work?.order?.id === orderId);
      for (const callId of [...fits]) cards.refreshWork(callId, true);
    });
    others.on("callAsked", ({ callId, number }) => {
      this.#askedEnds(callId);
      if (number !== "") this.#callAsked(callId, number);
    });
    others.on("hintsLost", () => void this.readAll());
  }

  /** Brings everybody to their seats, with what they are asked. @throws when PostgreSQL does not answer. */
  async load(): Promise<void> {
    const { floor, wrapUps } = this.#options;
    await this.#readSaid();
    for (const operator of floor.operators()) await wrapUps.readDrafts(operator);
  }

  /** Reads again all that other processes may have changed. Never fails. */
  readAll(): Promise<void> {
    const { callBacksChanged, cards, floor, wrapUps } = this.#options;
    if (this.#reading !== null) {
      this.#again = true;
      return this.#reading;
    }
    return this.#read(async () => {
      await this.#readSaid();
      callBacksChanged();
      for (const operator of floor.operators()) {
        if (operator.screen.browsers === 0) continue;
        await wrapUps.readDrafts(operator);
        for (const callId of operator.calls.keys()) {
          cards.refreshWork(callId, true);
          cards.refreshNotes(callId);
        }
      }
    });
  }

  /** Reads again what decides what operators are asked and whom calls are with, for as long as hints do not come. Never fails. */
  readSaid(): Promise<void> {
    return this.#reading ?? this.#read(() => this.#readSaid());
  }

  /** Reads what belongs to one person, before a browser of theirs is shown anything. @throws when PostgreSQL does not answer. */
  async readOf(userId: string): Promise<void> {
    const { floor, seating, wrapUps } = this.#options;
    await seating.read([userId]);
    const operator = floor.of(userId);
    if (operator === null) return;
    await Promise.all([
      wrapUps.readDue(operator),
      wrapUps.readDrafts(operator),
      this.#readChosen([...operator.calls.keys()]),
    ]);
  }

  close(): void {
    for (const timer of this.#asked.values()) clearTimeout(timer);
    this.#asked.clear();
  }

  async #readSaid(): Promise<void> {
    const { cards, seating, wrapUps } = this.#options;
    await seating.read();
    await wrapUps.readDue();
    await this.#readChosen([...cards.calls()]);
  }

  /** One reading at a time; what hints were lost meanwhile is read after it. */
  #read(deed: () => Promise<void>): Promise<void> {
    const reading = deed()
      .catch((error: unknown) =>
        this.#options.log.warn({ err: error }, "what other processes did could not be read"),
      )
      .finally(() => {
        this.#reading = null;
        if (!this.#again) return;
        this.#again = false;
        void this.readAll();
      });
    return (this.#reading = reading);
  }

  async #readChosen(callIds: readonly string[]): Promise<void> {
    const { chosen, db } = this.#options;
    for (const { callId, customerId } of await readCallCustomers(db, callIds)) {
      chosen(callId, customerId);
      await this.#choose(callId, customerId);
    }
  }

  async #choose(callId: string, customerId: string): Promise<void> {
    const { cards, directory, log } = this.#options;
    if (cards.chosen(callId) === customerId) return;
    try {
      const customer = await directory.customer(customerId);
      if (customer !== null) cards.choose(callId, customer);
    } catch (error) {
      log.warn({ err: error, callId }, "who a call is with could not be read");
    }
  }

  #callAsked(callId: string, number: string): void {
    this.#options.board.asked(callId, number);
    const timer = setTimeout(() => this.#askedEnds(callId), ASKED_KEPT_MS).unref();
    this.#asked.set(callId, timer);
  }

  /** It is over, or it began and tells of itself. */
  #askedEnds(callId: string): void {
    const timer = this.#asked.get(callId);
    if (timer === undefined) return;
    clearTimeout(timer);
    this.#asked.delete(callId);
    const { board } = this.#options;
    if (!board.lives(callId)) board.notDialled(callId);
  }
}
