/** Campaigns over HTTP. Supervisors read, start and pause; admins change; integrators send people to call. */
import type { CountryCode } from "libphonenumber-js/max";
import { Readable } from "node:stream";
import type { App } from "../http/app.ts";
import { nameOf } from "../http/auth.ts";
import { ApiError, ErrorBody, notFound } from "../http/errors.ts";
import { compileSchema } from "../http/validation.ts";
import type { Database } from "../storage/database.ts";
import { asApiError, refusing } from "./api-errors.ts";
import type { OpenedAttempts } from "./attempts/open.ts";
import type { Campaigns } from "./campaigns.ts";
import type { CampaignVocabulary } from "./check.ts";
import { UPLOAD_LIMIT_BYTES, readUpload, takeCsv } from "./csv-body.ts";
import { doNotCallRoutes } from "./do-not-call-routes.ts";
import { type Figures, ledger } from "./figures.ts";
import { addContacts, contactsOf } from "./lists.ts";
import type { Campaign } from "./model.ts";
import { findContacts, nextOf, storyOf } from "./next.ts";
import type {
  AttemptStory,
  CampaignBody,
  CampaignCheck,
  CampaignFigures,
  CampaignTemplate,
  ContactsBody,
  NextBody,
  UploadBody,
} from "./rest.ts";
import {
  CheckInput,
  ContactsQuery,
  IdParams,
  LimitQuery,
  SaveInput,
  SettleInput,
  SpanQuery,
  TemplatesQuery,
  UploadQuery,
  answer,
} from "./schemas.ts";
import { settle } from "./settle.ts";
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

const MOST_CONTACTS = 1000;
const DAY_MS = 86_400_000;
const CHECKED = { 409: ErrorBody, 422: answer<object>("RefusedCampaign"), 404: ErrorBody };

