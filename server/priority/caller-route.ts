/**
 * `GET /pbx/v1/caller`: a PBX asks, before a call joins a queue, who calls and what the policy gives them. Whatever happens here, a
 * request with the right token is answered in time with a line that lets the call go on.
 *
 * A dialplan proves itself by HTTP Basic, `CURLOPT(userpwd)`, which every Asterisk has; the user's name is not looked at. A header
 * of one's own (`CURLOPT(httpheader)`) is younger, cannot be taken back on a channel, and would then be sent to every other
 * address that the dialplan asks; a token in the address would stand in Asterisk's log whenever a request fails.
 */
import { hash, timingSafeEqual } from "node:crypto";
import { Type } from "@fastify/type-provider-typebox";
import { LRUCache } from "lru-cache";
import type { FoundCaller } from "../customers/callers.ts";
import type { App } from "../http/app.ts";
import {
  type CallerAnswer,
  ORDINARY,
  type PreferredSeat,
  answerOf,
  guardedPriority,
  lineOf,
} from "./caller-answer.ts";
import { Gate, type GateCounters } from "./caller-gate.ts";
import type { Policy, Subject, Verdict } from "./model.ts";
import { whoOf } from "./subject.ts";

/** What the route works with. */
export type CallerRouteParts = {
  /** As they are now. A PBX without a token may not ask; with none at all the address does not exist. */
  readonly pbxs: () => readonly { readonly name: string; readonly token?: string }[];
  readonly callerOf: (number: string) => Promise<FoundCaller>;
  /** The published policy. */
  readonly policy: () => Policy;
  readonly decide: (policy: Policy, subject: Subject, nowMs: number) => Verdict;
  /** Null when this operator cannot be rung at this PBX now. */
  readonly preferredSeatOf: (pbx: string, login: string) => PreferredSeat | null;
  /** False for an Asterisk that cannot move a waiting caller: there the guard is kept by whom a caller may pass at joining. */
  readonly canMove?: (pbx: string) => boolean;
  /** Who waits in a queue. `priority` is not looked at for those whom this route told one. */
  readonly waitingIn?: (
    pbx: string,
    queue: string,
  ) => readonly {
    readonly channelId: string;
    readonly joinedAtMs: number;
    readonly priority: number;
  }[];
  /** From request to answer; default 300. */
  readonly deadlineMs?: number;
  /** Look-ups under way at a time; default 8, twice the connections there are for them. */
  readonly places?: number;
  readonly now?: () => number;
};

const LONGEST_NUMBER = 80;
const LONGEST_NAME = 128;
const REMEMBERED_PRIORITIES = 5000;

