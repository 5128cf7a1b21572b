/** `/rate/<token>`: the page a message's link leads to. Whoever has the link answers once; nothing else of the call is shown. */
import type { FastifyReply, FastifyRequest } from "fastify";
import { sql } from "kysely";
import { Type } from "typebox";
import type { App } from "../../../http/app.ts";
import { problemOf } from "../../../http/errors.ts";
import { type Language, acceptedLanguage, languageOf } from "../asking/language.ts";
import { openRateLimit } from "../../../storage/rate-limit.ts";
import type { RatingRouteParts } from "../routes.ts";
import { saveRating } from "../store.ts";
import { readToken, tokenSecret } from "../token.ts";
import { RATING_STYLE, type RatingPage, ratingPage } from "./html.ts";

const config = { access: "public" } as const;
const schema = { hide: true, params: Type.Object({ token: Type.String({ maxLength: 600 }) }) };
/** From one address: a house behind one may answer many, a machine that guesses may not. */
const ASKED = { burst: 30, perSecond: 0.5 };
const FORM_BYTES = 32 * 1024;

/** Registers them in a scope of their own: nowhere else is a form taken. */
export async function ratingPages(app: App, parts: RatingRouteParts): Promise<void> {
  const { clock, db, stored } = parts;
  const mayAsk = openRateLimit(parts.redis ?? null, "ratings", ASKED);

  /** The call's id, the customer's own language and what was answered already; null for a link that does not hold. */
  async function find(token: string) {
    const callId = readToken(await tokenSecret(db), token, clock());
    if (callId === null) return null;
    const { rows } = await sql<{ language: string; score: number | null }>`
      select coalesce(c.language, '') as language, r.score from (select ${callId}::text as id) asked
      left join calls k on k.id = asked.id left join ratings r on r.call_id = asked.id
      left join customers c on c.id = coalesce(r.customer_id, k.customer_id)`.execute(db);
    return { callId, ...rows[0]! };
  }

  await app.register(async (scope: App) => {
    scope.addContentTypeParser(
      "application/x-www-form-urlencoded",
      { parseAs: "string", bodyLimit: FORM_BYTES },
      (_request, body, done) => done(null, new URLSearchParams(body.toString())),
    );
    // People see this, not programs: whatever goes wrong is said in their words.
    scope.setErrorHandler((error, request, reply) => {
      const { status } = problemOf(error);
      if (status >= 500) request.log.error({ err: error }, "a rating's page failed");
      return show(request, reply, status, { shows: "broken" }, "");
    });

    scope.get("/rate.css", { config, schema: { hide: true } }, (_request, reply) =>
      reply
        .header("content-type", "text/css; charset=utf-8")
        .header("cache-control", "public, max-age=3600")
        .send(RATING_STYLE),
    );
    scope.get("/rate/:token", { config, schema }, async (request, reply) => {
      if (!(await mayAsk(request.ip))) return show(request, reply, 429, { shows: "tooMany" }, "");
      const found = await find(request.params.token);
      if (found === null) return show(request, reply, 410, { shows: "gone" }, "");
      const { score, language } = found;
      const page: RatingPage =
        score === null
          ? { shows: "question", missing: false, comment: "" }
          : { shows: "thanks", score };
      return show(request, reply, 200, page, language);
    });
    scope.post(
      "/rate/:token",
      { config: { ...config, ownForm: true }, schema },
      async (request, reply) => {
        if (!(await mayAsk(request.ip))) return show(request, reply, 429, { shows: "tooMany" }, "");
        const found = await find(request.params.token);
        if (found === null) return show(request, reply, 410, { shows: "gone" }, "");
        const { body } = request as { body: unknown };
        const form = body instanceof URLSearchParams ? body : new URLSearchParams();
        const comment = form.get("comment") ?? "";
        const said = form.get("score") ?? "";
        if (!/^(\d|10)$/.test(said)) {
          const page = { shows: "question", missing: true, comment } as const;
          return show(request, reply, 400, page, found.language);
        }
        const rating = { score: Number(said), comment, askedBy: "link", atMs: clock(), live: null };
        const isNew = await saveRating(db, { callId: found.callId, ...rating });
        if (isNew === null) return show(request, reply, 410, { shows: "gone" }, found.language);
        if (isNew) stored();
        // Answered once more the first answer is shown, also when the page is loaded again.
        const query = new URL(request.url, "http://here").search;
        return reply.redirect(`/rate/${request.params.token}${query}`, 303);
      },
    );
  });
}

/** @param own the customer's language, "" for none. What somebody chose on the page goes before it, what their browser says after it. */
function show(
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
  page: RatingPage,
  own: string,
): FastifyReply {
  const { lang } = request.query as { lang?: unknown };
  const language: Language =
    languageOf(typeof lang === "string" ? lang : "") ??
    languageOf(own) ??
    acceptedLanguage(request.headers["accept-language"] ?? "") ??
    "en";
  return reply
    .code(status)
    .headers({
      "content-type": "text/html; charset=utf-8",
      "content-language": language,
      "cache-control": "no-store",
      "x-robots-tag": "noindex",
    })
    .send(ratingPage(page, language));
}
