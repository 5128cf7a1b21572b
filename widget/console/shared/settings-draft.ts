/** Settings as a screen edits them: checked while they are typed, saved when asked, and told when somebody else saved. */
import type { Checked } from "../../../server/priority/rest.ts";
import type { Answered, Refused } from "../request.ts";

const CHECK_AFTER_MS = 350;

/** Settings as the server keeps them. */
export type Saved<Settings> = Checked & {
  readonly settings: Settings;
  readonly revision: number;
};

export type SettingsState<Body> =
  | { readonly state: "clean" | "changed" | "saving" }
  | { readonly state: "failed"; readonly refused: Refused }
  /** Somebody else saved; theirs is kept here until the person chooses. */
  | { readonly state: "conflict"; readonly theirs: Body };

/** How the server is asked about them. None rejects. */
export type SettingsDoor<Settings, Body> = {
  /** @param before What is edited as the server has it, null for what was never saved. */
  readonly check: (settings: Settings, before: Body | null) => Promise<Answered<Checked>>;
  readonly save: (settings: Settings, before: Body | null) => Promise<Answered<Body>>;
  readonly read: (before: Body) => Promise<Answered<Body>>;
};

export class SettingsDraft<Settings extends object, Body extends Saved<Settings>> {
  settings: Settings;
  checked: Checked = { problems: [], warnings: [] };
  save: SettingsState<Body> = { state: "clean" };
  /** As the server has it; null of what was never saved. */
  before: Body | null = null;
  readonly #door: SettingsDoor<Settings, Body>;
  readonly #changed: () => void;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #checks = 0;

  /** @param from What is edited, or settings to begin with. */
  constructor(from: Body | Settings, door: SettingsDoor<Settings, Body>, changed: () => void) {
    this.#door = door;
    this.#changed = changed;
    if ("settings" in from && "revision" in from) {
      this.settings = from.settings;
      this.before = from;
      this.checked = from;
    } else {
      this.settings = from;
      this.save = { state: "changed" };
      void this.#check();
    }
  }

  set(change: Partial<Settings>): void {
    this.settings = { ...this.settings, ...change };
    if (this.save.state !== "conflict" && this.save.state !== "saving")
      this.save = { state: "changed" };
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#check(), CHECK_AFTER_MS);
    this.#changed();
  }

  /** @returns it as it was saved, null when it was not. */
  async send(): Promise<Body | null> {
    if (this.save.state === "saving") return null;
    const sent = this.settings;
    const { before } = this;
    this.save = { state: "saving" };
    this.#changed();
    const answer = await this.#door.save(sent, before);
    if (answer.ok) {
      const kept = this.settings;
      this.replace(answer.body);
      // Typed while it was being saved.
      if (kept !== sent) this.set(kept);
      return answer.body;
    }
    this.save = { state: "failed", refused: answer };
    if (answer.problems.length > 0)
      this.checked = { problems: answer.problems, warnings: this.checked.warnings };
    else if (answer.status === 409 && before !== null) await this.#meet(before);
    this.#changed();
    return null;
  }

  /** Ends a conflict. */
  resolve(take: "mine" | "theirs"): void {
    if (this.save.state !== "conflict") return;
    const { theirs } = this.save;
    if (take === "theirs") this.replace(theirs);
    else {
      this.before = theirs;
      this.save = { state: "changed" };
    }
    this.#changed();
  }

  /** What the server has. */
  replace(body: Body): void {
    this.close();
    this.before = body;
    this.settings = body.settings;
    this.checked = body;
    this.save = { state: "clean" };
    this.#changed();
  }

  close(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#checks += 1;
  }

  async #meet(before: Body): Promise<void> {
    const answer = await this.#door.read(before);
    if (answer.ok && answer.body.revision !== before.revision)
      this.save = { state: "conflict", theirs: answer.body };
  }

  async #check(): Promise<void> {
    const mine = ++this.#checks;
    const answer = await this.#door.check(this.settings, this.before);
    // Something newer was typed, or saved, meanwhile.
    if (mine !== this.#checks || !answer.ok) return;
    this.checked = answer.body;
    this.#changed();
  }
}
