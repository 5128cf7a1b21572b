/** The feed's documentation: `/events` in the OpenAPI document, and the schema of its frames. */
import { Type } from "@fastify/type-provider-typebox";
import type { App } from "./app.ts";
import { ApiError, ErrorBody } from "./errors.ts";
import { FeedFrame, FeedMessage } from "./feed-frames.ts";

const DESCRIPTION = `
A websocket. Authorise with \`Authorization: Bearer <token>\` in the upgrade, or with the first message
\`{"type":"authorize","token":"..."}\` within 5 seconds; a token in the address is refused. For supervisors and integrators.

Every frame is one JSON object with \`seq\`, \`epoch\`, \`at\` and \`type\`; their schema is at \`/events/schema\`. To go on after a lost
connection, give the last \`seq\` and its \`epoch\`, in the address or in the authorize message. What is no longer kept is told by a
\`gap\` frame. \`types\` (comma-separated here) limits what is sent.

A \`leaving\` frame says that this process is about to end while others go on: connect anew before it closes.

Close codes: 4001 not authorised, 4003 not allowed, 4004 a message that is not in the schema, 4008 too slow, 1001 the server
stops, 1013 try again later.`.trim();

/** Registers both routes. */
export async function feedRoutes(app: App): Promise<void> {
  app.get(
    "/events",
    {
      config: { access: "public" },
      schema: {
        tags: ["feed"],
        summary: "Facts and pops as they happen (websocket)",
        description: DESCRIPTION,
        querystring: Type.Object({
          since: Type.Optional(Type.Integer({ minimum: 0 })),
          epoch: Type.Optional(Type.String()),
          types: Type.Optional(Type.String()),
        }),
        response: { 101: FeedFrame, 426: ErrorBody },
      },
    },
    async (_request, reply) => {
      void reply.header("upgrade", "websocket").header("connection", "upgrade");
      throw new ApiError(426, "upgradeRequired", "This address speaks websocket");
    },
  );

  const schema = {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Callcard feed",
    description: "`frame` is what the server sends, `message` what a reader may send.",
    $defs: { frame: FeedFrame, message: FeedMessage },
    $ref: "#/$defs/frame",
  };
  app.get(
    "/events/schema",
    {
      config: { access: "public" },
      schema: { tags: ["feed"], summary: "JSON Schema of the feed's frames" },
    },
    async (_request, reply) =>
      reply.header("content-type", "application/schema+json").send(JSON.stringify(schema)),
  );
}
