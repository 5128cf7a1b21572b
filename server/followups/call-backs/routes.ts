/** Call backs over HTTP: the site asks for them, supervisors look after them, admins say what becomes one. */
import type { CountryCode } from "libphonenumber-js/max";
import { readPhone } from "../../customers/phone.ts";
import { Refusal } from "../../desk/replies.ts";
import type { App } from "../../http/app.ts";
import { nameOf, personOf, roleOf } from "../../http/auth.ts";
import { ApiError, ErrorBody, invalidField, notFound } from "../../http/errors.ts";
import { recordAudit } from "../../people/audit.ts";
import type { Principal } from "../../people/model.ts";
import type { Database } from "../../storage/database.ts";
import { checkCallBacks } from "./check.ts";
import { type AsOf, PageError, readEntry, readPage } from "./entries.ts";
import { type HandsParts, assign, move, settle, take } from "./hands.ts";
import type { OpenedCallBacks } from "./open.ts";
import type { CallBackBody, CallBackCheck, CallBackPage, CallBackSettingsBody } from "./rest.ts";
import {
  AskInput,
  AssignInput,
  CheckInput,
  IdParams,
  ListQuery,
  MoveInput,
  SaveInput,
  SettleInput,
  answer,
} from "./schemas.ts";
import { SettingsError, readSettings, saveSettings } from "./stored-settings.ts";

/** What the routes work with. */
export type CallBackRouteParts = {
  readonly db: Database;
  readonly hands: HandsParts;
  readonly opened: Pick<OpenedCallBacks, "ask">;
  readonly asOf: () => Promise<AsOf>;
  readonly changed: (id: string) => void;
  readonly clock: () => number;
  readonly timeZone: string;
  /** Country of phones without a country code. */
  readonly region: CountryCode;
};

const tags = ["call backs"];

/** Registers `/api/v1/call-backs`. */
export async function callBackRoutes(app: App, parts: CallBackRouteParts): Promise<void> {
  listRoutes(app, parts);
  deedRoutes(app, parts);
  settingsRoutes(app, parts);
}

function listRoutes(app: App, parts: CallBackRouteParts): void {
  const { asOf, db, opened, region } = parts;
  app.get(
    "/api/v1/call-backs",
    {
      onRequest: app.requireRole("supervisor", "integrator"),
      schema: {
        ...{ tags, summary: "Call backs: the open ones by their time, or those that are over" },
        querystring: ListQuery,
        response: { 200: answer<CallBackPage>("CallBacks"), 400: ErrorBody },
      },
    },
    async (request) => {
      const { after, limit, only, phone, state, ...given } = request.query;
      const filter = {
        ...{ state, ...given },
        ...(phone === undefined ? {} : { phone: e164(phone, region) ?? phone }),
        ...(only === undefined ? {} : { only }),
      };
      try {
        return await readPage(db, await asOf(), filter, { limit, after });
      } catch (error) {
        if (!(error instanceof PageError)) throw error;
        throw new ApiError(400, "invalid", error.message, { field: "query.after" });
      }
    },
  );
  app.post(
    "/api/v1/call-backs",
    {
      onRequest: app.requireRole("supervisor", "integrator"),
      schema: {
        ...{ tags, summary: "Ask for a call back; another one of the same phone moves it" },
        body: AskInput,
        response: { 201: answer<CallBackBody>("CallBack"), 400: ErrorBody, 404: ErrorBody },
      },
    },
    async (request, reply) => {
      const { customer, name = "", queue = "", reason = "", at, timeZone } = request.body;
      const phone = e164(request.body.phone, region);
      if (phone === null) throw invalidField("phone", "is no phone number");
      if (at !== undefined && timeZone === undefined)
        throw invalidField("timeZone", "is missing: the time is on the person's own clock");
      const { principal } = request;
      const madeBy = principal?.kind === "user" ? principal.user.id : null;
      const customerId = await customerOf(db, phone, customer);
      const callBack = await refusedAsHttp(() =>
        opened.ask(
          {
            ...{ phone, customerId, name, queue, reason },
            when: at === undefined || timeZone === undefined ? null : { at, timeZone },
          },
          madeBy,
        ),
      );
      return reply.code(201).send(callBack);
    },
  );
  app.get(
    "/api/v1/call-backs/:id",
    {
      onRequest: app.requireRole("supervisor", "integrator"),
      schema: {
        ...{ tags, summary: "One call back", params: IdParams },
        response: { 200: answer<CallBackBody>("CallBack"), 404: ErrorBody },
      },
    },
    async (request) => found(parts, request.params.id),
  );
}

