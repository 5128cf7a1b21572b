/**
 * `POST /api/v1/hooks/mail/:service`: letters from a mail service. Who proves itself with the service's secret is heard: by our signature,
 * by Mailgun's, or by the secret itself as a bearer token or the password of the address; everybody else is told 401 and no more.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { Type } from "@fastify/type-provider-typebox";
import type { App } from "../../http/app.ts";
import { ApiError, ErrorBody } from "../../http/errors.ts";
import { SIGNATURE_HEADER, isSigned } from "../../orders/signature.ts";
import { readMime } from "./mime.ts";
import { type Letter, LetterError } from "./model.ts";
import { type ServiceKind, isMailgunSigned, readForm, readJson } from "./readers.ts";
import { findService, readRules } from "./settings.ts";
import { type TakeParts, takeLetter } from "./take.ts";

/** With files in it; they are read over, not kept. */
const BODY_LIMIT_BYTES = 30 * 1024 * 1024;
const NOBODYS = randomBytes(32).toString("hex");

/** Registers the route in a scope of its own: there the body stays the bytes that were signed. */
export async function mailHookRoute(
  app: App,
  parts: TakeParts & { readonly now?: () => number },
): Promise<void> {
  const { db, now = Date.now } = parts;
  await app.register(async (scope: App) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) =>
      done(null, body),
    );
    scope.post(
      "/api/v1/hooks/mail/:service",
      {
        config: { access: "public" },
        bodyLimit: BODY_LIMIT_BYTES,
        schema: {
          tags: ["mail"],
          summary: "A letter by a mail service's webhook",
          description:
            "By the service's kind: JSON `{messageId, from, to, subject, text, html, at, inReplyTo, headers, files}`, the form of " +
            "Mailgun or SendGrid, or the letter itself (MIME). Proven by `X-Callcard-Signature`, Mailgun's signature, or the secret as " +
            "bearer token or Basic password. The same Message-ID again changes nothing. Files are not kept, links are.",
          params: Type.Object({ service: Type.String({ minLength: 1, maxLength: 64 }) }),
          response: {
            200: Type.Object({
              messageId: Type.String(),
              outcome: Type.String({ description: "known, kept, claim, or waits for a person" }),
              claimNumber: Type.String(),
            }),
            ...{ 400: ErrorBody, 401: ErrorBody },
          },
        },
      },
      async (request) => {
        const service = await findService(db, request.params.service);
        const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
        const { kind, secret } = service ?? { kind: "json" as const, secret: NOBODYS };
        const nowMs = now();
        const header = request.headers[SIGNATURE_HEADER];
        const isProven =
          isSigned(typeof header === "string" ? header : "", secret, body, nowMs) ||
          isTold(request.headers.authorization ?? "", secret);
        // Mailgun's proof is in the form; nobody else's body is read before they are known.
        if (service === null || (!isProven && kind !== "mailgun")) throw unproven();
        try {
          const type = request.headers["content-type"] ?? "";
          const form = kind === "json" || kind === "mime" ? null : await formOf(body, type);
          if (!isProven && (form === null || !isMailgunSigned(form, secret, nowMs)))
            throw unproven();
          const letter = await read(kind, body, form, nowMs);
          return await takeLetter(parts, letter, await readRules(db));
        } catch (error) {
          if (!(error instanceof LetterError)) throw error;
          throw new ApiError(400, "invalid", `${error.field}: ${error.message}`, {
            field: `body.${error.field}`,
          });
        }
      },
    );
  });
}

async function read(
  kind: ServiceKind,
  body: Buffer,
  form: FormData | null,
  nowMs: number,
): Promise<Letter> {
  if (kind === "mime") {
    if (body.length === 0) throw new LetterError("body", "is empty");
    return readMime(body, nowMs);
  }
  return kind === "json"
    ? readJson(new TextDecoder().decode(body), nowMs)
    : readForm(kind, form!, nowMs);
}

/** @throws LetterError */
async function formOf(body: Buffer, contentType: string): Promise<FormData> {
  try {
    const headers = { "content-type": contentType };
    return await new Response(new Uint8Array(body), { headers }).formData();
  } catch (error) {
    throw new LetterError("body", "is not a form", { cause: error });
  }
}

function unproven(): ApiError {
  return new ApiError(401, "badSignature", "The signature or token is missing, old or wrong");
}

/** `Bearer <secret>`, or Basic with the secret as password. Takes the same time wherever they differ. */
function isTold(authorization: string, secret: string): boolean {
  const [, scheme = "", value = ""] = /^(\S+) +(.*)$/.exec(authorization) ?? [];
  const basic = () =>
    Buffer.from(value, "base64")
      .toString()
      .replace(/^[^:]*:/, "");
  const given = /^bearer$/i.test(scheme) ? value : /^basic$/i.test(scheme) ? basic() : "";
  const hash = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(hash(given), hash(secret)) && given !== "";
}
