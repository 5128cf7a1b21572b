/** People of campaigns over HTTP: who is next and who is not, what became of each attempt, and whom to call. */
import type { App } from "../http/app.ts";
import { nameOf } from "../http/auth.ts";
import { ApiError, ErrorBody, notFound } from "../http/errors.ts";
import { compileSchema } from "../http/validation.ts";
import type { Database } from "../storage/database.ts";
import { foundCampaign } from "./api-errors.ts";
import { UPLOAD_LIMIT_BYTES, readUpload, refusingFile, takeCsv } from "./csv-body.ts";
import { addContacts, contactsOf } from "./lists.ts";
import { findContacts, nextOf, storyOf, withdrawnOf } from "./next.ts";
import type { AttemptStory, ContactsBody, NextBody, UploadBody, WithdrawnBody } from "./rest.ts";
import type { CampaignRouteParts } from "./routes.ts";
import {
  ContactsQuery,
  IdParams,
  LimitQuery,
  SettleInput,
  UploadQuery,
  WithdrawnQuery,
  answer,
} from "./schemas.ts";
import { settle } from "./settle.ts";

const MOST_CONTACTS = 1000;

/** Registers a campaign's `/next`, `/withdrawn` and `/contacts`, and `/api/v1/attempts`. */
export function peopleRoutes(app: App, parts: CampaignRouteParts): void {
  takeCsv(app);
  lookRoutes(app, parts);
  storyRoutes(app, parts);
  contactRoutes(app, parts);
}

function lookRoutes(app: App, { campaigns, clock = Date.now, db }: CampaignRouteParts): void {
  const reads = { onRequest: app.requireRole("supervisor") };
  const tags = ["campaigns"];
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
    async (request) =>
      nextOf(db, await foundCampaign(campaigns, request.params.id), request.query.limit, clock()),
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
      const { id } = await foundCampaign(campaigns, request.params.id);
      return { contacts: await findContacts(db, id, request.query) };
    },
  );
  app.get(
    "/api/v1/campaigns/:id/withdrawn",
    {
      ...reads,
      schema: {
        ...{ tags, summary: "Who was to be called and is not any more, and why" },
        ...{ params: IdParams, querystring: WithdrawnQuery },
        response: { 200: answer<WithdrawnBody>("WithdrawnBody"), 404: ErrorBody },
      },
    },
    async (request) => {
      const { id } = await foundCampaign(campaigns, request.params.id);
      return withdrawnOf(db, id, request.query);
    },
  );
}

function storyRoutes(app: App, { attempts, clock = Date.now, db }: CampaignRouteParts): void {
  const reads = { onRequest: app.requireRole("supervisor") };
  const tags = ["campaigns"];
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
        response: {
          200: answer<UploadBody>("UploadBody"),
          ...{ 409: ErrorBody, 422: answer<object>("RefusedFile") },
        },
      },
    },
    async (request, reply) =>
      refusingFile(reply, async () => {
        const campaign = await foundCampaign(campaigns, request.params.id);
        const { type } = campaign.settings.trigger;
        if (campaign.state === "ended" || (type !== "list" && type !== "event"))
          throw new ApiError(409, "conflict", "This campaign takes no lists and no events");
        const { rules } = attempts;
        const options = { ...{ db, rules, region }, nowMs: clock() };
        const body: unknown = request.body;
        if (!(body instanceof Uint8Array)) {
          const values: readonly unknown[] = Array.isArray(body) ? body : [body];
          if (values.length === 0 || values.length > MOST_CONTACTS)
            throw new ApiError(
              400,
              "invalid",
              `The body must hold 1 to ${MOST_CONTACTS} contacts`,
              {
                field: "body",
              },
            );
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
      }),
  );
}

async function storyOrNone(db: Database, id: string): Promise<AttemptStory> {
  const story = await storyOf(db, id);
  if (story === null) throw notFound("The attempt");
  return story;
}
