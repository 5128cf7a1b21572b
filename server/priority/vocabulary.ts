/** What a rule can name in this installation: read from what was loaded and recorded, and kept for a minute. */
import type { Bus } from "../storage/bus.ts";
import type { Storage } from "../storage/database.ts";
import { MOST_LISTED } from "./meaning.ts";
import type { TierShare } from "./ready-policies.ts";
import type { PbxVersion, Vocabulary } from "./rest.ts";

/** How the vocabulary is read. */
export type VocabularyOptions = {
  /** Queues the PBXs tell of now; recorded calls name the rest. */
  readonly queues: () => readonly string[];
  /** PBXs connected now that cannot move who waits. */
  readonly cannotMove?: () => readonly PbxVersion[];
  /** In whose days recorded calls are counted. */
  readonly timeZone: () => string;
  readonly bus?: Pick<Bus, "on">;
  /** After this an answer is given once more and read anew behind it; default a minute. */
  readonly freshMs?: number;
  /** However often customers change, they are not counted more often than this; default 5 s. */
  readonly leastMs?: number;
};

/** A {@link Vocabulary} with what the ready policies need beside it. */
export type KnownVocabulary = Vocabulary & { readonly tierShares: readonly TierShare[] };

/** The vocabulary, read when asked. */
export interface VocabularySource {
  read(): Promise<KnownVocabulary>;
  /** The shop's currency as far as it was read; "" before. */
  currency(): string;
  close(): void;
}

type Loaded = Omit<KnownVocabulary, "queues" | "cannotMove"> & {
  readonly recordedQueues: readonly string[];
};

/** Opens nothing by itself but a listener; lives as long as `storage`. */
export function openVocabulary(
  storage: Pick<Storage, "pool">,
  options: VocabularyOptions,
): VocabularySource {
  const { freshMs = 60_000, leastMs = 5000 } = options;
  let known: { readonly loaded: Loaded; readonly atMs: number } | null = null;
  let reading: Promise<Loaded> | null = null;
  let changed = false;
  const stops = [
    options.bus?.on("customersChanged", ({ customerIds }) => {
      // Of single customers an operator tells; a load tells of none in particular.
      if (customerIds.length === 0) changed = true;
    }),
    options.bus?.on("hintsLost", () => (changed = true)),
  ];

  function load(): Promise<Loaded> {
    if (reading !== null) return reading;
    changed = false;
    const atMs = performance.now();
    const mine = loadVocabulary(storage, options.timeZone()).then((loaded) => {
      known = { loaded, atMs };
      return loaded;
    });
    reading = mine.finally(() => {
      reading = null;
    });
    return reading;
  }

  async function loaded(): Promise<Loaded> {
    if (known === null) return load();
    const ageMs = performance.now() - known.atMs;
    if (changed && ageMs >= leastMs) return load();
    // Whoever asks next has it; a failure leaves what is known.
    if (ageMs >= freshMs) load().catch(() => undefined);
    return known.loaded;
  }

  return {
    async read() {
      const { recordedQueues, ...vocabulary } = await loaded();
      const queues = [...new Set([...options.queues(), ...recordedQueues])];
      return {
        ...vocabulary,
        queues: queues.toSorted((a, b) => a.localeCompare(b)),
        cannotMove: options.cannotMove?.() ?? [],
      };
    },
    currency: () => known?.loaded.currency ?? "",
    close: () => stops.forEach((stop) => stop?.()),
  };
}

const GROUPS = `
  select tier, city, region, grouping(tier, city, region) as kind, count(*)::int as customers
  from customers group by grouping sets ((tier), (city), (region), ())
  order by customers desc`;
const SEGMENTS = `
  select segment from customers, unnest(segments) as segment
  group by segment order by count(*) desc limit ${MOST_LISTED}`;
// Those that follow from orders, by the thresholds of the admin: known before anybody fits them.
const COMPUTED = `
  select list, threshold ->> 'name' as name, 0 as customers
  from installation i
  cross join lateral (values ('tiers'), ('segments')) lists (list)
  cross join lateral jsonb_array_elements(i.value -> 'settings' -> list) thresholds (threshold)
  where i.key = 'standings' and i.value -> 'settings' ->> (list || 'From') = 'orders'
  union all
  select 'tiers', st.tier, count(*)::int
  from customer_standing st join customers c on c.id = st.customer_id
  where st.tier <> '' and c.tier = '' group by st.tier`;
const OPERATORS = `
  select login, name from users where active and role in ('operator', 'supervisor') order by name, login`;
const CURRENCY = `
  select currency from (select currency from orders order by id desc limit 10000) newest
  group by currency order by count(*) desc limit 1`;
const QUEUES = `
  select distinct named.queue from calls, unnest(queues) as named(queue)
  where started_at > now() - interval '30 days' limit ${MOST_LISTED}`;
const DAYS = `
  select to_char(started_at at time zone $1, 'YYYY-MM-DD') as date, count(*)::int as calls
  from calls
  where started_at > now() - interval '400 days' and direction = 'inbound' and queues <> '{}'
  group by 1 order by 1 desc`;

async function loadVocabulary({ pool }: Pick<Storage, "pool">, timeZone: string): Promise<Loaded> {
  // One after the other: whoever looks at a settings page does not take the connections of those who look up callers.
  const groups = await pool.query<{
    tier: string | null;
    city: string | null;
    region: string | null;
    kind: number;
    customers: number;
  }>(GROUPS);
  const segments = await pool.query<{ segment: string }>(SEGMENTS);
  const computed = await pool.query<{ list: string; name: string; customers: number }>(COMPUTED);
  const operators = await pool.query<{ login: string; name: string }>(OPERATORS);
  const currency = await pool.query<{ currency: string }>(CURRENCY);
  const queues = await pool.query<{ queue: string }>(QUEUES);
  const days = await pool.query<{ date: string; calls: number }>(DAYS, [timeZone]);

  // Bits of grouping(): 4 tier, 2 city, 1 region; set when the row is not grouped by it.
  const all = groups.rows.find((row) => row.kind === 7)?.customers ?? 0;
  const told = groups.rows.filter((row) => row.kind === 3 && row.tier !== "");
  const customersOf = new Map(told.map(({ tier, customers }) => [tier ?? "", customers]));
  for (const { name, customers } of computed.rows.filter(({ list }) => list === "tiers"))
    customersOf.set(name, (customersOf.get(name) ?? 0) + customers);
  const tiers = [...customersOf].toSorted(([, one], [, other]) => other - one);
  const segmentsTold = segments.rows.map((row) => row.segment);
  const computedSegments = computed.rows.filter(({ list }) => list === "segments");
  const places = groups.rows.flatMap((row) =>
    row.kind === 5 ? [row.city ?? ""] : row.kind === 6 ? [row.region ?? ""] : [],
  );
  return {
    tiers: tiers.slice(0, MOST_LISTED).map(([tier]) => tier),
    tierShares: tiers.map(([tier, customers]) => ({
      tier,
      share: all === 0 ? 0 : customers / all,
    })),
    segments: [...new Set([...segmentsTold, ...computedSegments.map(({ name }) => name)])],
    regions: [...new Set(places.filter((name) => name !== ""))].slice(0, MOST_LISTED),
    operators: operators.rows,
    currency: currency.rows[0]?.currency ?? "",
    recordedQueues: queues.rows.map((row) => row.queue),
    recordedDays: days.rows,
  };
}