function deedRoutes(app: App, parts: CallBackRouteParts): void {
  const { changed, clock, hands } = parts;
  const responses = {
    200: answer<CallBackBody>("CallBack"),
    ...{ 400: ErrorBody, 403: ErrorBody, 404: ErrorBody, 409: ErrorBody },
  };
  /** Does it, tells everybody, and answers with what it is now. */
  const deed = async (
    id: string,
    principal: Principal,
    action: string,
    detail: object,
    act: () => Promise<void>,
  ): Promise<CallBackBody> => {
    await found(parts, id);
    await refusedAsHttp(act);
    await recordAudit(parts.db, {
      ...{ actor: nameOf(principal), action: `callBack.${action}`, detail: { id, ...detail } },
    });
    changed(id);
    return found(parts, id);
  };
  app.post(
    "/api/v1/call-backs/:id/take",
    {
      onRequest: app.requireRole("operator"),
      schema: {
        ...{ tags, summary: "Take it: nobody else sees it as free", params: IdParams },
        response: responses,
      },
    },
    async (request) => {
      const { user } = personOf(request);
      const hand = { userId: user.id, any: user.role !== "operator" };
      const { id } = request.params;
      return deed(id, request.principal!, "taken", {}, () => take(hands, id, hand, clock()));
    },
  );
  app.post(
    "/api/v1/call-backs/:id/settle",
    {
      onRequest: app.requireRole("operator", "integrator"),
      schema: {
        ...{ tags, summary: "Give it back, or say that it is done or not needed any more" },
        ...{ params: IdParams, body: SettleInput, response: responses },
      },
    },
    async (request) => {
      const principal = request.principal!;
      const userId = principal.kind === "user" ? principal.user.id : null;
      const hand = { userId, any: roleOf(principal) !== "operator" };
      const { id } = request.params;
      const { how } = request.body;
      return deed(id, principal, "settled", { how }, () => settle(hands, id, hand, how, clock()));
    },
  );
  app.post(
    "/api/v1/call-backs/:id/assign",
    {
      onRequest: app.requireRole("supervisor"),
      schema: {
        ...{ tags, summary: "Give it to an operator, or to anybody" },
        ...{ params: IdParams, body: AssignInput, response: responses },
      },
    },
    async (request) => {
      const { id } = request.params;
      const { userId } = request.body;
      return deed(id, request.principal!, "assigned", { userId }, () =>
        assign(hands, id, userId, clock()),
      );
    },
  );
  app.post(
    "/api/v1/call-backs/:id/move",
    {
      onRequest: app.requireRole("supervisor", "integrator"),
      schema: {
        ...{ tags, summary: "Another time, on the person's own clock" },
        ...{ params: IdParams, body: MoveInput, response: responses },
      },
    },
    async (request) => {
      const { id } = request.params;
      const { body } = request;
      return deed(id, request.principal!, "moved", body, () => move(hands, id, body, clock()));
    },
  );
}

function settingsRoutes(app: App, { clock, db, timeZone }: CallBackRouteParts): void {
  const reads = { onRequest: app.requireRole("supervisor") };
  const at = () => ({ timeZone, nowMs: clock() });
  const body = async (): Promise<CallBackSettingsBody> => {
    const stored = await readSettings(db);
    const { problems, warnings } = checkCallBacks(stored.settings, at());
    return { ...stored, timeZone, problems, warnings };
  };
  app.get(
    "/api/v1/call-backs/settings",
    {
      ...reads,
      schema: {
        ...{ tags, summary: "What becomes a call back, when people are called, when it is late" },
        response: { 200: answer<CallBackSettingsBody>("CallBackSettings") },
      },
    },
    body,
  );
  app.post(
    "/api/v1/call-backs/settings/check",
    {
      ...reads,
      schema: {
        ...{ tags, summary: "What would be said of settings", body: CheckInput },
        response: { 200: answer<CallBackCheck>("CallBackCheck") },
      },
    },
    async (request) => {
      const { problems, warnings } = checkCallBacks(request.body.settings, at());
      return { problems, warnings };
    },
  );
  app.put(
    "/api/v1/call-backs/settings",
    {
      onRequest: app.requireRole("admin"),
      schema: {
        ...{ tags, summary: "Change the settings", body: SaveInput },
        response: {
          200: answer<CallBackSettingsBody>("CallBackSettings"),
          ...{ 409: ErrorBody, 422: answer<object>("RefusedCallBackSettings") },
        },
      },
    },
    async (request, reply) => {
      const { settings, revision } = request.body;
      const by = nameOf(request.principal!);
      try {
        await saveSettings(db, { settings, revision, by }, at());
      } catch (error) {
        if (!(error instanceof SettingsError)) throw error;
        const { code, message, checked } = error;
        if (code === "settingsChanged") throw new ApiError(409, code, message, { cause: error });
        const field = `body.settings${(checked.problems[0]?.path ?? "").replaceAll("/", ".")}`;
        return reply.code(422).send({ error: { code, message, field }, ...checked });
      }
      return body();
    },
  );
}

async function found({ asOf, db }: CallBackRouteParts, id: string): Promise<CallBackBody> {
  const entry = await readEntry(db, await asOf(), id);
  if (entry === null) throw notFound("The call back");
  return entry;
}

/** What a deed refuses, as HTTP says it. */
async function refusedAsHttp<T>(deed: () => Promise<T>): Promise<T> {
  try {
    return await deed();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { code, message } = error;
    if (code === "forbidden") throw new ApiError(403, code, message, { cause: error });
    if (code === "gone") throw new ApiError(409, code, message, { cause: error });
    const [field = "", words = message] = message.split(": ");
    throw invalidField(field, words);
  }
}

function e164(phone: string, region: CountryCode): string | null {
  return readPhone(phone, region)?.e164 ?? null;
}

/** Who asks: named by us or by their source, else whoever alone has the phone. @throws ApiError 404 */
async function customerOf(
  db: Database,
  phone: string,
  named:
    { readonly id: string } | { readonly source: string; readonly sourceId: string } | undefined,
): Promise<string | null> {
  if (named === undefined) {
    const rows = await db
      .selectFrom("customer_phones")
      .select("customer_id")
      .where("e164", "=", phone)
      .limit(2)
      .execute();
    return rows.length === 1 ? rows[0]!.customer_id : null;
  }
  const query = db.selectFrom("customers").select("id");
  const row = await (
    "id" in named
      ? query.where("id", "=", named.id)
      : query.where("source", "=", named.source).where("source_id", "=", named.sourceId)
  ).executeTakeFirst();
  if (row === undefined) throw notFound("The customer");
  return row.id;
}
