/** Campaigns over HTTP. Supervisors read, start, pause and stop what admins made; integrators send people to call. */
import type { CountryCode } from "libphonenumber-js/max";
import { Readable } from "node:stream";
import type { App } from "../http/app.ts";
import { nameOf } from "../http/auth.ts";
import { ApiError, ErrorBody } from "../http/errors.ts";
import type { Database } from "../storage/database.ts";
import { foundCampaign, refusing } from "./api-errors.ts";
import type { OpenedAttempts } from "./attempts/open.ts";
import type { Campaigns } from "./campaigns.ts";
import type { CampaignVocabulary } from "./check.ts";
import { doNotCallRoutes } from "./do-not-call-routes.ts";
import { type Figures, ledger } from "./figures.ts";
import { peopleRoutes } from "./people-routes.ts";
import type { CampaignBody, CampaignCheck, CampaignFigures, CampaignTemplate } from "./rest.ts";
import { CheckInput, IdParams, SaveInput, SpanQuery, TemplatesQuery, answer } from "./schemas.ts";
import { campaignTemplates } from "./templates.ts";
import { trunkRoutes } from "./trunks.ts";

/** What the routes work with. */
export type CampaignRouteParts = {
  readonly db: Database;
  readonly campaigns: Campaigns;
  readonly attempts: Pick<OpenedAttempts, "store" | "rules" | "withdrawing">;
  readonly figures: Figures;
  /** Country of phones without a country code. */
  readonly region: CountryCode;
  /** Epoch ms. */
  readonly clock?: () => number;
};

const DAY_MS = 86_400_000;
const CHECKED = { 409: ErrorBody, 422: answer<object>("RefusedCampaign"), 404: ErrorBody };

/** Registers `/api/v1/campaigns`, `/attempts`, `/do-not-call` and `/trunks`. */
export async function campaignRoutes(app: App, parts: CampaignRouteParts): Promise<void> {
  lifeRoutes(app, parts.campaigns);
  figureRoutes(app, parts);
  peopleRoutes(app, parts);
  doNotCallRoutes(app, { ...parts.attempts.withdrawing, ...parts });
  trunkRoutes(app, parts.campaigns);
}

