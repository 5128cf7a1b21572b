/**
 * The campaigns' part of the console's scripted server: its REST and its live picture, from a script. Settings are judged by the product's
 * own check.
 */
import { checkCampaign } from "../../server/campaigns/check.ts";
import type {
  Campaign,
  CampaignSettings,
  PauseReason,
  Trunk,
} from "../../server/campaigns/model.ts";
import type { DiallerView } from "../../server/campaigns/ports.ts";
import type {
  CampaignBody,
  CampaignFigures,
  ContactFound,
  DoNotCallLine,
  SettleInput,
  UploadBody,
  WithdrawnContact,
} from "../../server/campaigns/rest.ts";
import { campaignTemplates } from "../../server/campaigns/templates.ts";
import { rowError } from "../../server/campaigns/upload-problems.ts";
import type { CampaignsPicture } from "../../server/console/protocol.ts";
import type { Role } from "../../server/people/model.ts";
import {
  sampleCampaign,
  sampleCampaignVocabulary,
  sampleContacts,
  sampleDialler,
  sampleDoNotCall,
  sampleFigures,
  sampleNext,
  sampleSettings,
  sampleStory,
  sampleTrunks,
  sampleWithdrawn,
} from "./console-campaign-samples.ts";

/** A status, and a body that is JSON unless it is a text. */
export type Answer = readonly [status: number, body: object | string];

type Asked = {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: string;
  readonly isCsv: boolean;
  readonly role: Role;
};

const refused = (status: number, code: string, message: string): Answer => [
  status,
  { error: { code, message } },
];
const NOT_FOUND = refused(404, "notFound", "there is none");

export class CampaignsDouble {
  campaigns: Campaign[] = [
    sampleCampaign("1"),
    sampleCampaign("2", { settings: sampleSettings(2), state: "draft" }),
  ];
  figures: Map<string, CampaignFigures> = new Map([
    ["1", sampleFigures("1")],
    [
      "2",
      sampleFigures("2", {
        ...{ planned: 0, due: 0, dialling: 0, ringing: 0, waiting: 0, talking: 0, unknown: 0 },
        ended: {},
        contacts: { open: 0, done: 0, withdrawn: 0 },
        abandonment: {
          day: { answered: 0, abandonedInTruth: 0, abandonedByRule: 0 },
          hours24: { answered: 0, abandonedInTruth: 0, abandonedByRule: 0 },
          days30: { answered: 0, abandonedInTruth: 0, abandonedByRule: 0 },
          mostShare: 0.03,
        },
      }),
    ],
  ]);
  diallers: Map<string, DiallerView> = new Map([["1", sampleDialler("1")]]);
  trunks: Trunk[] = [...sampleTrunks];
  doNotCall: DoNotCallLine[] = [...sampleDoNotCall];
  contacts: ContactFound[] = sampleContacts();
  /** Newest first. */
  withdrawn: WithdrawnContact[] = sampleWithdrawn();
  readonly settled: (SettleInput & { readonly id: string })[] = [];
  /** Files as they came. */
  readonly uploads: string[] = [];
  /** What the next file is answered with. */
  uploadAnswer: Answer = [
    207,
    {
      added: 2,
      unchanged: 1,
      refused: [rowError("phone", "badPhone").at(3)],
    } satisfies UploadBody,
  ];
  /** Who looks now. */
  readonly lookers = new Set<(picture: CampaignsPicture) => void>();

  picture(): CampaignsPicture {
    return {
      serverTimeMs: Date.now(),
      campaigns: this.campaigns
        .filter(({ state }) => state !== "ended")
        .map(({ id, pausedBecause, revision, settings, state }) => ({
          ...(this.figures.get(id) ?? { ...this.figures.get("2")!, campaignId: id }),
          ...{ name: settings.name, mode: settings.mode, pbx: settings.pbx, queue: settings.queue },
          ...{ pausedBecause, revision, state },
          dialler: state === "running" ? (this.diallers.get(id) ?? null) : null,
        })),
    };
  }

  /** Everybody who looks sees what there is now. */
  show(): void {
    for (const look of this.lookers) look(this.picture());
  }

