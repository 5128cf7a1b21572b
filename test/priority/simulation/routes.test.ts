/** Simulations over HTTP: who may, what is refused and with which words, and the whole way from a request to a result. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { App } from "../../../server/http/app.ts";
import { checkPolicy } from "../../../server/priority/check.ts";
import type { Vocabulary } from "../../../server/priority/rest.ts";
import type { SimulationState } from "../../../server/priority/simulation/model.ts";
import { simulationRoutes } from "../../../server/priority/simulation/routes.ts";
import { Simulations } from "../../../server/priority/simulation/simulations.ts";
import { testApp } from "../../http/support.ts";
import { fieldDay, gentlePolicy, plainPolicy, tierPolicy } from "./sample.ts";

const url = "/api/v1/priority/simulations";
const vocabulary: Vocabulary = {
  tiers: ["gold"],
  segments: [],
  queues: [],
  regions: [],
  operators: [],
  currency: "RUB",
  recordedDays: [],
};
let app: App;
let simulations: Simulations;

beforeAll(async () => {
  simulations = new Simulations({
    databaseUrl: "",
    onFailure: (error) => {
      throw error;
    },
  });
  app = await testApp();
  await simulationRoutes(app, {
    simulations,
    check: async (policy, moreTiers) =>
      checkPolicy(policy, { ...vocabulary, tiers: [...vocabulary.tiers, ...moreTiers] }),
  });
  await app.ready();
});
afterAll(async () => {
  await app.close();
  await simulations.close();
});

const policies = [
  { name: "Now", policy: plainPolicy },
  { name: "Draft", policy: gentlePolicy },
];
const day = fieldDay(0.95, { hours: 2 });
const as = (role: string) => ({ authorization: `Bearer cc_${role}` });
const post = (body: object, role = "supervisor") =>
  app.inject({ method: "POST", url, headers: as(role), payload: body });
const get = (id: string, role = "supervisor") =>
  app.inject({ method: "GET", url: `${url}/${id}`, headers: as(role) });

test("from a request to a result; only who asked sees it", async () => {
  const started = await post({ source: day, policies });
  expect(started.statusCode).toBe(202);
  const { id, state } = started.json<SimulationState>();
  expect(state).toBe("running");
  await expect.poll(async () => (await get(id)).json<SimulationState>().state).toBe("done");
  const done = (await get(id)).json<SimulationState>();
  // What is sent is what was found: no field is lost on the way.
  expect(done).toEqual(simulations.find(id, "token:supervisor"));
  expect(done.result!.remarks.map(({ code }) => code)).toContain("totalLossesUnchanged");
  expect(done.result!.policies[1]!.tiers.map(({ tier }) => tier)).toEqual(["*", "loyal", ""]);
  expect((await get(id, "admin")).statusCode).toBe(404);
  const late = await app.inject({
    method: "DELETE",
    url: `${url}/${id}`,
    headers: as("supervisor"),
  });
  expect(late.json<SimulationState>().state).toBe("done");
});

test("one at a time, and a running one can be cancelled", async () => {
  const long = { source: { ...day, hours: 336 }, policies };
  const { id } = (await post(long, "admin")).json<SimulationState>();
  const second = await post(long, "admin");
  expect(second.statusCode).toBe(409);
  expect(second.json()).toMatchObject({ error: { code: "simulationRunning" } });
  const cancel = (role: string) =>
    app.inject({ method: "DELETE", url: `${url}/${id}`, headers: as(role) });
  expect((await cancel("supervisor")).statusCode).toBe(404);
  expect((await cancel("admin")).json<SimulationState>()).toMatchObject({
    id,
    state: "cancelled",
    result: null,
  });
  // It stays so for whoever looks again, and the next one can begin.
  expect((await get(id, "admin")).json<SimulationState>()).toMatchObject({
    ...{ id, state: "cancelled", result: null },
  });
  const next = await post(long, "admin");
  expect(next.statusCode).toBe(202);
  const gone = await app.inject({
    method: "DELETE",
    url: `${url}/${next.json<SimulationState>().id}`,
    headers: as("admin"),
  });
  expect(gone.json<SimulationState>().state).toBe("cancelled");
});

test("operators and integrators may not", async () => {
  for (const role of ["operator", "integrator"])
    expect((await post({ source: day, policies }, role)).statusCode).toBe(403);
  expect((await app.inject({ method: "POST", url, payload: {} })).statusCode).toBe(401);
});

test.each([
  ["no policies", { policies: [] }, /policies/],
  ["five policies", { policies: [...policies, ...policies, policies[0]] }, /policies/],
  ["more than 14 days", { source: { ...day, hours: 337 } }, /hours|source/],
  [
    "too many callers an hour",
    { source: { ...day, callersPerHour: 20_001 } },
    /callersPerHour|source/,
  ],
  [
    "too many callers in all",
    { source: { ...day, callersPerHour: 20_000, hours: 336 } },
    /source\.hours must be fewer/,
  ],
  [
    "shares above 1",
    {
      source: {
        ...day,
        tiers: [
          { tier: "a", share: 0.6 },
          { tier: "b", share: 0.6 },
        ],
      },
    },
    /add up/,
  ],
  [
    "a tier twice",
    {
      source: {
        ...day,
        tiers: [
          { tier: "a", share: 0.1 },
          { tier: "a", share: 0.1 },
        ],
      },
    },
    /tiers\.1\.tier must be named only once/,
  ],
  [
    "a day that is none",
    { source: { kind: "recorded", from: "2026-02-30", to: "2026-03-01", queues: [] } },
    /source\.from must be a date/,
  ],
  [
    "days backwards",
    { source: { kind: "recorded", from: "2026-03-02", to: "2026-03-01", queues: [] } },
    /source\.to must not be before/,
  ],
  [
    "too many days",
    { source: { kind: "recorded", from: "2026-01-01", to: "2026-02-01", queues: [] } },
    /at most 30 days/,
  ],
  ["an unknown field", { source: day, policies, more: 1 }, /more/],
])("%s is refused with its place", async (_, parts, words) => {
  const answer = await post({ source: day, policies, ...parts });
  expect(answer.statusCode).toBe(400);
  expect(answer.json<{ error: { code: string; message: string } }>().error).toMatchObject({
    code: "invalid",
    message: expect.stringMatching(words) as string,
  });
});

test("a policy that could not be published is refused with its name, the reason and the place", async () => {
  const bad = tierPolicy(["loyal"], { rate: -1 });
  const answer = await post({
    source: day,
    policies: [policies[0], { name: "Mine", policy: bad }],
  });
  expect(answer.statusCode).toBe(422);
  const { error } = answer.json<{ error: { code: string; message: string; field: string } }>();
  expect(error.code).toBe("policyRefused");
  expect(error.message).toMatch(/^Mine: /);
  expect(error.field).toBe("body.policies.1.policy.rules.0.then.rate");
  const nothing = await post({ source: day, policies: [{ name: "Mine", policy: "what" }] });
  expect(nothing.statusCode).toBe(422);
});

test("a generated day's own tiers are known tiers; others are judged as anywhere", async () => {
  const unknown = tierPolicy(["platinum"], { rate: 2 });
  const direct = checkPolicy(unknown, vocabulary);
  const answer = await post(
    { source: day, policies: [{ name: "Mine", policy: unknown }] },
    "admin",
  );
  expect(answer.statusCode).toBe(direct.policy === null ? 422 : 202);
  const own = { ...day, tiers: [{ tier: "platinum", share: 0.1 }] };
  const known = await post({ source: own, policies: [{ name: "Mine", policy: unknown }] });
  expect(known.statusCode).toBe(202);
});