/** Registers `/pbx/v1/caller`. */
export function callerRoute(app: App, parts: CallerRouteParts): { counters(): GateCounters } {
  const gate = new Gate({ places: parts.places ?? 8, deadlineMs: parts.deadlineMs ?? 300 });
  /** By PBX and channel: no event tells with which priority somebody joined. */
  const joinedWith = new LRUCache<string, number>({ max: REMEMBERED_PRIORITIES });
  const now = parts.now ?? (() => performance.timeOrigin + performance.now());
  const keys = keysOf(parts.pbxs);

  app.get(
    "/pbx/v1/caller",
    {
      config: { access: "public" },
      // A dialplan reads none of those headers, and every text is fine: what is read is read below.
      helmet: false,
      validatorCompiler: () => () => true,
      schema: {
        tags: ["pbx"],
        summary: "Who calls, in one line for a dialplan",
        description:
          "For a PBX alone: `Authorization: Basic` with its token as the password, or `Bearer`. " +
          "Fields are parted by `|`; an answer is whole when it begins with `ok` and ends with `end`. " +
          "`priority` is for QUEUE_PRIO, 0 for an ordinary caller and whenever nothing is known in time.",
        querystring: Type.Object(
          {
            number: Type.Optional(
              Type.Any({ description: "The caller's number, absent when withheld." }),
            ),
            queue: Type.Optional(Type.Any({ description: "Which queue they are about to join." })),
            channel: Type.Optional(Type.Any({ description: "Uniqueid of the caller's channel." })),
          },
          { additionalProperties: true },
        ),
      },
    },
    async (request, reply) => {
      void reply
        .header("cache-control", "no-store")
        .header("x-content-type-options", "nosniff")
        .type("text/plain; charset=utf-8");
      if (keys().length === 0) return reply.code(404).send("off\n");
      const pbx = whose(request.headers.authorization, keys());
      if (pbx === null)
        return reply.code(401).header("www-authenticate", 'Basic realm="pbx"').send("no\n");
      const query = request.query as Readonly<Record<string, unknown>>;
      const number = textOf(query["number"], LONGEST_NUMBER);
      const queue = textOf(query["queue"], LONGEST_NAME);
      const found = await gate.ask(() => lookUp(pbx, number, queue));
      const answer = found ?? ORDINARY;
      const channelId = textOf(query["channel"], LONGEST_NAME);
      if (channelId !== "") joinedWith.set(`${pbx} ${channelId}`, answer.priority);
      return reply.send(lineOf(answer));
    },
  );
  return { counters: () => gate.counters() };

  async function lookUp(pbx: string, number: string, queue: string): Promise<CallerAnswer> {
    const { found, lostAtMs, standing } = await parts.callerOf(number);
    if (found.outcome === "failed" || found.outcome === "internal") return ORDINARY;
    const subject: Subject = { ...whoOf(found, standing, lostAtMs), queue };
    const policy = parts.policy();
    const verdict = parts.decide(policy, subject, now());
    const seat =
      verdict.preferred === null ? null : parts.preferredSeatOf(pbx, verdict.preferred.login);
    const answer = answerOf(verdict, standing, seat);
    if (parts.canMove?.(pbx) !== false) return answer;
    const waiting = (parts.waitingIn?.(pbx, queue) ?? []).map((one) => ({
      waitedMs: now() - one.joinedAtMs,
      priority: joinedWith.get(`${pbx} ${one.channelId}`) ?? one.priority,
    }));
    const priority = guardedPriority(answer.priority, policy.guard, waiting);
    return { ...answer, priority };
  }
}

type Key = { readonly name: string; readonly digest: Buffer };

/** Digests of the tokens there are now; made anew only when the list is another one. */
function keysOf(pbxs: CallerRouteParts["pbxs"]): () => readonly Key[] {
  let of: ReturnType<CallerRouteParts["pbxs"]> | null = null;
  let keys: readonly Key[] = [];
  return () => {
    const now = pbxs();
    if (now === of) return keys;
    of = now;
    keys = now.flatMap(({ name, token = "" }) =>
      token === "" ? [] : [{ name, digest: digestOf(token) }],
    );
    return keys;
  };
}

/** Which PBX an `Authorization` header belongs to. All are compared, and by digest: the time taken tells nothing. */
function whose(authorization: string | undefined, keys: readonly Key[]): string | null {
  const [, scheme = "", value = ""] =
    /^(Basic|Bearer) +([^\s]{1,1000})$/i.exec(authorization ?? "") ?? [];
  const token =
    scheme.toLowerCase() === "basic"
      ? Buffer.from(value, "base64")
          .toString("utf8")
          .replace(/^[^:]*:/, "")
      : value;
  const digest = digestOf(token);
  let name: string | null = null;
  for (const key of keys) if (timingSafeEqual(key.digest, digest)) name = key.name;
  return name;
}

function digestOf(token: string): Buffer {
  return hash("sha256", token, "buffer");
}

/** A query's value as one bounded text; a key given twice counts as absent. */
function textOf(value: unknown, longest: number): string {
  return typeof value === "string" ? value.replaceAll("\0", "").slice(0, longest) : "";
}
