/** Who may use which address: the whole list, held to the code. A new route needs a line here. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PbxLink } from "../../server/asterisk/link.ts";
import { pbxRoutes } from "../../server/asterisk/pbx-routes.ts";
import { fixedPbxs } from "../../server/asterisk/pbxs.ts";
import { callRoutes } from "../../server/calls/routes.ts";
import { consoleRoutes } from "../../server/console/routes.ts";
import { customerRoutes } from "../../server/customers/routes.ts";
import type { App } from "../../server/http/app.ts";
import type { Access } from "../../server/http/auth.ts";
import { deliveryRoutes } from "../../server/delivery/routes.ts";
import { callBackRoutes } from "../../server/followups/call-backs/routes.ts";
import { claimRoutes } from "../../server/followups/claims/routes.ts";
import { mailRoutes } from "../../server/followups/mail/routes.ts";
import { ratingRoutes } from "../../server/followups/ratings/routes.ts";
import { feedRoutes } from "../../server/http/feed-routes.ts";
import { createReadiness, healthRoutes } from "../../server/http/health.ts";
import { createMetrics } from "../../server/http/metrics.ts";
import { learningRoutes } from "../../server/offers/learn/routes.ts";
import { loopRoutes } from "../../server/offers/loop/routes.ts";
import { offerRoutes } from "../../server/offers/offer-routes.ts";
import { ruleRoutes } from "../../server/offers/rule-routes.ts";
import { standingsRoutes } from "../../server/offers/standings/routes.ts";
import { actionRoutes } from "../../server/orders/actions/routes.ts";
import { orderRoutes } from "../../server/orders/routes.ts";
import { type Role, roleAllows } from "../../server/people/model.ts";
import { callerRoute } from "../../server/priority/caller-route.ts";
import { peopleRoutes } from "../../server/people/routes.ts";
import { sessionRoutes } from "../../server/people/session-routes.ts";
import { webhookRoutes } from "../../server/webhooks/routes.ts";
import { testApp } from "./support.ts";

const everybody = "public";
const persons: Access = ["operator"];
const personsAndPrograms: Access = ["operator", "integrator"];
const programs: Access = ["integrator"];
const admins: Access = ["admin"];
const supervisors: Access = ["supervisor"];
const supervisorsAndPrograms: Access = ["supervisor", "integrator"];

const expected: Record<string, Access> = {
  "GET /": everybody,
  "GET /console": everybody,
  "GET /widget/*": everybody,
  "GET /docs/": everybody,
  "GET /docs/json": everybody,
  "GET /docs/yaml": everybody,
  "GET /docs/static/*": everybody,
  "GET /docs/static/index.html": everybody,
  "GET /docs/static/swagger-initializer.js": everybody,
  "GET /healthz": everybody,
  "GET /openz": everybody,
  "GET /readyz": everybody,
  // Asks itself who may read.
  "GET /metrics": everybody,
  // Documentation; the websocket itself is authorised in feed.ts.
  "GET /events": everybody,
  "GET /events/schema": everybody,

  "POST /api/v1/session": everybody,
  "GET /api/v1/session": persons,
  "DELETE /api/v1/session": everybody,
  "POST /api/v1/session/password": persons,
  "GET /api/v1/sessions": persons,
  "DELETE /api/v1/sessions/:id": persons,

  "GET /api/v1/users": admins,
  "POST /api/v1/users": admins,
  "GET /api/v1/users/:id": admins,
  "PATCH /api/v1/users/:id": admins,
  "DELETE /api/v1/users/:id": admins,
  "PUT /api/v1/users/:id/password": admins,
  "GET /api/v1/operators": supervisors,
  "GET /api/v1/tokens": admins,
  "POST /api/v1/tokens": admins,
  "DELETE /api/v1/tokens/:id": admins,
  "GET /api/v1/audit": admins,

  "GET /api/v1/priority/queues": supervisorsAndPrograms,
  "GET /api/v1/priority/why": supervisorsAndPrograms,
  "POST /api/v1/priority/move": supervisors,

  // A PBX's own token opens it, and nothing a person has.
  "GET /pbx/v1/caller": everybody,

  // A shop's signature opens it.
  "POST /api/v1/hooks/orders/:source": everybody,
  "GET /api/v1/order-sources": admins,
  "PUT /api/v1/order-sources/:source": admins,
  "DELETE /api/v1/order-sources/:source": admins,
  "GET /api/v1/orders/:source/:sourceId": personsAndPrograms,
  "GET /api/v1/results": supervisorsAndPrograms,

  "GET /api/v1/calls": personsAndPrograms,
  "GET /api/v1/calls/:id": personsAndPrograms,
  "GET /api/v1/customers": personsAndPrograms,
  "GET /api/v1/customers/:id": personsAndPrograms,
  "GET /api/v1/identify": personsAndPrograms,

  "GET /api/v1/call-backs": supervisorsAndPrograms,
  "POST /api/v1/call-backs": supervisorsAndPrograms,
  "GET /api/v1/call-backs/:id": supervisorsAndPrograms,
  "POST /api/v1/call-backs/:id/assign": supervisors,
  "POST /api/v1/call-backs/:id/move": supervisorsAndPrograms,
  "POST /api/v1/call-backs/:id/settle": personsAndPrograms,
  "POST /api/v1/call-backs/:id/take": persons,
  "GET /api/v1/call-backs/settings": supervisors,
  "PUT /api/v1/call-backs/settings": admins,
  "POST /api/v1/call-backs/settings/check": supervisors,

  "GET /api/v1/claim-settings": supervisors,
  "PUT /api/v1/claim-settings": admins,

  "GET /api/v1/claims": supervisorsAndPrograms,
  "GET /api/v1/claims/:number": personsAndPrograms,
  "POST /api/v1/claims/:number/status": supervisorsAndPrograms,

  "GET /api/v1/customers/:id/timeline": personsAndPrograms,

  "GET /api/v1/delivery/home": supervisors,
  "PUT /api/v1/delivery/home": admins,
  "POST /api/v1/delivery/points": personsAndPrograms,
  "GET /api/v1/delivery/providers": supervisors,
  "DELETE /api/v1/delivery/providers/:name": admins,
  "PUT /api/v1/delivery/providers/:name": admins,
  "POST /api/v1/delivery/quotes": personsAndPrograms,

  // A signature, a token or a password of the mail service opens it.
  "POST /api/v1/hooks/mail/:service": everybody,

  "GET /api/v1/mail/rules": supervisors,
  "PUT /api/v1/mail/rules": admins,
  "GET /api/v1/mail/services": admins,
  "DELETE /api/v1/mail/services/:name": admins,
  "PUT /api/v1/mail/services/:name": admins,

  "POST /api/v1/messages/:id/settle": supervisors,
  "GET /api/v1/messages/unsettled": supervisors,

  "POST /api/v1/offers": personsAndPrograms,
  "POST /api/v1/offers/answers": personsAndPrograms,
  "POST /api/v1/offers/explain": personsAndPrograms,
  "GET /api/v1/offers/held": supervisorsAndPrograms,
  "GET /api/v1/offers/learning": supervisors,
  "POST /api/v1/offers/learning/rebuild": admins,
  "GET /api/v1/offers/products": supervisors,
  "GET /api/v1/offers/report": supervisorsAndPrograms,
  "GET /api/v1/offers/rules": supervisors,
  "POST /api/v1/offers/rules": admins,
  "GET /api/v1/offers/rules/:id": supervisors,
  "PUT /api/v1/offers/rules/:id": admins,
  "POST /api/v1/offers/rules/:id/off": admins,
  "POST /api/v1/offers/rules/:id/on": admins,
  "GET /api/v1/offers/rules/:id/versions": supervisors,
  "POST /api/v1/offers/rules/check": supervisors,
  "GET /api/v1/offers/rules/vocabulary": supervisors,

  "POST /api/v1/orders/:source/:sourceId/actions": personsAndPrograms,
  "GET /api/v1/orders/actions": supervisorsAndPrograms,
  "GET /api/v1/orders/actions/:id": personsAndPrograms,
  "POST /api/v1/orders/actions/:id/settle": supervisorsAndPrograms,

  // A signed token, or a program's own, opens it.
  "POST /api/v1/ratings": everybody,
  "GET /api/v1/ratings/asking": supervisors,
  "PUT /api/v1/ratings/asking": admins,
  "GET /api/v1/ratings/report": supervisors,
  // The link of a message opens it.
  "GET /rate/:token": everybody,
  "POST /rate/:token": everybody,
  "GET /rate.css": everybody,

  "GET /api/v1/standings": supervisors,
  "PUT /api/v1/standings": admins,
  "POST /api/v1/standings/check": supervisors,

  "GET /api/v1/webhook-deliveries": admins,
  "POST /api/v1/webhook-deliveries/:id/send-again": admins,

  "GET /api/v1/pbxs": admins,
  "GET /api/v1/webhooks": admins,
  "POST /api/v1/webhooks": admins,
  "DELETE /api/v1/webhooks/:id": admins,
  "PUT /api/v1/webhooks/:id": admins,
};

let app: App;
beforeAll(async () => {
  app = await testApp();
  // Only who is let in is looked at; what the routes work on is not there.
  const nothing = {} as never;
  await sessionRoutes(app, { db: nothing, sessions: nothing, secureCookie: false });
  await peopleRoutes(app, { db: nothing, sessions: nothing });
  await callRoutes(app, { db: nothing });
  await consoleRoutes(app, { console: nothing });
  await customerRoutes(app, {
    storage: nothing,
    directory: nothing,
    defaultRegion: "RU",
    bus: nothing,
  });
  await orderRoutes(app, { storage: nothing, defaultRegion: "RU" });
  actionRoutes(app, { storage: nothing, work: nothing });
  await deliveryRoutes(app, nothing);
  await claimRoutes(app, { claims: nothing });
  await webhookRoutes(app, { db: nothing });
  await pbxRoutes(app, {
    ...{ pbxs: fixedPbxs<PbxLink>([]), addressOf: nothing, leases: nothing, db: nothing },
    settings: nothing,
  });
  await mailRoutes(app, { db: nothing, claims: nothing, region: "RU" });
  await loopRoutes(app, { db: nothing, timeZone: "UTC" });
  await learningRoutes(app, { db: nothing, learner: nothing });
  offerRoutes(app, nothing);
  ruleRoutes(app, nothing);
  standingsRoutes(app, nothing);
  await callBackRoutes(app, nothing);
  await ratingRoutes(app, nothing);
  callerRoute(app, {
    ...{ pbxs: () => [], callerOf: nothing, policy: nothing, decide: nothing },
    preferredSeatOf: nothing,
  });
  await feedRoutes(app);
  await healthRoutes(app, {
    readiness: createReadiness(),
    metrics: createMetrics(),
    metricsAccess: "loopback",
  });
  await app.ready();
});
afterAll(() => app.close());

/** HEAD comes with every GET, and OPTIONS with CORS. */
const routes = () =>
  app.accessTable().filter(({ method }) => method !== "HEAD" && method !== "OPTIONS");

