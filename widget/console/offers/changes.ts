/** What one version of a rule changed in the one before, as sentences. */
import type { OfferRuleSettings } from "../../../server/offers/rules.ts";
import type { ConsoleWords } from "../words.ts";
import { limitTexts, type RuleNames, ruleText } from "./sentences.ts";

/** Empty when nothing that is said changed. @param before Null: it is the first. */
export function ruleChanges(
  before: OfferRuleSettings | null,
  after: OfferRuleSettings,
  words: ConsoleWords,
  product: RuleNames["product"],
): readonly string[] {
  if (before === null) return [];
  const was = aspects(before, words, product);
  return aspects(after, words, product).flatMap(([what, text], index) => {
    const [, earlier = ""] = was[index] ?? [];
    if (text === earlier) return [];
    const said = (one: string): string => one || words.t("ofV_nothing");
    return [words.t("ofV_change", { what, before: said(earlier), after: said(text) })];
  });
}

function aspects(
  settings: OfferRuleSettings,
  words: ConsoleWords,
  product: RuleNames["product"],
): readonly (readonly [what: string, text: string])[] {
  const { t } = words;
  const { currency, group, name, priority, saying } = settings;
  return [
    [t("ofEd_nameLabel"), name],
    [t("ofV_rule"), ruleText(settings, words, { product, currency })],
    // By the time 0 nothing is over and nothing is yet to come.
    [t("ofEd_limits"), limitTexts(settings, words, 0).join("; ")],
    [t("ofEd_priorityLabel"), String(priority)],
    [t("ofEd_groupLabel"), group],
    [t("ofEd_currencyLabel"), currency],
    ...(["ru", "uk", "en"] as const).map(
      (language) => [t(`ofEd_saying_${language}`), saying[language]] as const,
    ),
  ];
}
