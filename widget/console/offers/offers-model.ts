/** What the offers' screens know: the rules, what they may name, products by id, and settings that are being edited. */
import type { OfferedProduct } from "../../../server/offers/model.ts";
import type {
  OfferRuleBody,
  OfferVocabularyBody,
  StandingsBody,
} from "../../../server/offers/rest.ts";
import type { OfferRuleSettings } from "../../../server/offers/rules.ts";
import type { StandingSettings } from "../../../server/offers/standings/settings.ts";
import type { Answered, Refused } from "../request.ts";
import { SettingsDraft } from "../shared/settings-draft.ts";
import type { OffersApi } from "./offers-api.ts";

/** What a rule that is not saved yet is edited under. */
export const NEW = "new";

export type RuleDraft = SettingsDraft<OfferRuleSettings, OfferRuleBody>;
export type StandingsDraft = SettingsDraft<StandingSettings, StandingsBody>;

export class OffersModel {
  readonly api: OffersApi;
  /** Highest priority first; null before they were read. */
  rules: readonly OfferRuleBody[] | null = null;
  vocabulary: OfferVocabularyBody | null = null;
  /** Every product that an answer named. */
  readonly products = new Map<string, OfferedProduct>();
  /** Why the rules could not be read, null when they could. */
  refused: Refused | null = null;
  standings: StandingsDraft | null = null;
  readonly #changed: () => void;
  readonly #drafts = new Map<string, RuleDraft>();

  constructor(api: OffersApi, changed: () => void) {
    this.api = api;
    this.#changed = changed;
  }

  /** Reads the rules and what they may name anew. */
  async refresh(): Promise<void> {
    const [rules, vocabulary] = await Promise.all([this.api.rules(), this.api.vocabulary()]);
    if (rules.ok) {
      this.rules = rules.body.rules;
      for (const { products } of rules.body.rules) this.know(products);
    }
    if (vocabulary.ok) this.vocabulary = vocabulary.body;
    this.refused = !rules.ok ? rules : vocabulary.ok ? null : vocabulary;
    this.#changed();
  }

  know(products: readonly OfferedProduct[]): void {
    for (const product of products) this.products.set(product.id, product);
  }

  productName = (id: string): string => this.products.get(id)?.name ?? id;

  draft(id: string): RuleDraft | null {
    return this.#drafts.get(id) ?? null;
  }

  /** @returns why the rule could not be read, null when it could. */
  async open(id: string): Promise<Refused | null> {
    if (this.#drafts.has(id)) return null;
    const answer = this.#known(await this.api.rule(id));
    if (!answer.ok) return answer;
    this.#drafts.set(id, this.#edit(answer.body));
    this.#changed();
    return null;
  }

  /** A new rule with these settings. */
  begin(settings: OfferRuleSettings): void {
    this.discard(NEW);
    this.#drafts.set(NEW, this.#edit(settings));
    this.#changed();
  }

  /** A new rule got its id. */
  saved(id: string): void {
    const draft = this.#drafts.get(NEW);
    if (!draft) return;
    this.#drafts.delete(NEW);
    this.#drafts.set(id, draft);
  }

  /** What was typed is given up. */
  discard(id: string): void {
    this.#drafts.get(id)?.close();
    this.#drafts.delete(id);
    this.#changed();
  }

  /** @returns why it could not be done, null when it was. */
  async turn(id: string, state: "on" | "off"): Promise<Refused | null> {
    const answer = this.#known(await this.api.turn(id, state));
    if (!answer.ok) return answer;
    const draft = this.#drafts.get(id);
    // What is being typed goes on from the revision that this made.
    if (draft?.save.state === "clean") draft.replace(answer.body);
    else if (draft) draft.before = answer.body;
    await this.refresh();
    return null;
  }

  /** The rule as it was once, as a version of its own. @returns why it could not be done, null when it was. */
  async takeAgain(id: string, settings: OfferRuleSettings): Promise<Refused | null> {
    const now = await this.api.rule(id);
    if (!now.ok) return now;
    const answer = this.#known(await this.api.change(id, settings, now.body.revision));
    if (!answer.ok) return answer;
    // What is being typed goes on from the revision it began with: saving it says that there is another one.
    const draft = this.#drafts.get(id);
    if (draft?.save.state === "clean") draft.replace(answer.body);
    await this.refresh();
    return null;
  }

  /** @returns why the thresholds could not be read, null when they could. */
  async openStandings(): Promise<Refused | null> {
    if (this.standings && this.standings.save.state !== "clean") return null;
    const answer = await this.api.standings();
    if (!answer.ok) return answer;
    if (this.standings) this.standings.replace(answer.body);
    else
      this.standings = new SettingsDraft<StandingSettings, StandingsBody>(
        answer.body,
        {
          check: (settings) => this.api.checkStandings(settings),
          save: (settings, before) => this.api.changeStandings(settings, before?.revision ?? 0),
          read: () => this.api.standings(),
        },
        this.#changed,
      );
    this.#changed();
    return null;
  }

  /** Whoever is logged in next begins anew. */
  forget(): void {
    for (const draft of this.#drafts.values()) draft.close();
    this.#drafts.clear();
    this.standings?.close();
    this.standings = null;
    this.rules = null;
    this.vocabulary = null;
    this.products.clear();
  }

  #edit(from: OfferRuleBody | OfferRuleSettings): RuleDraft {
    return new SettingsDraft<OfferRuleSettings, OfferRuleBody>(
      from,
      {
        check: (settings, before) => this.api.check(settings, before?.id ?? null),
        save: async (settings, before) =>
          this.#known(
            before === null
              ? await this.api.add(settings)
              : await this.api.change(before.id, settings, before.revision),
          ),
        read: async (before) => this.#known(await this.api.rule(before.id)),
      },
      this.#changed,
    );
  }

  #known(answer: Answered<OfferRuleBody>): Answered<OfferRuleBody> {
    if (answer.ok) this.know(answer.body.products);
    return answer;
  }
}