  /** Another admin, or the dialler, changes a campaign. */
  change(
    id: string,
    change: {
      readonly settings?: Partial<CampaignSettings>;
      readonly state?: Campaign["state"];
      readonly pausedBecause?: PauseReason | "";
    },
  ): void {
    this.campaigns = this.campaigns.map((one) =>
      one.id === id
        ? {
            ...one,
            ...change,
            settings: { ...one.settings, ...change.settings },
            revision: one.revision + 1,
          }
        : one,
    );
    this.show();
  }

  one(id: string): Campaign | undefined {
    return this.campaigns.find((campaign) => campaign.id === id);
  }

  /** @returns null for what is none of campaigns' addresses. */
  answer(asked: Asked): Answer | null {
    const { method, path, role } = asked;
    const [first = "", ...rest] = path.split("/").map(decodeURIComponent);
    // As the server's own routes have it.
    const isForSupervisors =
      /^campaigns\/[^/]+\/(start|pause|stop)$|^attempts\/[^/]+\/settle$|^campaigns\/check$|^do-not-call$/.test(
        path,
      );
    if (!["campaigns", "attempts", "do-not-call", "trunks"].includes(first)) return null;
    if (method !== "GET" && role !== "admin" && !isForSupervisors)
      return refused(403, "forbidden", "only admins");
    switch (first) {
      case "campaigns":
        return this.#campaigns(asked, rest);
      case "attempts":
        return this.#attempt(asked, rest);
      case "do-not-call":
        return this.#doNotCall(asked, rest);
      default:
        return this.#trunks(asked, rest);
    }
  }

