/** The console's HTTP requests about what did not reach other systems. None rejects. */
import type { ActionRecord } from "../../../server/orders/actions/store.ts";
import type { WebhookDelivery, WebhookTarget } from "../../../server/webhooks/model.ts";
import type { Answered, Send } from "../request.ts";

const at = encodeURIComponent;
const PAGE = 50;

/** Which actions: given back to people, or still tried. */
export const ACTION_VIEWS = ["givenBack", "waiting"] as const;
export type ActionView = (typeof ACTION_VIEWS)[number];
/** Which webhooks. */
export const HOOK_VIEWS = ["givenUp", "waiting", "delivered"] as const;
export type HookView = (typeof HOOK_VIEWS)[number];

export class UndeliveredApi {
  readonly #send: Send;

  constructor(send: Send) {
    this.#send = send;
  }

  actions(state: ActionView): Promise<Answered<{ actions: readonly ActionRecord[] }>> {
    return this.#send("GET", `orders/actions?state=${state}&limit=200`);
  }
  /** @param text Shown to the operator who asked. */
  settle(
    id: string,
    how: "again" | "done" | "dropped",
    text: string,
  ): Promise<Answered<{ action: ActionRecord }>> {
    return this.#send("POST", `orders/actions/${at(id)}/settle`, { how, text });
  }

  targets(): Promise<Answered<{ targets: readonly WebhookTarget[] }>> {
    return this.#send("GET", "webhooks");
  }
  deliveries(
    state: HookView,
    after: string,
  ): Promise<Answered<{ deliveries: readonly WebhookDelivery[]; next: string }>> {
    const query = new URLSearchParams({ state, after, limit: String(PAGE) });
    return this.#send("GET", `webhook-deliveries?${query.toString()}`);
  }
  sendAgain(id: string): Promise<Answered<{ delivery: WebhookDelivery }>> {
    return this.#send("POST", `webhook-deliveries/${at(id)}/send-again`);
  }
}
