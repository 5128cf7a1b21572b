/** Is it alive, is it open to screens, is every part ready, and how is it doing: `/healthz`, `/openz`, `/readyz`, `/metrics`. */
import { Type } from "@fastify/type-provider-typebox";
import type { FastifyRequest } from "fastify";
import { setTimeout as sleep } from "node:timers/promises";
import { roleAllows } from "../people/model.ts";
import type { App } from "./app.ts";
import { roleOf } from "./auth.ts";
import { ApiError } from "./errors.ts";
import type { Metrics } from "./metrics.ts";

/** Whether a part can do its work, and in words why not (or how). No secrets: `/readyz` is open. */
export type PartState = { readonly ok: boolean; readonly detail: string };

/** A part as `/readyz` lists it. */
export type PartReport = PartState & { readonly name: string };

/** The parts a server is made of. */
export type Readiness = {
  /** Registers a part; returns how to remove it. A check that throws or takes over 2 s counts as not ready. */
  add(
    name: string,
    check: () => PartState | Promise<PartState>,
    options?: {
      /** False for a part without which everything goes on, only less well: it is told, and counts as ready. Default true. */
      readonly needed?: boolean;
    },
  ): () => void;
  /** This process is about to end: not ready from now on, whatever its parts say. */
  leave(): void;
  /** False once {@link leave} was called. */
  stays(): boolean;
  /** Asks all parts at once. */
  report(): Promise<{ readonly ready: boolean; readonly parts: readonly PartReport[] }>;
};

const CHECK_LIMIT_MS = 2000;

/** An empty list of parts. */
export function createReadiness(): Readiness {
  const checks = new Map<
    string,
    { readonly check: () => PartState | Promise<PartState>; readonly needed: boolean }
  >();
  let leaving = false;
  return {
    leave() {
      leaving = true;
    },
    stays: () => !leaving,
    add(name, check, { needed = true } = {}) {
      checks.set(name, { check, needed });
      return () => void checks.delete(name);
    },
    async report() {
      // At once: whoever asks is about to send somebody here.
      if (leaving) return { ready: false, parts: [LEAVING] };
      const asked = await Promise.all(
        [...checks].map(async ([name, { check, needed }]) => ({
          ...{ needed, part: { name, ...(await ask(check)) } },
        })),
      );
      return {
        ready: asked.every(({ needed, part }) => part.ok || !needed),
        parts: asked.map(({ part }) => part),
      };
    },
  };
}

const LEAVING: PartReport = { name: "process", ok: false, detail: "leaving" };

async function ask(check: () => PartState | Promise<PartState>): Promise<PartState> {
  const given = new AbortController();
  try {
    const late = sleep(CHECK_LIMIT_MS, undefined, { signal: given.signal }).then(() => ({
      ok: false,
      detail: `no answer within ${CHECK_LIMIT_MS / 1000} s`,
    }));
    late.catch(() => undefined);
    const { ok, detail } = await Promise.race([check(), late]);
    return { ok, detail };
  } catch {
    // The reason may hold addresses and names; it stands in the part's own log.
    return { ok: false, detail: "its check failed" };
  } finally {
    given.abort();
  }
}

/** Who may read `/metrics`: `loopback` lets programs on this machine in without a token, `token` nobody. */
export type MetricsAccess = "loopback" | "token";

const OpenBody = Type.Object({ open: Type.Boolean() });

const PartsBody = Type.Object({
  ready: Type.Boolean(),
  parts: Type.Array(
    Type.Object({ name: Type.String(), ok: Type.Boolean(), detail: Type.String() }),
  ),
});

/** Registers the four routes. */
export async function healthRoutes(
  app: App,
  parts: {
    readonly readiness: Readiness;
    readonly metrics: Metrics;
    readonly metricsAccess: MetricsAccess;
  },
): Promise<void> {
  const config = { access: "public" } as const;

  app.get(
    "/healthz",
    {
      config,
      schema: {
        tags: ["health"],
        summary: "The process is alive",
        response: { 200: Type.Object({ ok: Type.Boolean() }) },
      },
    },
    async () => ({ ok: true }),
  );

  app.get(
    "/openz",
    {
      config,
      schema: {
        tags: ["health"],
        summary: "A balancer may send screens here; 503 says that this process is about to end",
        description:
          "Other than /readyz it does not ask for PostgreSQL, redis or a PBX: they are away for all processes, and screens go on without.",
        response: { 200: OpenBody, 503: OpenBody },
      },
    },
    async (_request, reply) => {
      const open = parts.readiness.stays();
      return reply
        .code(open ? 200 : 503)
        .header("cache-control", "no-store")
        .send({ open });
    },
  );

  app.get(
    "/readyz",
    {
      config,
      schema: {
        tags: ["health"],
        summary: "Every part is ready to work; 503 says which is not and why",
        description:
          "A part that is not ok while the whole is ready is one that can be done without for a while, such as redis: processes then do not hear each other.",
        response: { 200: PartsBody, 503: PartsBody },
      },
    },
    async (_request, reply) => {
      const { ready, parts: list } = await parts.readiness.report();
      return reply
        .code(ready ? 200 : 503)
        .header("cache-control", "no-store")
        .send({ ready, parts: [...list] });
    },
  );

  app.get(
    "/metrics",
    {
      config,
      schema: {
        tags: ["health"],
        summary: "Prometheus metrics",
        description: "Open to this machine (setting); else for admins and integrator tokens.",
        produces: ["text/plain"],
      },
    },
    async (request, reply) => {
      if (!(parts.metricsAccess === "loopback" && isFromThisMachine(request)))
        await requireReader(app, request);
      return reply
        .header("content-type", "text/plain; version=0.0.4; charset=utf-8")
        .send(await parts.metrics.text());
    },
  );
}

async function requireReader(app: App, request: FastifyRequest): Promise<void> {
  const principal = await app.principalOf(request);
  if (principal === null)
    throw new ApiError(401, "notLoggedIn", "Send the token of an integrator or log in as admin");
  if (!roleAllows(roleOf(principal), ["integrator"]))
    throw new ApiError(403, "forbidden", "This needs the role admin or integrator");
}

/** A proxy on this machine also connects from loopback; what it forwards is not from here. */
function isFromThisMachine(request: FastifyRequest): boolean {
  const { headers, raw } = request;
  if (headers["x-forwarded-for"] !== undefined || headers.forwarded !== undefined) return false;
  if (headers.via !== undefined || headers["x-real-ip"] !== undefined) return false;
  const address = raw.socket.remoteAddress ?? "";
  return /^(127\.|::1$|::ffff:127\.)/.test(address);
}
