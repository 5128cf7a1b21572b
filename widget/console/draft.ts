/** The draft as the screen edits it: changed at once here, saved a moment later, and told when somebody else saved meanwhile. */
import type { Policy } from "../../server/priority/model.ts";
import type { Checked, DraftBody } from "../../server/priority/rest.ts";
import type { ConsoleApi } from "./api.ts";
import type { Refused } from "./request.ts";

const SAVE_AFTER_MS = 500;
const RETRY_AFTER_MS = 3000;

export type SaveState =
  | { readonly state: "saved" | "waiting" | "saving" }
  | { readonly state: "failed"; readonly refused: Refused }
  /** Somebody else saved; theirs is kept here until the person chooses. */
  | { readonly state: "conflict"; readonly theirs: DraftBody };

type DraftApi = Pick<ConsoleApi, "saveDraft" | "draft">;

export class Draft {
  policy: Policy;
  checked: Checked;
  save: SaveState = { state: "saved" };
  #body: DraftBody;
  readonly #api: DraftApi;
  readonly #changed: () => void;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #closed = false;

  constructor(body: DraftBody, api: DraftApi, changed: () => void) {
    this.#body = body;
    this.policy = body.policy;
    this.checked = body;
    this.#api = api;
    this.#changed = changed;
  }

  get revision(): number {
    return this.#body.revision;
  }

  get differsFromPublished(): boolean {
    return this.#body.changed || this.save.state !== "saved";
  }

  /** Takes a change and saves it when there are no more for a moment. */
  change(policy: Policy): void {
    this.policy = policy;
    if (this.save.state !== "conflict") {
      // A save under way ends with another one.
      if (this.save.state !== "saving") this.save = { state: "waiting" };
      this.#later(SAVE_AFTER_MS);
    }
    this.#changed();
  }

  /** Saves now; resolves when what is here is saved, or could not be. */
  async flush(): Promise<boolean> {
    if (this.save.state === "waiting" || this.save.state === "failed") await this.#send();
    return this.save.state === "saved";
  }

  /** Ends a conflict. */
  resolve(take: "mine" | "theirs"): void {
    if (this.save.state !== "conflict") return;
    const { theirs } = this.save;
    if (take === "theirs") this.replace(theirs);
    else {
      this.#body = { ...this.#body, revision: theirs.revision };
      this.save = { state: "waiting" };
      this.change(this.policy);
    }
  }

  /** What the server has now, after publishing or rolling back. */
  replace(body: DraftBody): void {
    this.#stop();
    this.#body = body;
    this.policy = body.policy;
    this.checked = body;
    this.save = { state: "saved" };
    this.#changed();
  }

  close(): void {
    // What was typed in the last half second is not lost by leaving.
    if (this.save.state === "waiting") void this.#api.saveDraft(this.policy, this.revision);
    this.#closed = true;
    this.#stop();
  }

  #later(ms: number): void {
    this.#stop();
    this.#timer = setTimeout(() => void this.#send(), ms);
  }

  #stop(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
  }

  async #send(): Promise<void> {
    this.#stop();
    // One at a time: each save needs the revision of the one before.
    if (this.save.state === "saving") {
      this.#later(SAVE_AFTER_MS);
      return;
    }
    const sent = this.policy;
    this.save = { state: "saving" };
    this.#changed();
    const answer = await this.#api.saveDraft(sent, this.revision);
    if (this.#closed) return;
    if (answer.ok) {
      this.#body = answer.body;
      this.checked = answer.body;
      this.save = { state: this.policy === sent ? "saved" : "waiting" };
      if (this.policy !== sent) this.#later(SAVE_AFTER_MS);
    } else if (answer.status === 409) {
      const theirs = await this.#api.draft();
      this.save = theirs.ok
        ? { state: "conflict", theirs: theirs.body }
        : { state: "failed", refused: theirs };
    } else {
      this.save = { state: "failed", refused: answer };
      if (answer.status === 0 || answer.status >= 500) this.#later(RETRY_AFTER_MS);
    }
    this.#changed();
  }
}
