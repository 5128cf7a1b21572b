/** OpenAPI made from the routes' schemas, and its page at `/docs`. */
import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import type { App } from "./app.ts";
import { type Access, SESSION_COOKIE, declaredAccess } from "./auth.ts";
import { publicRoutes } from "./public-routes.ts";

/** The one style sheet that swagger-ui's script puts into its page (the test in a browser tells when it changes). */
const SWAGGER_STYLE = "'sha256-RL3ie0nH+Lzz2YNqQN83mnU0J1ot4QL7b99vMdIX99w='";

/** Collects what is registered after it; `/docs/json` is the document. */
export async function addDocs(app: App, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Callcard",
        version,
        description:
          "Everything that changes something needs a session with the header `X-Callcard: 1`, or a bearer token. " +
          "Every refusal is `{ error: { code, message, field? } }`; `code` is stable.",
      },
      components: {
        securitySchemes: {
          session: { type: "apiKey", in: "cookie", name: SESSION_COOKIE },
          token: {
            type: "http",
            scheme: "bearer",
            description: "An API token `cc_...`, or a JWT signed by the CRM.",
          },
        },
      },
    },
    transform: ({ schema, url, route }) => {
      const access = declaredAccess(route);
      return {
        url,
        schema: { ...schema, ...securityOf(access, schema?.description) },
      };
    },
  });
  await app.register(async (scope) => {
    publicRoutes(scope);
    await scope.register(swaggerUi, {
      routePrefix: "/docs",
      transformStaticCSP: (policy) =>
        policy.replace("style-src 'self'", `style-src 'self' ${SWAGGER_STYLE}`),
      uiConfig: {
        deepLinking: true,
        // Runs in the browser; swagger-ui's request is a plain object, whatever its types say.
        requestInterceptor: (request) => {
          (request as unknown as { headers: Record<string, string> }).headers["X-Callcard"] = "1";
          return request;
        },
      },
    });
  });
}

function securityOf(access: Access | undefined, description = "") {
  if (access === undefined || access === "public") return { security: [] };
  return {
    security: [{ session: [] }, { token: [] }],
    description: [description, `For: ${access.join(", ")}.`].filter(Boolean).join("\n\n"),
  };
}
