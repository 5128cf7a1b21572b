/** What an offer rule can name in this installation: read from what was loaded, and kept for half a minute. */
import type { Storage } from "../storage/database.ts";
import type { Bus } from "../storage/bus.ts";
import { openVocabulary } from "../priority/vocabulary.ts";
import { MOST_LISTED } from "../priority/meaning.ts";
import type { OfferVocabularyBody } from "./rest.ts";

/** Read when asked. */
export interface OfferVocabularySource {
  /** @param oldestMs how old the catalogue's names may be; default as the source was opened. */
  read(oldestMs?: number): Promise<OfferVocabularyBody>;
  close(): void;
}

export type OfferVocabularyOptions = {
  /** The shop's own IANA zone. */
  readonly timeZone: () => string;
  readonly bus: Pick<Bus, "on">;
  /** How long the catalogue's names are kept; default 30 s. */
  readonly freshMs?: number;
};

type Names = { readonly categories: readonly string[]; readonly attributes: readonly string[] };

/** Opens nothing by itself but a listener; lives as long as `storage`. */
export function openOfferVocabulary(
  storage: Pick<Storage, "pool">,
  options: OfferVocabularyOptions,
): OfferVocabularySource {
  const { freshMs = 30_000, timeZone, bus } = options;
  const people = openVocabulary(storage, {
    ...{ queues: () => [], timeZone, bus },
    // What a shop just loaded or set is to be named at once.
    ...(freshMs === 0 ? { freshMs: 0, leastMs: 0 } : {}),
  });
  let names: { readonly atMs: number; readonly read: Promise<Names> } | null = null;
  const namesOf = (oldestMs: number) => {
    const atMs = performance.now();
    if (names === null || atMs - names.atMs >= oldestMs) {
      const mine = { atMs, read: readNames(storage) };
      names = mine;
      mine.read.catch(() => {
        if (names === mine) names = null;
      });
    }
    return names.read;
  };
  return {
    async read(oldestMs = freshMs) {
      const { tiers, segments, regions, currency } = await people.read();
      return {
        tiers,
        segments,
        regions,
        currency,
        ...(await namesOf(Math.min(oldestMs, freshMs))),
        timeZone: timeZone(),
      };
    },
    close: () => people.close(),
  };
}

async function readNames({ pool }: Pick<Storage, "pool">): Promise<Names> {
  const { rows } = await pool.query<{ kind: string; name: string }>(`
    (select 'category' as kind, category as name from products where category <> ''
     group by category order by count(*) desc, category limit ${MOST_LISTED})
    union all
    (select 'attribute', key from products, jsonb_object_keys(attributes) key
     group by key order by count(*) desc, key limit ${MOST_LISTED})`);
  const of = (kind: string) => rows.filter((row) => row.kind === kind).map(({ name }) => name);
  return { categories: of("category"), attributes: of("attribute") };
}
