/** Names that a rule says and nobody has. Pure. */
import { fold, foldedSet } from "../priority/decide.ts";
import { MOST_LISTED } from "../priority/meaning.ts";
import { listed, nearest } from "../priority/problems.ts";
import type { OfferVocabulary } from "./check.ts";
import { type Findings, type OfferProblemValues, tell } from "./problems.ts";

/** Tells products the catalogue does not have. */
export function knownProducts(
  at: string,
  ids: readonly string[],
  { products }: Pick<OfferVocabulary, "products">,
  { problems }: Findings,
): void {
  for (const [index, value] of ids.entries()) {
    const path = `${at}/${index}`;
    if (!products.has(value)) {
      const words = `The catalogue has no product "${value}"`;
      tell(problems, path, "unknownProduct", { value }, words);
    } else if (ids.indexOf(value) < index)
      tell(problems, path, "duplicate", { value }, `Product "${value}" is named twice`);
  }
}

type NameCode = "unknownSegment" | "unknownTier" | "unknownRegion" | "unknownCategory";
const NOUNS: Readonly<Record<NameCode, readonly [one: string, doubt: boolean]>> = {
  unknownSegment: ["segment", false],
  unknownTier: ["tier", false],
  unknownCategory: ["category", false],
  // Tomorrow somebody lives there.
  unknownRegion: ["city or region", true],
};

/** Tells names that nobody has; of a list that is too long to be whole they are only doubted. */
export function knownNames(
  at: string,
  code: NameCode,
  names: readonly string[],
  known: readonly string[],
  found: Findings,
): void {
  const [noun, isDoubtful] = NOUNS[code];
  if (names.length === 0) {
    const field = at.slice(at.lastIndexOf("/") + 1);
    tell(found.problems, at, "empty", { field }, `Choose at least one ${noun}`);
  }
  const isDoubt = isDoubtful || known.length >= MOST_LISTED;
  for (const [index, value] of names.entries()) {
    if (foldedSet(known).has(fold(value))) continue;
    const values: OfferProblemValues["unknownTier"] = {
      ...{ value, known: listed(known), suggestion: nearest(value, known) },
    };
    const meant = values.suggestion === "" ? "." : `. Did you mean "${values.suggestion}"?`;
    const words = `There is no ${noun} "${value}"${values.known === "" ? "; none is known yet" : `${meant} Known: ${values.known}`}`;
    tell(isDoubt ? found.warnings : found.problems, `${at}/${index}`, code, values, words);
  }
}
