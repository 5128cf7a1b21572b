/**
 * The offers' part of the console's scripted server. Rules and thresholds are judged by the product's own checks, and what is offered is
 * decided by its own pure rules.
 */
import { type OfferVocabulary, checkOfferRule } from "../../server/offers/check.ts";
import { candidatesOf, decideOffers } from "../../server/offers/decide.ts";
import { type OfferFacts, byPriority } from "../../server/offers/facts.ts";
import type { HeldReport, ReportBy } from "../../server/offers/loop/report.ts";
import type { OfferRuleBody, StandingsBody } from "../../server/offers/rest.ts";
import {
  type OfferRule,
  type OfferRuleSettings,
  namedProducts,
} from "../../server/offers/rules.ts";
import { checkStandings } from "../../server/offers/standings/check.ts";
import type { StandingSettings } from "../../server/offers/standings/settings.ts";
import type { Role } from "../../server/people/model.ts";
import {
  sampleCustomer,
  sampleHeld,
  sampleOfferVocabulary,
  sampleProducts,
  sampleReport,
  sampleRules,
  sampleStandings,
} from "./console-offer-samples.ts";

type Answer = readonly [status: number, body: object | string];
type Asked = {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: string;
  readonly role: Role;
};

const refused = (status: number, code: string, message: string): Answer => [
  status,
  { error: { code, message } },
];
const NOT_FOUND = refused(404, "notFound", "there is none");

export class OffersDouble {
  rules: OfferRule[] = sampleRules();
  standings: StandingSettings = sampleStandings;
  standingsRevision = 1;
  held: HeldReport = sampleHeld;
  customer = sampleCustomer;
  /** What reports were asked for. */
  readonly reports: { readonly by: string; readonly from: string; readonly to: string }[] = [];

  /** Null: it is about something else. */
  answer(asked: Asked): Answer | null {
    const { method, path, query, role } = asked;
    const isDeed = method !== "GET" && !/check$|explain$/.test(path);
    const isOurs = /^(offers|standings|customers)(\/|$)/.test(path);
    if (!isOurs) return null;
    if (isDeed && role !== "admin") return refused(403, "forbidden", "only admins");
    if (path === "customers") {
      const { id, name } = this.customer;
      const fits = name.toLowerCase().includes((query.get("q") ?? "").toLowerCase());
      return [200, { customers: fits ? [{ id, name, phones: ["+79130000002"] }] : [] }];
    }
    if (path.startsWith("standings")) return this.#standings(asked);
    if (path === "offers/products") {
      const search = (query.get("search") ?? "").toLowerCase();
      const fits = ({ name, sku }: { name: string; sku: string }) =>
        `${name} ${sku}`.toLowerCase().includes(search);
      return [200, { products: sampleProducts.filter(fits) }];
    }
    if (path === "offers/explain") return this.#explain(asked);
    if (path === "offers/report") {
      const by = (query.get("by") ?? "kind") as ReportBy;
      this.reports.push({ by, from: query.get("from") ?? "", to: query.get("to") ?? "" });
      return [200, { rows: sampleReport(by) }];
    }
    if (path === "offers/held") return [200, this.held];
    return this.#rules(asked);
  }

  /** Another admin saves. */
  change(id: string, settings: Partial<OfferRuleSettings>): void {
    this.rules = this.rules.map((one) =>
      one.id === id
        ? { ...one, revision: one.revision + 1, settings: { ...one.settings, ...settings } }
        : one,
    );
  }

  one(id: string): OfferRule | undefined {
    return this.rules.find((rule) => rule.id === id);
  }

