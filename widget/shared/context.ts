/** What every part of the screen is given: words, the server's clock, and what it may ask for. */
import type { Customer } from "../../server/customers/model.ts";
import type { Disposition } from "../../server/desk/protocol.ts";
import type { DeskWorkToServer } from "../../server/desk/work-protocol.ts";
import type { Answered, FailureCode } from "../desk/connection.ts";
import type { Locale } from "./locale.ts";
import type { Clock } from "./time.ts";

/** How a request ended: null is done, a code says why not in the dictionary's words. */
export type Done = FailureCode | null;

/** What the parts can ask for. None of these rejects. */
export type DeskActions = {
  dial(number: string): Promise<Done>;
  ready(): Promise<Done>;
  pause(reason: string): Promise<Done>;
  chooseDevice(pbx: string, extension: string, takeOver: boolean): Promise<Done>;
  chooseCustomer(callId: string, customerId: string): Promise<Done>;
  createCustomer(
    callId: string,
    input: { name: string; email?: string; city?: string },
  ): Promise<Done>;
  addNote(callId: string, text: string): Promise<Done>;
  /** Opens or closes the script, on this and all later cards. */
  showScript(open: boolean): void;
  /** Asks anything about the work with a card. */
  ask<K extends keyof DeskWorkToServer>(
    name: K,
    input: Parameters<DeskWorkToServer[K]>[0],
  ): Promise<Answered<K>>;
  search(
    text: string,
  ): Promise<
    | { readonly ok: true; readonly customers: readonly FoundCustomer[] }
    | { readonly ok: false; readonly code: FailureCode }
  >;
};

export type FoundCustomer = Customer & { readonly phones: readonly string[] };

export type DeskContext = {
  readonly locale: Locale;
  readonly clock: Clock;
  readonly act: DeskActions;
  /** How calls can end, with the words for it. */
  readonly dispositions: readonly Disposition[];
  /** Scripts are open. */
  readonly scriptOpen: boolean;
};
