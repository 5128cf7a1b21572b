/** All PBXs as this process sees them, over HTTP, for admins: `/api/v1/pbxs`. */
import { Type } from "@fastify/type-provider-typebox";
import { sql } from "kysely";
import type { App } from "../http/app.ts";
import type { PbxSettingsState } from "../pbx-settings.ts";
import type { Database } from "../storage/database.ts";
import { type Leases, leaseNameOf } from "../storage/leases.ts";
import type { PbxLink } from "./link.ts";
import type { Pbxs } from "./pbxs.ts";

/** A PBX as an admin sees it. */
export type PbxReport = {
  readonly name: string;
  readonly address: string;
  readonly state: ReturnType<PbxLink["status"]>["state"];
  readonly sinceMs: number;
  /** Why it is not up; "" when it is. */
  readonly reason: string;
  /** Asterisk's; "" until known. */
  readonly version: string;
  /** Of the last ping; null before the first. */
  readonly roundTripMs: number | null;
  /** How long what came waits to be read. */
  readonly lagMs: number;
  readonly eventsPerSecond: number;
  readonly floods: number;
  /** Who acts there: null when nobody does. */
  readonly holder: { readonly name: string; readonly here: boolean; readonly since: string } | null;
};

/** What the page shows. */
export type PbxsReport = {
  readonly pbxs: readonly PbxReport[];
  /** Null when the PBXs are not listed in a file. */
  readonly settings: {
    readonly file: string;
    readonly readAt: string;
    readonly problem: string;
    readonly needRestart: readonly string[];
  } | null;
};

/** Between two looks at how much came. */
const COUNT_EVERY_MS = 2000;

const Body = Type.Unsafe<PbxsReport>(
  Type.Object(
    {
      pbxs: Type.Array(
        Type.Object({
          ...{ name: Type.String(), address: Type.String() },
          state: Type.Enum(["connecting", "synchronising", "up", "flooding", "down", "stopped"]),
          ...{ sinceMs: Type.Number(), reason: Type.String(), version: Type.String() },
          roundTripMs: Type.Union([Type.Number(), Type.Null()]),
          lagMs: Type.Number({ description: "How long what came waits to be read" }),
          eventsPerSecond: Type.Number(),
          floods: Type.Integer({ description: "Times it sent more than could be read" }),
          holder: Type.Union([
            Type.Object({
              name: Type.String({ description: "Host and process id" }),
              here: Type.Boolean({ description: "The process that answers" }),
              since: Type.String(),
            }),
            Type.Null(),
          ]),
        }),
      ),
      settings: Type.Union([
        Type.Object({
          ...{ file: Type.String(), readAt: Type.String() },
          problem: Type.String({ description: "Why the file cannot be used as it is now" }),
          needRestart: Type.Array(Type.String()),
        }),
        Type.Null(),
      ]),
    },
    { title: "Pbxs" },
  ),
);

/** Registers the route. @returns how to stop counting. */
export async function pbxRoutes(
  app: App,
  parts: {
    readonly pbxs: Pbxs<PbxLink>;
    readonly addressOf: (name: string) => string;
    readonly leases: Pick<Leases, "of">;
    readonly db: Database;
    readonly settings: () => PbxSettingsState;
  },
): Promise<() => Promise<void>> {
  const { addressOf, db, leases, pbxs, settings } = parts;
  const rates = new Map<string, number>();
  const stop = pbxs.each((link) => {
    let before = eventsOf(link);
    const timer = setInterval(() => {
      const now = eventsOf(link);
      rates.set(link.name, ((now - before) / COUNT_EVERY_MS) * 1000);
      before = now;
    }, COUNT_EVERY_MS);
    timer.unref();
    return () => {
      clearInterval(timer);
      rates.delete(link.name);
    };
  });

  app.get(
    "/api/v1/pbxs",
    {
      onRequest: app.requireRole("admin"),
      schema: {
        tags: ["pbx"],
        summary: "All PBXs as this process sees them, and who acts on each",
        response: { 200: Body },
      },
    },
    async (_request, reply) => {
      const held = await heldLeases(db);
      const { file, needRestart, problem, readAtMs } = settings();
      void reply.header("cache-control", "no-store");
      return {
        pbxs: pbxs.all().map((link): PbxReport => {
          const { capabilities, reason, roundTripMs, sinceMs, state } = link.status();
          const lease = held.get(leaseNameOf(link.name));
          return {
            ...{ name: link.name, address: addressOf(link.name), state, sinceMs, reason },
            ...{ version: capabilities.version, roundTripMs, lagMs: Math.round(link.lagMs()) },
            eventsPerSecond: Math.round(rates.get(link.name) ?? 0),
            floods: link.counters().floods,
            holder: lease === undefined ? null : { ...lease, here: leases.of(link.name).held() },
          };
        }),
        settings:
          file === ""
            ? null
            : { file, readAt: new Date(readAtMs).toISOString(), problem, needRestart },
      };
    },
  );
  return stop;
}

/** Everything that came and was no answer. */
function eventsOf(link: PbxLink): number {
  const { dropped, eventsByType, malformed, shed, unknownByName, unused } = link.counters();
  const sum = (numbers: Readonly<Record<string, number>>) =>
    Object.values(numbers).reduce((all, one) => all + one, 0);
  return sum(eventsByType) + sum(unknownByName) + unused + malformed + dropped + shed;
}

/** A lease that nobody renews is nobody's. */
const STALE_SECONDS = 6;

async function heldLeases(
  db: Database,
): Promise<ReadonlyMap<string, { readonly name: string; readonly since: string }>> {
  const rows = await db
    .selectFrom("leases")
    .select(["name", "holder", "taken_at"])
    .where(sql<boolean>`renewed_at > clock_timestamp() - make_interval(secs => ${STALE_SECONDS})`)
    .execute();
  return new Map(
    rows.map(({ holder, name, taken_at }) => [
      name,
      { name: holder, since: new Date(taken_at).toISOString() },
    ]),
  );
}
