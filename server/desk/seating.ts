/**
 * Who sits where: chosen at a screen of this process or of another one. PostgreSQL has the last word, and what it says is taken over in the
 * order in which it was asked.
 */
import type { User } from "../people/model.ts";
import type { Database } from "../storage/database.ts";
import type { Board } from "./board.ts";
import { type Floor, type Operator, sameDevice } from "./floor.ts";
import type { Others } from "./others.ts";
import type { DeskLog } from "./ports.ts";
import { Refusal } from "./replies.ts";
import type { Message } from "./schemas.ts";
import { type SeatRow, readSeats, takeDevice } from "./seat-rows.ts";

/** What seating needs. */
export type SeatingOptions = {
  readonly db: Database;
  readonly hasPbx: (pbx: string) => boolean;
  readonly extensionPattern: RegExp;
  readonly floor: Floor;
  readonly board: Pick<Board, "seated">;
  readonly others: Others;
  /** Told after anybody sat down or stood up. */
  readonly changed: () => void;
  readonly log: DeskLog;
};

/** The seats of one process. */
export class Seating {
  readonly #options: SeatingOptions;
  /** One after the other, so that memory and PostgreSQL agree on who was last. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: SeatingOptions) {
    this.#options = options;
    const follow = ({ userId }: { readonly userId: string }) => {
      this.read([userId]).catch((error: unknown) =>
        options.log.warn({ err: error, userId }, "where somebody sits could not be read"),
      );
    };
    options.others.on("seatChanged", follow);
    // Somebody who was deactivated stands up.
    options.others.on("sessionsEnded", follow);
  }

  /** Remembers where this operator sits. @throws Refusal `deviceTaken`, `notFound`, `invalid`. */
  async choose(user: User, input: Message<"chooseDevice">): Promise<object> {
    const { db, floor, log, others } = this.#options;
    const device = { pbx: input.pbx, extension: input.extension };
    if (!this.#options.hasPbx(device.pbx))
      throw new Refusal("notFound", `pbx: there is no PBX ${device.pbx}`);
    if (device.extension.search(this.#options.extensionPattern) !== 0)
      throw new Refusal("invalid", "extension: is not an operator's extension");
    await this.#inTurn(async () => {
      const taken = await takeDevice(db, user.id, device, input.takeOver ?? false);
      if (!taken.ok) {
        const holder = floor.at(device.pbx, device.extension)?.user.name ?? "somebody else";
        throw new Refusal("deviceTaken", `extension: ${device.extension} is used by ${holder}`);
      }
      const operator = floor.admit(user);
      const evicted = this.#seat(operator, device);
      if (evicted !== null)
        log.info({ from: evicted.user.login, to: user.login, ...device }, "device taken over");
      this.#options.changed();
      const { previousUserId } = taken;
      if (previousUserId !== null) others.tell("seatChanged", { userId: previousUserId });
      others.tell("seatChanged", { userId: user.id });
    });
    return {};
  }

  /** Reads where these people sit, or everybody, and seats them. @throws when PostgreSQL does not answer. */
  async read(userIds: readonly string[] | null = null): Promise<void> {
    await this.#inTurn(async () => {
      const { db, floor } = this.#options;
      const rows = await readSeats(db, userIds);
      let changed = false;
      // Who stands up makes room for who sits down there.
      if (userIds === null) {
        const seated = new Set(rows.map(({ user }) => user.id));
        for (const operator of [...floor.operators()])
          if (operator.device !== null && !seated.has(operator.user.id))
            changed = this.#standUp(operator) || changed;
      }
      for (const row of rows.toSorted(
        (a, b) => Number(b.device === null) - Number(a.device === null),
      ))
        changed = this.#apply(row) || changed;
      if (changed) this.#options.changed();
    });
  }

  /** @returns whether they sit elsewhere now. */
  #apply({ user, device, readyAtMs }: SeatRow): boolean {
    const { floor } = this.#options;
    const known = floor.of(user.id);
    if (known === null && device === null) return false;
    const operator = floor.admit(user);
    if (readyAtMs > operator.readyAtMs) {
      operator.readyAtMs = readyAtMs;
      floor.touch(operator);
    }
    if (sameDevice(operator.device, device)) return false;
    if (device === null) return this.#standUp(operator);
    this.#seat(operator, device);
    return true;
  }

  #standUp(operator: Operator): boolean {
    this.#seat(operator, null);
    this.#options.floor.dismissIdle(operator);
    return true;
  }

  #seat(operator: Operator, device: Operator["device"]): Operator | null {
    const { board, floor } = this.#options;
    const evicted = floor.seat(operator, device);
    if (evicted !== null) board.seated(evicted);
    board.seated(operator);
    return evicted;
  }

  #inTurn(deed: () => Promise<void>): Promise<void> {
    const done = this.#last.then(deed);
    this.#last = done.catch(() => undefined);
    return done;
  }
}