/** Registers `/api/v1/campaigns`, `/attempts`, `/do-not-call` and `/trunks`. */
export async function campaignRoutes(app: App, parts: CampaignRouteParts): Promise<void> {
  takeCsv(app);
  lifeRoutes(app, parts.campaigns);
  lookRoutes(app, parts);
  contactRoutes(app, parts);
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
    guard: typeof reads,
    summary: string,
    deed: (id: string, by: string) => Promise<CampaignBody>,
  ) =>
    app.post(
      `/api/v1/campaigns/:id/${verb}`,
      {
        ...guard,
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
  turn("start", reads, "Begin or go on", (id, by) => campaigns.start(id, by));
  turn("pause", reads, "Dial nobody else for now", async (id, by) => {
    await campaigns.pause(id, "byHand", by);
    return campaigns.body(id);
  });
  turn("stop", writes, "End it for good; everything open is withdrawn", (id, by) =>
    campaigns.stop(id, by),
  );
}

function lookRoutes(app: App, parts: CampaignRouteParts): void {
  const { attempts, campaigns, db, figures, clock = Date.now } = parts;
  const reads = { onRequest: app.requireRole("supervisor") };
  const tags = ["campaigns"];
  const found = async (id: string): Promise<Campaign> => {
    try {
      return await campaigns.body(id);
    } catch (error) {
      throw asApiError(error);
    }
  };

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
      const { id, settings } = await found(request.params.id);
      return figures.of(id, settings);
    },
  );
  app.get(
    "/api/v1/campaigns/:id/next",
    {
      ...reads,
      schema: {
        ...{ tags, summary: "Who would be called next, and why the others are not" },
        ...{ params: IdParams, querystring: LimitQuery },
        response: { 200: answer<NextBody>("NextBody"), 404: ErrorBody },
      },
    },
    async (request) => nextOf(db, await found(request.params.id), request.query.limit, clock()),
  );
  app.get(
    "/api/v1/campaigns/:id/contacts",
    {
      ...reads,
      schema: {
        ...{ tags, summary: "People of a campaign", params: IdParams, querystring: ContactsQuery },
        response: { 200: answer<ContactsBody>("ContactsBody"), 404: ErrorBody },
      },
    },
    async (request) => {
      const { id } = await found(request.params.id);
      return { contacts: await findContacts(db, id, request.query) };
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
        const { id } = await found(request.params.id);
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
  app.get(
    "/api/v1/attempts/:id",
    {
      ...reads,
      schema: {
        ...{ tags, summary: "An attempt's whole story", params: IdParams },
        response: { 200: answer<AttemptStory>("AttemptStory"), 404: ErrorBody },
      },
    },
    async (request) => storyOrNone(db, request.params.id),
  );
  app.post(
    "/api/v1/attempts/:id/settle",
    {
      ...reads,
      schema: {
        ...{ tags, summary: "Say how an unknown attempt ended", params: IdParams },
        body: SettleInput,
        response: { 200: answer<AttemptStory>("AttemptStory"), 404: ErrorBody, 409: ErrorBody },
      },
    },
    async (request) => {
      const { id } = request.params;
      await storyOrNone(db, id);
      const by = { actor: nameOf(request.principal!), nowMs: clock() };
      if (!(await settle(db, attempts.store, id, request.body, by)))
        throw new ApiError(409, "conflict", "The attempt is not unknown");
      return storyOrNone(db, id);
    },
  );
}

function contactRoutes(app: App, parts: CampaignRouteParts): void {
  const { attempts, campaigns, db, clock = Date.now, region } = parts;
  app.post(
    "/api/v1/campaigns/:id/contacts",
    {
      onRequest: app.requireRole("integrator"),
      bodyLimit: UPLOAD_LIMIT_BYTES,
      // Each is judged by itself: a bad one never refuses its neighbours.
      validatorCompiler: (part) =>
        part.httpPart === "body"
          ? (value: unknown) => ({ value })
          : compileSchema(part as Parameters<typeof compileSchema>[0]),
      schema: {
        tags: ["campaigns"],
        summary: "People to call: one, up to 1000, or a list as text/csv in UTF-8",
        ...{ params: IdParams, querystring: UploadQuery },
        response: { 200: answer<UploadBody>("UploadBody"), 409: ErrorBody, 422: ErrorBody },
      },
    },
    async (request) => {
      const campaign = await campaigns.body(request.params.id).catch((error: unknown) => {
        throw asApiError(error);
      });
      const { type } = campaign.settings.trigger;
      if (campaign.state === "ended" || (type !== "list" && type !== "event"))
        throw new ApiError(409, "conflict", "This campaign takes no lists and no events");
      const { rules } = attempts;
      const options = { ...{ db, rules, region }, nowMs: clock() };
      const body: unknown = request.body;
      if (!(body instanceof Uint8Array)) {
        const values: readonly unknown[] = Array.isArray(body) ? body : [body];
        if (values.length === 0 || values.length > MOST_CONTACTS)
          throw new ApiError(400, "invalid", `The body must hold 1 to ${MOST_CONTACTS} contacts`, {
            field: "body",
          });
        const lines = values.map((value, at) => ({ line: at + 1, value }));
        return addContacts(options, campaign.id, lines, null);
      }
      const lines = readUpload(body, contactsOf);
      const list = await db
        .insertInto("contact_lists")
        .values({
          ...{ campaign_id: campaign.id, name: request.query.name, rows: lines.length },
          ...{ uploaded_by: nameOf(request.principal!), refused: 0 },
        })
        .returning("id")
        .executeTakeFirstOrThrow();
      const uploaded = await addContacts(options, campaign.id, lines, list.id);
      await db
        .updateTable("contact_lists")
        .set({ refused: uploaded.refused.length })
        .where("id", "=", list.id)
        .execute();
      return uploaded;
    },
  );
}

async function storyOrNone(db: Database, id: string): Promise<AttemptStory> {
  const story = await storyOf(db, id);
  if (story === null) throw notFound("The attempt");
  return story;
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
