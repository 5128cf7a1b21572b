/**
 * A server that speaks the console's protocol and REST from a script, for tests and pictures of the screen alone. Policies are judged
 * and people are ordered by the product's own pure rules, so that what the screen shows is what they would say.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Server as SocketServer, type Socket } from "socket.io";
import type { PbxsReport } from "../../server/asterisk/pbx-routes.ts";
import type {
  CampaignsPicture,
  ConsoleCaller,
  ConsolePicture,
  ConsoleToServer,
  PreviewQueue,
  ServerToConsole,
} from "../../server/console/protocol.ts";
import type { Role, User } from "../../server/people/model.ts";
import { checkPolicy } from "../../server/priority/check.ts";
import { decide } from "../../server/priority/decide.ts";
import type { Policy } from "../../server/priority/model.ts";
import { plainPolicy, readyPolicies } from "../../server/priority/ready-policies.ts";
import type { VersionBody } from "../../server/priority/rest.ts";
import type { SimulationInput, SimulationState } from "../../server/priority/simulation/model.ts";
import { sendBuiltFile } from "./built-file.ts";
import { CallBacksDouble } from "./console-call-backs-double.ts";
import { CampaignsDouble } from "./console-campaigns-double.ts";
import { OffersDouble } from "./console-offers-double.ts";
import {
  samplePbxs,
  samplePicture,
  sampleResult,
  sampleSubject,
  sampleVocabulary,
} from "./console-samples.ts";

const ZONE = "Europe/Moscow";

export class ConsoleDouble {
  readonly password = "secret";
  readonly moves: Parameters<ConsoleToServer["move"]>[0][] = [];
  readonly simulated: SimulationInput[] = [];
  readonly versions: VersionBody[] = [];
  readonly user: User;
  readonly campaigns = new CampaignsDouble();
  readonly offers = new OffersDouble();
  readonly callBacks = new CallBacksDouble();
  pbxs: PbxsReport = samplePbxs();
  picture: ConsolePicture = samplePicture(Date.now());
  draft: Policy | null = null;
  revision = 0;
  /** Who saved last. */
  savedBy = "";
  /** How many looks a simulation takes until it is done. */
  looks = 2;
  readonly #widgetFolder: string;
  readonly #http: Server;
  readonly #io: SocketServer<ConsoleToServer, ServerToConsole>;
  #simulation: SimulationState | null = null;
  #version = "";

  /** @param widgetFolder Where the built widget is. */
  constructor(widgetFolder: string, role: Role) {
    this.#widgetFolder = widgetFolder;
    this.user = { id: "1", login: "olga", name: "Ольга Ким", role, language: "" };
    this.#http = createServer((request, response) => {
      this.#serve(request, response).catch((error: unknown) => {
        response.writeHead(500).end(String(error));
      });
    });
    this.#io = new SocketServer(this.#http);
    this.#io.of("/console").on("connection", (socket) => this.#join(socket));
  }

  async start(): Promise<void> {
    await new Promise<void>((done) => this.#http.listen(0, "127.0.0.1", done));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  get published(): Policy {
    return this.versions[0]?.policy ?? plainPolicy(ZONE);
  }

  async stop(): Promise<void> {
    const closing = this.#io.close();
    // A page that asks again in this very moment would keep its connection, and with it the server.
    const cutting = setInterval(() => this.#http.closeAllConnections(), 50);
    await closing;
    if (this.#http.listening) await new Promise((done) => this.#http.close(done));
    clearInterval(cutting);
  }

  show(change: Partial<ConsolePicture>): void {
    this.picture = { ...this.picture, ...change };
    this.#io.of("/console").emit("picture", this.#now());
  }

  /** Says from now on that it has these screens. */
  update(version: string): void {
    this.#version = version;
    this.#io.of("/console").emit("screens", version);
  }

  /** Tells every screen to go to another process. */
  leave(): void {
    this.#io.of("/console").emit("leaving");
  }

  publish(policy: Policy, note: string, rolledBackTo: number | null = null): void {
    this.versions.unshift({
      version: this.versions.length + 1,
      publishedAt: new Date().toISOString(),
      publishedBy: this.user.login,
      note,
      rolledBackTo,
      policy,
    });
    this.show({ policyVersion: this.versions.length });
  }

  #now(): ConsolePicture {
    return { ...this.picture, serverTimeMs: Date.now() };
  }

  #caller(callId: string): ConsoleCaller | undefined {
    return this.picture.queues
      .flatMap((queue) => queue.callers)
      .find((one) => one.callId === callId);
  }

  #join(socket: Socket<ConsoleToServer, ServerToConsole>): void {
    if (this.#version !== "") socket.emit("screens", this.#version);
    socket.emit("picture", this.#now());
    socket.on("why", ({ callId, queue }, reply) => {
      const caller = this.#caller(callId);
      if (!caller) {
        reply({ ok: false, code: "gone", message: "gone" });
        return;
      }
      const verdict = decide(this.published, sampleSubject(caller, queue), Date.now());
      const names = new Map(this.published.rules.map(({ id, name }) => [id, name]));
      reply({
        ok: true,
        why: {
          callId,
          queue,
          position: caller.position,
          claimMs: caller.headStartMs + caller.rate * (Date.now() - caller.joinedAtMs),
          rule: caller.rule,
          passedOver: verdict.passedOver.map(({ ruleId, failed }) => ({
            ruleId,
            ruleName: names.get(ruleId) ?? "",
            failed,
          })),
          guard: caller.guard,
          ahead: caller.position === 1 ? null : { title: "Пётр Иванов", overtakenInMs: 41_000 },
          behind: null,
          moves: [{ atMs: Date.now() - 60_000, by: "policy", fromPosition: 3, toPosition: 1 }],
        },
      });
    });
    socket.on("preview", ({ policy }, reply) => {
      const { problems, policy: good } = checkPolicy(policy, sampleVocabulary);
      if (good) reply({ ok: true, queues: this.#preview(good) });
      else reply({ ok: false, code: "invalid", message: problems[0]?.message ?? "" });
    });
    const look = (picture: CampaignsPicture) => socket.emit("campaigns", picture);
    socket.on("lookAtCampaigns", ({ look: wanted }, reply) => {
      if (wanted) {
        this.campaigns.lookers.add(look);
        look(this.campaigns.picture());
      } else this.campaigns.lookers.delete(look);
      reply({ ok: true });
    });
    socket.on("disconnect", () => this.campaigns.lookers.delete(look));
    socket.on("move", (input, reply) => {
      this.moves.push(input);
      reply({ ok: true });
      const queues = this.picture.queues.map((queue) => {
        const at = queue.callers.findIndex(({ channelId }) => channelId === input.channelId);
        const moved = queue.callers[at];
        if (!moved || input.position === 0) return queue;
        const callers = queue.callers
          .toSpliced(at, 1)
          .toSpliced(input.position - 1, 0, { ...moved, movedBy: this.user.login });
        return {
          ...queue,
          callers: callers.map((one, index) => ({ ...one, position: index + 1 })),
        };
      });
      this.show({ queues });
    });
  }

  #preview(policy: Policy): PreviewQueue[] {
    const nowMs = Date.now();
    return this.picture.queues.map(({ pbx, name, callers }) => {
      const then = callers
        .map((caller) => ({ caller, verdict: decide(policy, sampleSubject(caller, name), nowMs) }))
        .toSorted((a, b) => claim(b, nowMs) - claim(a, nowMs));
      return {
        pbx,
        name,
        callers: then.map(({ caller, verdict }, at) => ({
          callId: caller.callId,
          title: caller.title,
          tier: caller.tier,
          positionNow: caller.position,
          positionThen: at + 1,
          ruleThen: verdict.rule,
        })),
      };
    });
  }

  #draftBody(): object {
    const policy = this.draft ?? this.published;
    const { problems, warnings } = checkPolicy(policy, sampleVocabulary);
    return {
      policy,
      revision: this.revision,
      baseVersion: this.versions.length,
      updatedAt: null,
      updatedBy: this.savedBy,
      changed: JSON.stringify(policy) !== JSON.stringify(this.published),
      problems,
      warnings,
    };
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://double");
    if (!pathname.startsWith("/api/v1/")) {
      await sendBuiltFile(
        this.#widgetFolder,
        pathname === "/console" ? "/widget/console.html" : pathname,
        response,
      );
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const loggedIn = request.headers.cookie?.includes("callcard_session=good") ?? false;
    const method = request.method ?? "GET";
    const path = pathname.slice(8);
    const isCsv = request.headers["content-type"] === "text/csv";
    const role = this.user.role;
    const asked = { method, path, query: searchParams, body: text, isCsv, role };
    const about = loggedIn
      ? (this.offers.answer(asked) ?? this.callBacks.answer(asked) ?? this.campaigns.answer(asked))
      : null;
    if (about) {
      const [status, answer] = about;
      const type = typeof answer === "string" ? "text/csv" : "application/json";
      response.writeHead(status, { "Content-Type": type });
      response.end(typeof answer === "string" ? answer : JSON.stringify(answer));
      return;
    }
    const body = JSON.parse(text || "null") as never;
    const [status, answer, cookie] = this.#answer(`${method} ${path}`, body, { loggedIn });
    response.writeHead(status, {
      "Content-Type": "application/json",
      ...(cookie ? { "Set-Cookie": cookie } : {}),
    });
    response.end(JSON.stringify(answer));
  }

  #answer(
    asked: string,
    body: { policy: Policy; revision: number; note: string; version: number; password: string },
    { loggedIn }: { loggedIn: boolean },
  ): readonly [number, object, string?] {
    if (asked === "POST session")
      return body.password === this.password
        ? [200, { user: this.user }, "callcard_session=good; Path=/; HttpOnly; SameSite=Lax"]
        : [401, { error: { code: "badLogin", message: "wrong" } }];
    if (!loggedIn) return [401, { error: { code: "notLoggedIn", message: "no session" } }];
    const version = this.versions[0];
    const publishedBody = {
      version: this.versions.length,
      publishedAt: version?.publishedAt ?? null,
      publishedBy: version?.publishedBy ?? "",
      note: version?.note ?? "",
      policy: this.published,
    };
    const writing = /^(PUT|POST) priority\/(draft|publish|rollback)/.test(asked);
    if (writing && this.user.role !== "admin")
      return [403, { error: { code: "forbidden", message: "only admins" } }];
    const changed = { error: { code: "draftChanged", message: "somebody saved meanwhile" } };
    switch (asked) {
      case "GET session":
        return [200, { user: this.user }];
      case "GET pbxs":
        return this.user.role === "admin"
          ? [200, this.pbxs]
          : [403, { error: { code: "forbidden", message: "only admins" } }];
      case "GET priority/policy":
        return [200, publishedBody];
      case "GET priority/vocabulary":
        return [200, sampleVocabulary];
      case "GET priority/draft":
        return [200, this.#draftBody()];
      case "PUT priority/draft":
        if (body.revision !== this.revision) return [409, changed];
        this.draft = body.policy;
        this.revision++;
        return [200, this.#draftBody()];
      case "GET priority/versions":
        return [200, { versions: this.versions }];
      case "GET priority/ready-policies":
        return [200, { policies: readyPolicies(sampleVocabulary, ZONE) }];
      case "POST priority/publish":
        if (body.revision !== this.revision) return [409, changed];
        this.publish(this.draft ?? this.published, body.note);
        this.draft = null;
        return [200, { ...publishedBody, version: this.versions.length, policy: this.published }];
      case "POST priority/rollback": {
        const back = this.versions.find((one) => one.version === body.version);
        this.publish(back?.policy ?? plainPolicy(ZONE), "", body.version);
        this.draft = null;
        return [200, { ...publishedBody, version: this.versions.length, policy: this.published }];
      }
      case "POST priority/simulations":
        this.simulated.push(body as unknown as SimulationInput);
        this.#simulation = { id: "s", state: "running", progress: 0, error: "", result: null };
        return [202, this.#simulation];
      case "GET priority/simulations/s":
        return [200, this.#look()];
      case "DELETE priority/simulations/s":
        this.#simulation = { ...this.#simulation!, state: "cancelled" };
        return [200, this.#simulation];
      default:
        return [404, { error: { code: "notFound", message: asked } }];
    }
  }

  #look(): SimulationState {
    const state = this.#simulation!;
    const progress = Math.min(1, state.progress + 1 / this.looks);
    this.#simulation =
      progress >= 1
        ? { ...state, progress, state: "done", result: sampleResult(this.simulated.at(-1)!) }
        : { ...state, progress };
    return this.#simulation;
  }
}

function claim(
  { caller, verdict }: { caller: ConsoleCaller; verdict: ReturnType<typeof decide> },
  nowMs: number,
): number {
  return verdict.headStartMs + verdict.rate * (nowMs - caller.joinedAtMs);
}
