/** Learning over HTTP: supervisors see how far it is, admins may ask for everything anew. */
import { Type } from "@fastify/type-provider-typebox";
import type { App } from "../../http/app.ts";
import { nameOf } from "../../http/auth.ts";
import { recordAudit } from "../../people/audit.ts";
import type { Database } from "../../storage/database.ts";
import type { Learner } from "./learner.ts";
import type { LearningState } from "./state.ts";

const Answer = Type.Unsafe<LearningState>({ title: "Learning" });

/** Registers `/api/v1/offers/learning`. */
export async function learningRoutes(
  app: App,
  { db, learner }: { readonly db: Database; readonly learner: Pick<Learner, "state" | "ask"> },
): Promise<void> {
  const tags = ["offers"];
  app.get(
    "/api/v1/offers/learning",
    {
      onRequest: app.requireRole("supervisor"),
      schema: {
        ...{ tags, summary: "What was learned from orders, and when" },
        response: { 200: Answer },
      },
    },
    () => learner.state(),
  );
  app.post(
    "/api/v1/offers/learning/rebuild",
    {
      onRequest: app.requireRole("admin"),
      schema: {
        ...{ tags, summary: "Learn everything anew" },
        description: "Begins within half a minute, beside running work; asked twice is done once.",
        response: { 202: Answer },
      },
    },
    async (request, reply) => {
      const actor = nameOf(request.principal!);
      await learner.ask(actor);
      await recordAudit(db, { actor, action: "learning.asked" });
      return reply.code(202).send(await learner.state());
    },
  );
}