  #vocabulary(id: string): OfferVocabulary {
    return {
      ...sampleOfferVocabulary,
      products: new Map(sampleProducts.map((one) => [one.id, one])),
      rules: this.rules.filter((one) => one.id !== id && one.state !== "off"),
      nowMs: Date.now(),
    };
  }

  #rules({ body, method, path }: Asked): Answer {
    const [, , id = "", deed = ""] = path.split("/");
    const json = JSON.parse(body || "{}") as {
      settings: OfferRuleSettings;
      id?: string;
      revision: number;
    };
    switch (`${method} ${id}`) {
      case "GET ":
        return [200, { rules: this.rules.toSorted(byPriority).map((one) => this.#body(one)) }];
      case "GET vocabulary":
        return [200, sampleOfferVocabulary];
      case "POST check": {
        const { problems, warnings } = checkOfferRule(
          json.settings,
          this.#vocabulary(json.id ?? ""),
        );
        return [200, { problems, warnings }];
      }
      case "POST ":
        return this.#save({ id: "9", settings: json.settings, state: "draft", revision: 0 }, 201);
    }
    const rule = this.one(id);
    if (!rule) return NOT_FOUND;
    if (method === "GET") return [200, this.#body(rule)];
    if (method === "PUT") {
      if (json.revision !== rule.revision)
        return refused(409, "ruleChanged", "somebody changed it meanwhile");
      return this.#save({ ...rule, settings: json.settings }, 200);
    }
    return deed === "on" || deed === "off" ? this.#save({ ...rule, state: deed }, 200) : NOT_FOUND;
  }

  #save(rule: OfferRule, status: number): Answer {
    const { problems, warnings } = checkOfferRule(rule.settings, this.#vocabulary(rule.id));
    if (problems.length > 0)
      return [
        422,
        { error: { code: "ruleRefused", message: problems[0]!.message }, problems, warnings },
      ];
    const saved = { ...rule, revision: rule.revision + 1 };
    this.rules = [...this.rules.filter(({ id }) => id !== rule.id), saved];
    return [status, this.#body(saved)];
  }

  #body(rule: OfferRule): OfferRuleBody {
    const { problems, warnings } = checkOfferRule(rule.settings, this.#vocabulary(rule.id));
    const named = namedProducts(rule.settings);
    return {
      ...{ ...rule, problems, warnings, uses: Number(rule.id) * 7, usesToday: 2 },
      createdAt: "2026-11-01T09:00:00Z",
      changedAt: new Date(Date.now() - 3_600_000).toISOString(),
      products: sampleProducts.filter(({ id }) => named.includes(id)),
    };
  }

  #explain({ body }: Asked): Answer {
    const asked = JSON.parse(body) as {
      customer?: { id: string };
      lines: { id: string; quantity: number }[];
      channel: "operator";
    };
    const products = new Map(sampleProducts.map((one) => [one.id, one]));
    const customer = asked.customer ? this.customer : null;
    const known: OfferFacts = {
      question: {
        ...{ customerId: customer?.id ?? null, currency: "RUB", channel: asked.channel },
        lines: asked.lines.map(({ id, quantity }) => ({
          ...{ productId: id, quantity, priceMinor: products.get(id)!.priceMinor },
        })),
        nowMs: Date.now(),
      },
      rules: this.rules.filter(({ state }) => state === "on").toSorted(byPriority),
      ...{ customer, products, pools: new Map(), uses: new Map(), hints: [] },
      timeZone: "Europe/Moscow",
    };
    const wanted = candidatesOf(known, () => sampleProducts);
    const pools = new Map(
      [...wanted.pools].map(([id, pool]) => [id, pool.map((one) => products.get(one)!)]),
    );
    const { answer, givenUp } = decideOffers({ ...known, pools });
    return [200, { ...answer, givenUp, customerId: customer?.id ?? null, unknownLines: [] }];
  }

  #standings({ body, method, path }: Asked): Answer {
    const { settings, revision } = JSON.parse(body || "{}") as {
      settings: StandingSettings;
      revision: number;
    };
    if (method === "GET") return [200, this.#standingsBody()];
    const { problems, warnings } = checkStandings(settings);
    if (path === "standings/check") return [200, { problems, warnings }];
    if (revision !== this.standingsRevision)
      return refused(409, "standingsChanged", "somebody changed them meanwhile");
    if (problems.length > 0)
      return [422, { error: { code: "standingsRefused", message: "no" }, problems, warnings }];
    this.standings = settings;
    this.standingsRevision += 1;
    return [200, this.#standingsBody()];
  }

  #standingsBody(): StandingsBody {
    const { problems, warnings } = checkStandings(this.standings);
    const counted = (list: StandingSettings["tiers"]) =>
      list.map(({ name }, index) => ({ name, customers: 1200 * (index + 1) }));
    return {
      ...{ settings: this.standings, revision: this.standingsRevision, waiting: 0 },
      ...{ problems, warnings },
      tiers: counted(this.standings.tiers),
      segments: counted(this.standings.segments),
    };
  }
}
