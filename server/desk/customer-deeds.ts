/** What an operator does about the customer of a call on their screen: looks for, says or makes who it is, and notes something. */
import type { Customer, CustomerDirectory } from "../customers/model.ts";
import type { User } from "../people/model.ts";
import type { Database } from "../storage/database.ts";
import type { Cards } from "./cards.ts";
import { Refusal } from "./replies.ts";
import type { Message } from "./schemas.ts";
import { writeCallCustomer } from "./call-customers.ts";
import { insertNote } from "./store.ts";

/** What the deeds need. */
export type CustomerDeedsOptions = {
  readonly cards: Cards;
  readonly directory: CustomerDirectory;
  /** For notes: what operators write does not wait behind look-ups. */
  readonly record: Database;
  /** True when the call is on this person's screen. */
  readonly isShown: (userId: string, callId: string) => boolean;
  /** Told who an operator says the customer of a call is. */
  readonly chosen: (callId: string, customerId: string) => void;
  /** Told of a customer about whom something was noted. */
  readonly noted: (customerId: string) => void;
};

/** The deeds. They throw `Refusal` `forbidden`, `notFound` or `invalid` for what cannot be done with the call. */
export type CustomerDeeds = {
  /** Customers by name, phone, e-mail or order number. */
  search(input: Message<"searchCustomers">): Promise<{
    customers: readonly (Customer & { readonly phones: readonly string[] })[];
  }>;
  /** Says who the call's other side is; remembered for its phone. */
  choose(user: User, input: Message<"chooseCustomer">): Promise<object>;
  /** A new customer with this call's number. */
  create(user: User, input: Message<"createCustomer">): Promise<{ customerId: string }>;
  /** A note about the call's customer. */
  addNote(user: User, input: Message<"addNote">): Promise<{ noteId: string }>;
};

const SEARCH_LIMIT = 20;

/** The deeds over these parts. */
export function customerDeeds(options: CustomerDeedsOptions): CustomerDeeds {
  const { cards, directory, record, chosen } = options;

  function cardOf(user: User, callId: string) {
    if (!options.isShown(user.id, callId))
      throw new Refusal("forbidden", "callId: this call is not on your screen");
    const card = cards.card(callId);
    if (card === null) throw new Refusal("notFound", "callId: this call is forgotten");
    if (card.outcome === "internal")
      throw new Refusal("invalid", "callId: the other side is a colleague");
    return card;
  }

  async function choose(user: User, callId: string, customer: Customer): Promise<void> {
    await writeCallCustomer(record, { callId, customerId: customer.id }, user.id);
    cards.choose(callId, customer);
    chosen(callId, customer.id);
  }

  return {
    async search(input) {
      const text = input.text.trim();
      if (text.length < 2) return { customers: [] };
      return { customers: await directory.search(text, SEARCH_LIMIT) };
    },

    async choose(user, input) {
      const card = cardOf(user, input.callId);
      const customer = await directory.customer(input.customerId);
      if (customer === null) throw new Refusal("notFound", "customerId: there is no such customer");
      if (card.phone !== null) {
        const { e164 } = card.phone;
        if (card.outcome === "none") await directory.attach(e164, customer.id, user.id);
        else await directory.choose(e164, customer.id, user.id);
      }
      await choose(user, input.callId, customer);
      return {};
    },

    async create(user, input) {
      const card = cardOf(user, input.callId);
      if (card.phone === null)
        throw new Refusal("invalid", "callId: this call has no number to make a customer with");
      const { callId, ...person } = input;
      if (person.name.trim() === "") throw new Refusal("invalid", "name: is empty");
      const customer = await directory.create(
        { ...person, name: person.name.trim(), phone: card.phone.e164 },
        user.id,
      );
      await choose(user, callId, customer);
      return { customerId: customer.id };
    },

    async addNote(user, input) {
      const card = cardOf(user, input.callId);
      if (card.customer === null)
        throw new Refusal("invalid", "callId: say who the customer is first");
      const noteId = await insertNote(record, {
        customerId: card.customer.id,
        callId: input.callId,
        authorId: user.id,
        text: input.text,
      });
      options.noted(card.customer.id);
      return { noteId };
    },
  };
}
