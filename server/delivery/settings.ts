/** What an admin says of a carrier; one schema validates and documents it. Secrets go in and never come out. */
import { Type, type Static } from "typebox";

const text = (maxLength: number, description: string) => Type.String({ maxLength, description });
const secret = (description: string) =>
  Type.Optional(
    Type.String({ maxLength: 500, description: `${description}; left out: as it was` }),
  );
const address = (description: string) =>
  Type.Optional(Type.String({ maxLength: 300, pattern: "^https?://[^\\s]+$", description }));
const Minor = (description: string) => Type.Integer({ minimum: 0, maximum: 1e12, description });
const Percent = (description: string) => Type.Number({ minimum: 0, maximum: 100, description });
const Mode = Type.Union(
  [Type.Literal("door"), Type.Literal("pickup"), Type.Literal("locker"), Type.Literal("post")],
  { description: "To the door, a point, a locker, a post office" },
);

const Where = Type.Object(
  {
    countries: Type.Optional(Type.Array(Type.String({ pattern: "^[A-Z]{2}$" }), { maxItems: 50 })),
    postalPrefixes: Type.Optional(
      Type.Array(Type.String({ pattern: "^[0-9A-Z -]{1,10}$" }), { maxItems: 500 }),
    ),
    regions: Type.Optional(Type.Array(text(200, "Part of a region's name"), { maxItems: 200 })),
    cities: Type.Optional(Type.Array(text(200, "City"), { maxItems: 1000 })),
  },
  {
    additionalProperties: false,
    description:
      "All countries that are named, and one of the prefixes, regions or cities; nothing at all means everywhere",
  },
);

const Zone = Type.Object(
  {
    name: text(100, "Zone"),
    where: Where,
    bands: Type.Array(
      Type.Object(
        {
          upToGrams: Type.Integer({ minimum: 1, maximum: 10_000_000 }),
          priceMinor: Minor("Price of a parcel up to this weight"),
        },
        { additionalProperties: false },
      ),
      { minItems: 1, maxItems: 50, description: "Lightest first" },
    ),
    perKgMinor: Type.Optional(
      Minor("Each kilogram begun over the last band; left out: nothing heavier goes"),
    ),
    days: Type.Array(Type.Integer({ minimum: 0, maximum: 365 }), {
      minItems: 2,
      maxItems: 2,
      description: "At least and at most",
    }),
  },
  { additionalProperties: false },
);

/** A table of zones and weights, for carriers without an interface and for when the others are down. */
export const TableSettings = Type.Object(
  {
    kind: Type.Literal("table"),
    currency: Type.String({ pattern: "^[A-Z]{3}$" }),
    services: Type.Array(
      Type.Object(
        {
          name: text(100, "As the customer hears it"),
          mode: Mode,
          zones: Type.Array(Zone, {
            minItems: 1,
            maxItems: 100,
            description: "The first that fits",
          }),
          maxGrams: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000_000 })),
          maxMm: Type.Optional(
            Type.Integer({ minimum: 1, maximum: 100_000, description: "Longest side" }),
          ),
          cashPercent: Type.Optional(Percent("Of the value, for taking the money on delivery")),
          insurancePercent: Type.Optional(Percent("Of the declared value")),
        },
        { additionalProperties: false },
      ),
      { minItems: 1, maxItems: 20 },
    ),
    volumeDivisor: Type.Optional(
      Type.Integer({
        minimum: 1000,
        maximum: 20_000,
        description: "Cubic centimetres that weigh a kilogram; 5000 when left out",
      }),
    ),
  },
  { additionalProperties: false },
);
export type TableSettings = Static<typeof TableSettings>;

/** CDEK's interface, version 2. */
export const CdekSettings = Type.Object(
  {
    kind: Type.Literal("cdek"),
    account: text(200, "Account (client_id)"),
    password: secret("Secure password (client_secret)"),
    url: address("Another address than https://api.cdek.ru"),
    tariffs: Type.Optional(
      Type.Array(Type.Integer({ minimum: 1, maximum: 100_000 }), {
        maxItems: 100,
        description: "Codes of tariffs that may be offered; all when left out",
      }),
    ),
  },
  { additionalProperties: false },
);
export type CdekSettings = Static<typeof CdekSettings>;