function lifeRoutes(app: App, campaigns: Campaigns): void {
  const reads = { onRequest: app.requireRole("supervisor") };
  const writes = { onRequest: app.requireRole("admin") };
  const tags = ["campaigns"];

  app.get(
    "/api/v1/campaigns",
    {
      ...reads,
      schema: {
        ...{ tags, summary: "Campaigns, newest first" },
        response: { 200: answer<{ campaigns: readonly CampaignBody[] }>("Campaigns") },
      },
    },
    async () => ({ campaigns: await campaigns.list() }),
  );
  app.get(
    "/api/v1/campaigns/templates",
    {
      ...reads,
      schema: {
        ...{ tags, summary: "Settings to begin with", querystring: TemplatesQuery },
        response: { 200: answer<{ templates: readonly CampaignTemplate[] }>("CampaignTemplates") },
      },
    },
    async (request) => {
      const { country } = await campaigns.vocabulary();
      return { templates: campaignTemplates(request.query.language, country) };
    },
  );
  app.get(
    "/api/v1/campaigns/vocabulary",
    {
      ...reads,
      schema: {
        ...{ tags, summary: "What a campaign can name here" },
        response: { 200: answer<CampaignVocabulary>("CampaignVocabulary") },
      },
    },
    async () => campaigns.vocabulary(),
  );
  app.post(
    "/api/v1/campaigns/check",
    {
      ...reads,
      schema: {
        ...{ tags, summary: "What would be said of settings", body: CheckInput },
        response: { 200: answer<CampaignCheck>("CampaignCheck") },
      },
    },
    async (request) => campaigns.check(request.body.settings),
  );
  app.post(
    "/api/v1/campaigns",
    {
      ...writes,
      schema: {
        ...{ tags, summary: "Make a campaign, as a draft", body: CheckInput },
        response: { 201: answer<CampaignBody>("Campaign"), ...CHECKED },
      },
    },
    async (request, reply) =>
      refusing(reply, async () => {
        const by = nameOf(request.principal!);
        const made = await campaigns.create({ settings: request.body.settings, by });
        return reply.code(201).send(made);
      }),
  );
  app.get(
    "/api/v1/campaigns/:id",
    {
      ...reads,
      schema: {
        ...{ tags, summary: "One campaign", params: IdParams },
        response: { 200: answer<CampaignBody>("Campaign"), ...CHECKED },
      },
    },
    async (request, reply) => refusing(reply, () => campaigns.body(request.params.id)),
  );
  app.put(
    "/api/v1/campaigns/:id",
    {
      ...writes,
      schema: {
        ...{ tags, summary: "Change a campaign; it acts at once", params: IdParams },
        body: SaveInput,
        response: { 200: answer<CampaignBody>("Campaign"), ...CHECKED },
      },
    },
    async (request, reply) =>
      refusing(reply, () =>
        campaigns.save(request.params.id, { ...request.body, by: nameOf(request.principal!) }),
      ),
  );
  const turn = (
    verb: "start" | "pause" | "stop",
    summary: string,
    deed: (id: string, by: string) => Promise<CampaignBody>,
  ) =>
    app.post(
      `/api/v1/campaigns/:id/${verb}`,
      {
        ...reads,
        schema: {
          ...{ tags, summary, params: IdParams },
          response: { 200: answer<CampaignBody>("Campaign"), ...CHECKED },
        },
      },
      async (request, reply) => {
        const { id } = request.params;
        return refusing(reply, () => deed(id, nameOf(request.principal!)));
      },
    );
  turn("start", "Begin or go on", (id, by) => campaigns.start(id, by));
  turn("pause", "Dial nobody else for now", async (id, by) => {
    await campaigns.pause(id, "byHand", by);
    return campaigns.body(id);
  });
  turn("stop", "End it for good; everything open is withdrawn", (id, by) => campaigns.stop(id, by));
}

function figureRoutes(app: App, parts: CampaignRouteParts): void {
  const { campaigns, db, figures, clock = Date.now } = parts;
  const reads = { onRequest: app.requireRole("supervisor") };
  const tags = ["campaigns"];

  app.get(
    "/api/v1/campaigns/:id/figures",
    {
      ...reads,
      schema: {
        ...{ tags, summary: "Live figures", params: IdParams },
        response: { 200: answer<CampaignFigures>("CampaignFigures"), 404: ErrorBody },
      },
    },
    async (request) => {
      const { id, settings } = await foundCampaign(campaigns, request.params.id);
      return figures.of(id, settings);
    },
  );
  for (const path of ["ledger", "ledger.csv"]) {
    app.get(
      `/api/v1/campaigns/:id/${path}`,
      {
        ...reads,
        schema: {
          ...{ tags, summary: "Every call that a person answered, as CSV", params: IdParams },
          querystring: SpanQuery,
        },
      },
      async (request, reply) => {
        const { id } = await foundCampaign(campaigns, request.params.id);
        const { from, to } = request.query;
        const toMs = momentOf("to", to) ?? clock() + 1;
        const fromMs = momentOf("from", from) ?? toMs - 30 * DAY_MS;
        return reply
          .type("text/csv; charset=utf-8")
          .header("content-disposition", `attachment; filename="ledger-${id}.csv"`)
          .send(Readable.from(ledger(db, { campaignId: id, fromMs, toMs })));
      },
    );
  }
}

function momentOf(field: string, value: string | undefined): number | null {
  if (value === undefined) return null;
  const atMs = Date.parse(value);
  if (Number.isNaN(atMs) || Math.abs(atMs) > 4e14)
    throw new ApiError(400, "invalid", `querystring.${field} must be an ISO date-time`, {
      field: `querystring.${field}`,
    });
  return atMs;
}
