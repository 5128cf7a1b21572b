/** The console's HTTP requests about call backs. None rejects. */
import type {
  CallBackBody,
  CallBackCheck,
  CallBackPage,
  CallBackSettingsBody,
} from "../../../server/followups/call-backs/rest.ts";
import type { CallBackSettings } from "../../../server/followups/call-backs/settings.ts";
import type { Operator } from "../../../server/people/operator-route.ts";
import type { Answered, Send } from "../request.ts";

const at = encodeURIComponent;
const PAGE = 50;

/** Which of them; `over` are those that are done or closed. */
export const VIEWS = ["all", "late", "escalated", "free", "taken", "over"] as const;
export type View = (typeof VIEWS)[number];

export class CallBacksApi {
  readonly #send: Send;

  constructor(send: Send) {
    this.#send = send;
  }

  page(view: View, after: string): Promise<Answered<CallBackPage>> {
    const query = new URLSearchParams({ limit: String(PAGE), after });
    if (view === "over") query.set("state", "over");
    else if (view !== "all") query.set("only", view);
    return this.#send("GET", `call-backs?${query.toString()}`);
  }
  /** Who may be given one. */
  operators(): Promise<Answered<{ operators: readonly Operator[] }>> {
    return this.#send("GET", "operators");
  }
  take(id: string): Promise<Answered<CallBackBody>> {
    return this.#send("POST", `call-backs/${at(id)}/take`);
  }
  settle(id: string, how: "giveBack" | "done" | "notNeeded"): Promise<Answered<CallBackBody>> {
    return this.#send("POST", `call-backs/${at(id)}/settle`, { how });
  }
  /** @param userId Null: anybody. */
  assign(id: string, userId: string | null): Promise<Answered<CallBackBody>> {
    return this.#send("POST", `call-backs/${at(id)}/assign`, { userId });
  }
  settings(): Promise<Answered<CallBackSettingsBody>> {
    return this.#send("GET", "call-backs/settings");
  }
  checkSettings(settings: CallBackSettings): Promise<Answered<CallBackCheck>> {
    return this.#send("POST", "call-backs/settings/check", { settings });
  }
  saveSettings(
    settings: CallBackSettings,
    revision: number,
  ): Promise<Answered<CallBackSettingsBody>> {
    return this.#send("PUT", "call-backs/settings", { settings, revision });
  }
}
