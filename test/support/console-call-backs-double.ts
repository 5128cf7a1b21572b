/** The call backs' and the ratings' part of the console's scripted server. */
import type { CallBackBody } from "../../server/followups/call-backs/rest.ts";
import type { RatingReport, ReportKey } from "../../server/followups/ratings/rest.ts";

type Answer = readonly [status: number, body: object | string];
type Asked = {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: string;
};

const PEOPLE = [
  { id: "3", name: "Анна Белова", role: "operator", extension: "101", pbx: "office" },
  { id: "4", name: "Пётр Иванов", role: "operator", extension: "", pbx: "" },
] as const;

const minutes = (count: number): string => new Date(Date.now() + count * 60_000).toISOString();

function entry(id: string, own: Partial<CallBackBody>): CallBackBody {
  return {
    ...{ id, phone: `+7913000000${id}`, customerId: null, name: "", origin: "promised" },
    ...{ queue: "Продажи", reason: "", dueAt: minutes(60), timeZone: "Asia/Novosibirsk" },
    ...{ userId: null, userName: "", state: "open", takenByName: "", tries: 0 },
    ...{ late: false, escalated: false, byCampaign: false, madeAt: minutes(-120) },
    ...{ callId: "", campaignId: "", campaignName: "", takenAt: null, escalatedAt: null },
    ...{ closedAt: null, closedBecause: "", madeByName: "", ...own },
  };
}

export class CallBacksDouble {
  entries: CallBackBody[] = [
    entry("1", {
      ...{ name: "Мария Кузнецова", reason: "Уточнить размер", dueAt: minutes(-95) },
      ...{ late: true, escalated: true, userId: "3", userName: "Анна Белова" },
      ...{ madeByName: "Анна Белова", tries: 1 },
    }),
    entry("2", { origin: "lost", dueAt: minutes(-10), late: true }),
    entry("3", { name: "Игорь Сафин", origin: "asked", timeZone: "Europe/Kyiv" }),
    entry("4", {
      ...{ origin: "missed", state: "taken", takenByName: "Пётр Иванов", userId: "4" },
      name: "Елена Орлова",
    }),
    entry("5", { state: "closed", closedBecause: "reached", name: "Олег Дёмин" }),
  ];
  /** Somebody else was faster with the next deed. */
  isGone = false;

  /** Null: it is about something else. */
  answer({ body, method, path, query }: Asked): Answer | null {
    if (path === "operators") return [200, { operators: PEOPLE }];
    if (path === "ratings/report") return [200, report(query.get("by") as ReportKey)];
    const [first, id = "", deed = ""] = path.split("/");
    if (first !== "call-backs") return null;
    if (method === "GET") return [200, this.#page(query)];
    if (this.isGone) {
      this.isGone = false;
      return [409, { error: { code: "gone", message: "somebody else has it" } }];
    }
    const input = JSON.parse(body || "{}") as { how?: string; userId?: string | null };
    this.entries = this.entries.map((one) => (one.id === id ? done(one, deed, input) : one));
    return [200, this.entries.find((one) => one.id === id)!];
  }

  #page(query: URLSearchParams): object {
    const open = this.entries.filter(({ state }) => state === "open" || state === "taken");
    const only = query.get("only");
    const shown =
      query.get("state") === "over"
        ? this.entries.filter((one) => !open.includes(one))
        : open.filter(
            ({ escalated, late, state }) =>
              only === null ||
              { late, escalated, taken: state === "taken", free: state === "open" }[only] === true,
          );
    const count = (fits: (one: CallBackBody) => boolean): number => open.filter(fits).length;
    return {
      callBacks: shown,
      next: null,
      counts: {
        open: open.length,
        late: count(({ late }) => late),
        escalated: count(({ escalated }) => escalated),
        taken: count(({ state }) => state === "taken"),
      },
    };
  }
}

function done(
  one: CallBackBody,
  deed: string,
  { how = "", userId = null }: { how?: string; userId?: string | null },
): CallBackBody {
  if (deed === "take") return { ...one, state: "taken", takenByName: "Ольга Ким" };
  if (deed === "assign") {
    const userName = PEOPLE.find(({ id }) => id === userId)?.name ?? "";
    return { ...one, userId, userName };
  }
  return how === "giveBack"
    ? { ...one, state: "open", takenByName: "" }
    : { ...one, state: "done", closedBecause: how };
}

function report(by: ReportKey): RatingReport {
  const row = (key: string, name: string, promoters: number, passives: number) => ({
    ...{ key, name, labels: null, promoters, passives, detractors: 8 },
    n: promoters + passives + 8,
    nps: { score: 41.2, from: 22.4, to: 58.1 },
  });
  return {
    ...{ by, from: minutes(-1440), to: minutes(0) },
    rows:
      by === "operator"
        ? [row("3", "Анна Белова", 30, 12), row("", "", 9, 4)]
        : [row("Продажи", "Продажи", 30, 12), row("Поддержка", "Поддержка", 9, 4)],
    all: row("", "", 39, 16),
  };
}
