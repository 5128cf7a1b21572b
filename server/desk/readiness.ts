/** Ready and paused, as operators say of themselves: asked of Asterisk, and shown when Asterisk says so. */
import { pauseMember, unpauseMember } from "../asterisk/actions.ts";
import type { Pbx } from "../asterisk/model.ts";
import type { User } from "../people/model.ts";
import type { Database } from "../storage/database.ts";
import type { Floor, Operator } from "./floor.ts";
import type { Others } from "./others.ts";
import type { Clock, DeskLog } from "./ports.ts";
import { Refusal } from "./replies.ts";
import type { Message } from "./schemas.ts";
import { writeReady } from "./seat-rows.ts";
import { interfacesOf } from "./seats.ts";
import type { WrapUpPauses } from "./wrap-up-pause.ts";

/** What readiness needs. */
export type ReadinessOptions = {
  readonly floor: Floor;
  readonly pauses: () => WrapUpPauses;
  /** @throws Refusal `pbxDown` when there is no such PBX any more. */
  readonly pbx: (name: string) => Pbx;
  /** Codes of the reasons to pause with. */
  readonly pauseReasons: readonly string[];
  readonly record: Database;
  readonly others: Others;
  readonly now: Clock;
  readonly log: DeskLog;
};

/** Who is ready, in one process; other processes are told, and tell. */
export class Readiness {
  readonly #options: ReadinessOptions;

  constructor(options: ReadinessOptions) {
    this.#options = options;
    options.others.on("becameReady", ({ userId, atMs }) => {
      const operator = options.floor.of(userId);
      if (operator !== null) this.#isReady(operator, atMs);
    });
  }

  /** Ready in all queues. The screen changes when Asterisk says so. */
  async ready(user: User): Promise<object> {
    const { log, now, others, record } = this.#options;
    const operator = this.operator(user);
    await this.setPaused(operator, false, "");
    const atMs = now();
    this.#isReady(operator, atMs);
    others.tell("becameReady", { userId: user.id, atMs });
    // Nobody waits for it: whoever wants to be rung is ready without PostgreSQL too.
    writeReady(record, user.id, atMs).catch((error: unknown) =>
      log.warn({ err: error, userId: user.id }, "that somebody is ready was not written down"),
    );
    return {};
  }

  /** Paused in all queues. */
  async pause(user: User, input: Message<"pause">): Promise<object> {
    if (!this.#options.pauseReasons.includes(input.reason))
      throw new Refusal("invalid", "reason: is not one of the offered reasons");
    const operator = this.operator(user);
    await this.setPaused(operator, true, input.reason);
    this.#options.pauses().overruled(operator);
    return {};
  }

  /** Pauses or unpauses all queue members of an operator. @throws Refusal `noDevice`, `pbxDown`, `notInQueue`, and what Asterisk refuses. */
  async setPaused({ device }: Operator, paused: boolean, reason: string): Promise<void> {
    const { floor } = this.#options;
    if (device === null) throw new Refusal("noDevice", "Choose a device first");
    const pbx = this.#options.pbx(device.pbx);
    if (!floor.isUp(device.pbx)) throw new Refusal("pbxDown", "The PBX is not connected");
    const interfaces = interfacesOf(floor.memberships(device));
    if (interfaces.length === 0)
      throw new Refusal("notInQueue", `${device.extension} is not a member of any queue`);
    await Promise.all(
      interfaces.map((name) =>
        paused
          ? pauseMember(pbx, { interface: name, reason })
          : unpauseMember(pbx, { interface: name }),
      ),
    );
  }

  /** The operator of a user who sits at a device. @throws Refusal `noDevice`. */
  operator(user: User): Operator {
    const operator = this.#options.floor.of(user.id);
    if (operator === null || operator.device === null)
      throw new Refusal("noDevice", "Choose a device first");
    return operator;
  }

  #isReady(operator: Operator, atMs: number): void {
    const { floor, pauses } = this.#options;
    pauses().overruled(operator);
    operator.readyAtMs = Math.max(operator.readyAtMs, atMs);
    floor.touch(operator);
  }
}