/** Russian Post's interface for senders (otpravka). */
export const RussianPostSettings = Type.Object(
  {
    kind: Type.Literal("russianPost"),
    token: secret("Token of the application"),
    key: secret("User's key, base64 of login:password"),
    url: address("Another address than https://otpravka-api.pochta.ru"),
    mailTypes: Type.Optional(
      Type.Array(Type.String({ pattern: "^[A-Z_0-9]{1,40}$" }), {
        minItems: 1,
        maxItems: 6,
        description: "Kinds of parcels that are asked for; POSTAL_PARCEL when left out",
      }),
    ),
  },
  { additionalProperties: false },
);
export type RussianPostSettings = Static<typeof RussianPostSettings>;

/** Nova Poshta's interface, version 2. */
export const NovaPoshtaSettings = Type.Object(
  {
    kind: Type.Literal("novaPoshta"),
    apiKey: secret("Key of the interface"),
    url: address("Another address than https://api.novaposhta.ua/v2.0/json/"),
  },
  { additionalProperties: false },
);
export type NovaPoshtaSettings = Static<typeof NovaPoshtaSettings>;

export const ProviderSettings = Type.Union([
  TableSettings,
  CdekSettings,
  RussianPostSettings,
  NovaPoshtaSettings,
]);
export type ProviderSettings = Static<typeof ProviderSettings>;

/** Names of the fields that are secrets. */
const SECRETS = ["password", "token", "key", "apiKey"] as const;

/** What may be shown: which secrets there are, never the secrets. */
export function withoutSecrets(settings: ProviderSettings): {
  readonly settings: ProviderSettings;
  readonly hasSecrets: readonly string[];
} {
  const shown: Record<string, unknown> = { ...settings };
  const hasSecrets = SECRETS.filter(
    (name) => typeof shown[name] === "string" && shown[name] !== "",
  );
  for (const name of SECRETS) delete shown[name];
  return { settings: shown as ProviderSettings, hasSecrets };
}

/** New settings with the secrets that were left out; another kind of carrier has none of them. */
export function keepingSecrets(
  settings: ProviderSettings,
  before: ProviderSettings | null,
): ProviderSettings {
  if (before === null || before.kind !== settings.kind) return settings;
  const kept: Record<string, unknown> = { ...settings };
  const old = before as Record<string, unknown>;
  for (const name of SECRETS)
    if (kept[name] === undefined && old[name] !== undefined) kept[name] = old[name];
  return kept as ProviderSettings;
}

/** What a schema cannot say. @returns the field and why, null when nothing is wrong. */
export function wrongIn(settings: ProviderSettings): { field: string; why: string } | null {
  if (settings.kind !== "table") return null;
  const names = new Set<string>();
  for (const [s, service] of settings.services.entries()) {
    const at = `services.${s}`;
    if (names.has(service.name)) return { field: `${at}.name`, why: "is there twice" };
    names.add(service.name);
    for (const [z, zone] of service.zones.entries()) {
      const where = `${at}.zones.${z}`;
      if (zone.days[0]! > zone.days[1]!)
        return { field: `${where}.days`, why: "at least is more than at most" };
      const unordered = zone.bands.findIndex(
        (band, i) => i > 0 && band.upToGrams <= zone.bands[i - 1]!.upToGrams,
      );
      if (unordered > 0)
        return {
          field: `${where}.bands.${unordered}.upToGrams`,
          why: "must be more than the band before",
        };
      if (isEverywhere(zone.where) && z < service.zones.length - 1)
        return {
          field: `${where}.where`,
          why: "is everywhere: the zones after it are never reached",
        };
    }
  }
  return null;
}

function isEverywhere(where: Static<typeof Where>): boolean {
  return Object.values(where).every((list) => list.length === 0);
}
