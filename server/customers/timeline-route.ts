/** `GET /api/v1/customers/:id/timeline`: everything that ever passed between a customer and the shop. */
import { Type } from "@fastify/type-provider-typebox";
import { Refusal } from "../desk/replies.ts";
import type { App } from "../http/app.ts";
import { ApiError, ErrorBody } from "../http/errors.ts";
import {
  TIMELINE_KINDS,
  type Timeline,
  type TimelineEntry,
  type TimelineKind,
} from "./timeline-model.ts";
import { SEARCHED } from "./timeline-sql.ts";

const Kind = Type.Unsafe<TimelineKind>(Type.Enum([...TIMELINE_KINDS]));

const EntryBody = Type.Object(
  {
    kind: Kind,
    id: Type.String({ description: "With the kind unique" }),
    at: Type.String({ format: "date-time" }),
    code: Type.String({
      description:
        "What it was: how a call ended, an order's stage, a claim's status, a message's channel, what was said to an offer, " +
        "how a call back stands, a rating's score",
    }),
    title: Type.String({
      description:
        "Number of the order or claim, name of the product, subject of the letter, disposition of the call, origin of the call back",
    }),
    text: Type.String(),
    byName: Type.String(),
    amountMinor: Type.Union([Type.Integer(), Type.Null()]),
    currency: Type.String(),
    direction: Type.Unsafe<TimelineEntry["direction"]>(Type.Enum(["in", "out", ""])),
  },
  { title: "TimelineEntry" },
);

/** Registers the route. */
export function timelineRoute(app: App, timeline: Timeline): void {
  app.get(
    "/api/v1/customers/:id/timeline",
    {
      onRequest: app.requireRole("operator", "integrator"),
      schema: {
        tags: ["customers"],
        summary:
          "Calls, orders, claims, messages, offers, notes, call backs and ratings, newest first",
        params: Type.Object({ id: Type.String({ maxLength: 20 }) }),
        querystring: Type.Object({
          kinds: Type.String({
            default: "",
            maxLength: 200,
            description: `Only these, apart by commas: ${TIMELINE_KINDS.join(", ")}`,
          }),
          q: Type.String({
            default: "",
            maxLength: 100,
            description: `Only what has this text, of the newest ${SEARCHED} of each kind`,
          }),
          after: Type.String({
            default: "",
            maxLength: 400,
            description: "`next` of the page before",
          }),
          limit: Type.Integer({ minimum: 1, maximum: 100, default: 50 }),
        }),
        response: {
          200: Type.Object({
            entries: Type.Array(EntryBody),
            next: Type.String({ description: "Empty at the end" }),
          }),
          400: ErrorBody,
        },
      },
    },
    async (request) => {
      const { q, after, limit, kinds } = request.query;
      const customerId = request.params.id;
      try {
        const page = await timeline.page({
          ...{ customerId, kinds: kindsOf(kinds), text: q, after, limit },
        });
        return { entries: [...page.entries], next: page.next };
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        throw new ApiError(400, "invalid", `query.${error.message}`, { field: "query.after" });
      }
    },
  );
}

function kindsOf(text: string): readonly TimelineKind[] {
  const words = text.split(",").map((word) => word.trim());
  return words
    .filter((word) => word !== "")
    .map((word) => {
      const kind = TIMELINE_KINDS.find((one) => one === word);
      if (kind === undefined)
        throw new ApiError(
          400,
          "invalid",
          `query.kinds must be some of ${TIMELINE_KINDS.join(", ")}, apart by commas`,
          { field: "query.kinds" },
        );
      return kind;
    });
}
