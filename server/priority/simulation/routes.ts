/** Simulations over HTTP: started, watched, cancelled, by who may set priorities or watch queues. */
import { type Static, Type } from "@fastify/type-provider-typebox";
import type { FastifyRequest } from "fastify";
import type { App } from "../../http/app.ts";
import { nameOf } from "../../http/auth.ts";
import { ApiError, ErrorBody, invalidField, notFound } from "../../http/errors.ts";
import type { Policy } from "../model.ts";
import type { Checked } from "../rest.ts";
import type { GeneratedDay, SimulationInput, SimulationState } from "./model.ts";
import { SimulationInputSchema, SimulationStateSchema } from "./schemas.ts";
import { SimulationBusyError, type Simulations } from "./simulations.ts";

/** What the routes work with. */
export type SimulationRouteParts = {
  readonly simulations: Pick<Simulations, "start" | "find" | "cancel">;
  /**
   * Is this a policy that could be published? @param moreTiers tiers of a generated day, which count as known although no customer
   * has them.
   */
  readonly check: (
    policy: unknown,
    moreTiers: readonly string[],
  ) => Promise<Checked & { readonly policy: Policy | null }>;
};

/** More callers than this take minutes; the days can be shorter. */
const MOST_CALLERS = 1_000_000;
const MOST_DAYS = 31;
const DAY_MS = 86_400_000;

/** Registers `/api/v1/priority/simulations`. */
export async function simulationRoutes(app: App, parts: SimulationRouteParts): Promise<void> {
  const { simulations, check } = parts;
  const onRequest = app.requireRole("supervisor");
  const tags = ["priority"];
  const params = Type.Object({ id: Type.String({ maxLength: 40 }) });

  app.post(
    "/api/v1/priority/simulations",
    {
      onRequest,
      schema: {
        tags,
        summary: "Play recorded or generated days under up to four policies",
        description:
          "Answers at once; read the simulation until it is no longer `running`. One at a time for each person.",
        body: SimulationInputSchema,
        response: {
          202: SimulationStateSchema,
          400: ErrorBody,
          409: ErrorBody,
          422: ErrorBody,
          429: ErrorBody,
        },
      },
    },
    async (request, reply) => {
      const { source, policies } = request.body;
      checkSource(source);
      const tiers = source.kind === "generated" ? source.tiers.map(({ tier }) => tier) : [];
      const checked: SimulationInput["policies"][number][] = [];
      for (const [at, { name, policy }] of policies.entries())
        checked.push({ name, policy: await checkedPolicy(policy, name, at, tiers) });
      void reply.code(202);
      return mutable(begin({ source, policies: checked }, ownerOf(request)));
    },
  );

  app.get(
    "/api/v1/priority/simulations/:id",
    {
      onRequest,
      schema: {
        tags,
        summary: "How far a simulation is, and its result",
        description: "Kept for an hour after its end, for who started it.",
        params,
        response: { 200: SimulationStateSchema, 404: ErrorBody },
      },
    },
    async (request) => found(simulations.find(request.params.id, ownerOf(request))),
  );

  app.delete(
    "/api/v1/priority/simulations/:id",
    {
      onRequest,
      schema: {
        tags,
        summary: "Cancel a simulation",
        description: "One that has ended stays as it is.",
        params,
        response: { 200: SimulationStateSchema, 404: ErrorBody },
      },
    },
    async (request) => found(simulations.cancel(request.params.id, ownerOf(request))),
  );

  async function checkedPolicy(
    policy: unknown,
    name: string,
    at: number,
    tiers: readonly string[],
  ): Promise<Policy> {
    const { problems, policy: good } = await check(policy, tiers);
    if (good !== null) return good;
    const [first] = problems;
    throw new ApiError(422, "policyRefused", `${name}: ${first?.message ?? "not a policy"}`, {
      field: `body.policies.${at}.policy${(first?.path ?? "").replaceAll("/", ".")}`,
    });
  }

  function begin(input: SimulationInput, owner: string): SimulationState {
    try {
      return simulations.start(input, owner);
    } catch (error) {
      if (!(error instanceof SimulationBusyError)) throw error;
      if (error.code === "yours") throw new ApiError(409, "simulationRunning", error.message);
      throw new ApiError(429, "simulationsBusy", error.message, { retryAfterSeconds: 5 });
    }
  }
}

/** What a schema cannot say. @throws ApiError */
function checkSource(source: Static<typeof SimulationInputSchema>["source"]): void {
  if (source.kind === "generated") return checkGenerated(source);
  const fromMs = dateMs(source.from, "source.from");
  const toMs = dateMs(source.to, "source.to");
  if (toMs < fromMs) throw invalidField("source.to", "must not be before source.from");
  if (toMs - fromMs >= MOST_DAYS * DAY_MS)
    throw invalidField("source.to", `must be at most ${MOST_DAYS - 1} days after source.from`);
}

function checkGenerated({ callersPerHour, hours, tiers }: GeneratedDay): void {
  if (callersPerHour * hours > MOST_CALLERS)
    throw invalidField(
      "source.hours",
      `must be fewer: ${callersPerHour} callers an hour for so long are more than ${MOST_CALLERS}`,
    );
  const names = tiers.map(({ tier }) => tier);
  const twice = names.findIndex((tier, at) => names.indexOf(tier) !== at);
  if (twice >= 0) throw invalidField(`source.tiers.${twice}.tier`, "must be named only once");
  if (tiers.reduce((sum, { share }) => sum + share, 0) > 1 + 1e-9)
    throw invalidField("source.tiers", "must have shares that add up to at most 1");
}

/** 2026-02-30 looks like a date and is none. */
function dateMs(text: string, field: string): number {
  const ms = Date.parse(`${text}T00:00:00Z`);
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== text)
    throw invalidField(field, "must be a date such as 2026-03-31");
  return ms;
}

function ownerOf(request: FastifyRequest): string {
  return nameOf(request.principal!);
}

function found(state: SimulationState | null): Static<typeof SimulationStateSchema> {
  if (state === null) throw notFound("The simulation");
  return mutable(state);
}

/** The schema's type has no readonly; the value is only serialised. A field more in one of them does not compile. */
function mutable(state: SimulationState): Static<typeof SimulationStateSchema> {
  return state as Static<typeof SimulationStateSchema> satisfies SimulationState;
}