  #campaigns({ body, isCsv, method, query }: Asked, [id, deed]: readonly string[]): Answer {
    const json = (): never => JSON.parse(body) as never;
    switch (`${method} ${id ?? ""}`) {
      case "GET ":
        return [200, { campaigns: this.campaigns.map((one) => this.#body(one)) }];
      case "GET vocabulary":
        return [200, sampleCampaignVocabulary];
      case "GET templates": {
        const language = query.get("language") as "ru" | "uk" | "en";
        return [200, { templates: campaignTemplates(language, "RU") }];
      }
      case "POST check": {
        const { settings } = json() as { settings: unknown };
        const { problems, warnings } = checkCampaign(settings, sampleCampaignVocabulary);
        return [200, { problems, warnings }];
      }
      case "POST ": {
        const { settings } = json() as { settings: CampaignSettings };
        return this.#save({ ...sampleCampaign("9"), settings, state: "draft", revision: 0 });
      }
    }
    const campaign = this.one(id ?? "");
    if (!campaign) return NOT_FOUND;
    switch (`${method} ${deed ?? ""}`) {
      case "GET ":
        return [200, this.#body(campaign)];
      case "PUT ": {
        const { revision, settings } = json() as { revision: number; settings: CampaignSettings };
        if (revision !== campaign.revision)
          return refused(409, "campaignChanged", "somebody changed it meanwhile");
        return this.#save({ ...campaign, settings });
      }
      case "POST start":
        return this.#move(campaign, "running", "");
      case "POST pause":
        return this.#move(campaign, "paused", "byHand");
      case "POST stop":
        return this.#move(campaign, "ended", "");
      case "GET withdrawn": {
        const after = query.get("after");
        const from = this.withdrawn.findIndex(({ contactId }) => contactId === after) + 1;
        const to = from + Number(query.get("limit"));
        const contacts = this.withdrawn.slice(from, to);
        const next = to < this.withdrawn.length ? contacts.at(-1)!.contactId : null;
        return [200, { contacts, next }];
      }
      case "GET next":
        return [200, sampleNext()];
      case "GET contacts":
        return [200, { contacts: this.#found(query) }];
      case "POST contacts":
        if (isCsv) this.uploads.push(body);
        return this.uploadAnswer;
      case "GET ledger":
        return [200, "answeredAt,attempt,byRule,inTruth\n2026-11-23T07:30:00Z,cc-1,no,no\n"];
      default:
        return NOT_FOUND;
    }
  }

  #save(campaign: Campaign): Answer {
    const { problems, settings, warnings } = checkCampaign(
      campaign.settings,
      sampleCampaignVocabulary,
    );
    if (!settings)
      return [
        422,
        { error: { code: "invalid", message: problems[0]!.message }, problems, warnings },
      ];
    const saved = { ...campaign, revision: campaign.revision + 1 };
    this.campaigns = [saved, ...this.campaigns.filter(({ id }) => id !== campaign.id)];
    this.show();
    return [200, this.#body(saved)];
  }

  #move(campaign: Campaign, state: Campaign["state"], pausedBecause: PauseReason | ""): Answer {
    this.change(campaign.id, { state, pausedBecause });
    return [200, this.#body(this.one(campaign.id)!)];
  }

  #found(query: URLSearchParams): readonly ContactFound[] {
    const search = (query.get("search") ?? "").toLowerCase();
    return this.contacts.filter(
      ({ name, orders, phone, tries }) =>
        (query.get("unknown") !== "true" || tries.some(({ state }) => state === "unknown")) &&
        [name, phone, ...orders].some((text) => text.toLowerCase().includes(search)),
    );
  }

  #attempt({ body, method }: Asked, [id = "", deed]: readonly string[]): Answer {
    const contact =
      this.contacts.find(({ tries }) => tries.some(({ attemptId }) => attemptId === id)) ??
      this.contacts.at(-1)!;
    const [known] = contact.tries.filter(({ attemptId }) => attemptId === id);
    if (!known) return NOT_FOUND;
    if (method === "POST" && deed === "settle") {
      const how = JSON.parse(body) as SettleInput;
      this.settled.push({ id, ...how });
      const outcome = "outcome" in how ? how.outcome : null;
      this.contacts = this.contacts.map((one) =>
        one === contact
          ? {
              ...one,
              tries: one.tries.map((tried) =>
                tried === known ? { ...tried, state: "ended", outcome } : tried,
              ),
            }
          : one,
      );
      return this.#attempt({ ...EMPTY, method: "GET" }, [id]);
    }
    return [200, sampleStory(contact, id)];
  }

  #doNotCall({ body, isCsv, method, query }: Asked, [phone]: readonly string[]): Answer {
    if (method === "DELETE") {
      this.doNotCall = this.doNotCall.filter((line) => line.phone !== phone);
      return [204, ""];
    }
    if (method === "POST") {
      if (isCsv) {
        this.uploads.push(body);
        return this.uploadAnswer;
      }
      const line = JSON.parse(body) as { phone: string; reason: string };
      if (!/^\+\d{8,15}$/.test(line.phone))
        return [
          200,
          {
            added: 0,
            unchanged: 0,
            refused: [rowError("phone", "badPhone").at(1)],
          },
        ];
      this.doNotCall.unshift({ ...line, addedBy: "olga", addedAt: new Date().toISOString() });
      return [200, { added: 1, unchanged: 0, refused: [] }];
    }
    // Only the file is asked for without a limit.
    if (query.size === 0) {
      const lines = this.doNotCall.map((line) => `${line.phone},${line.reason}\n`);
      return [200, `phone,reason\n${lines.join("")}`];
    }
    const search = query.get("search") ?? "";
    return [
      200,
      { lines: this.doNotCall.filter((line) => line.phone.includes(search)), next: null },
    ];
  }

  #trunks({ body, method }: Asked, [pbx = "", name = ""]: readonly string[]): Answer {
    const others = this.trunks.filter((one) => one.pbx !== pbx || one.name !== name);
    if (method === "PUT") {
      const trunk = { pbx, name, ...(JSON.parse(body) as Omit<Trunk, "pbx" | "name">) };
      this.trunks = [...others, trunk];
      return [200, trunk];
    }
    if (method === "DELETE") {
      if (this.campaigns.some(({ settings }) => settings.trunks.includes(name)))
        return refused(409, "trunkInUse", `a campaign names ${name}`);
      this.trunks = others;
      return [204, ""];
    }
    return [200, { trunks: this.trunks }];
  }

  #body(campaign: Campaign): CampaignBody {
    const { problems, warnings } = checkCampaign(campaign.settings, sampleCampaignVocabulary);
    return { ...campaign, problems, warnings };
  }
}

const EMPTY: Asked = {
  method: "GET",
  path: "",
  query: new URLSearchParams(),
  body: "",
  isCsv: false,
  role: "admin",
};