describe("who may use what", () => {
  test("is declared by every route, as this list says", () => {
    const declared = Object.fromEntries(
      routes().map(({ method, url, access }) => [`${method} ${url}`, access]),
    );
    const loading = Object.entries(declared).filter(([, access]) => {
      return JSON.stringify(access) === JSON.stringify(programs);
    });
    // Loading is for programs alone.
    expect(loading.every(([route]) => /^(POST|PUT|DELETE) /.test(route))).toBe(true);
    const rest = Object.fromEntries(
      Object.entries(declared).filter(([route]) => !loading.some(([name]) => name === route)),
    );
    expect(rest).toEqual(expected);
  });

  test("is what happens: nobody without a login, nobody with too small a role, everybody else", async () => {
    const roles: readonly Role[] = ["operator", "supervisor", "admin", "integrator"];
    for (const { method, url, access } of routes()) {
      const ask = async (by: object) => {
        const path = url.replace(/:\w+/g, "1").replace("*", "x");
        const answer = await app.inject({ method: method as "GET", url: path, ...by });
        const isTooSmall = answer.body.includes("This needs the role");
        return isTooSmall ? "role too small" : answer.statusCode === 401 ? "no login" : "let in";
      };
      const name = `${method} ${url}`;
      if (access === "public") {
        expect(await ask({}), name).toBe("let in");
        continue;
      }
      expect(await ask({}), name).toBe("no login");
      for (const role of roles) {
        expect(await ask({ headers: { authorization: `Bearer cc_${role}` } }), name).toBe(
          roleAllows(role, access!) ? "let in" : "role too small",
        );
      }
    }
  });
});
