/** One connection that asks for a lease or holds it: everything that is said to PostgreSQL about it. */
import { hostname } from "node:os";
import pg from "pg";

/** What a session needs. */
export type LeaseSessionOptions = {
  readonly databaseUrl: string;
  readonly name: string;
  readonly staleMs: number;
  readonly deadlineMs: number;
  /** The connection is gone. */
  readonly onLost: (session: LeaseSession) => void;
  /** Some holder has just given this lease up. */
  readonly onGivenUp: () => void;
  /** Somebody who could act wants it. */
  readonly onWanted: (session: LeaseSession) => void;
};

/** Earlier versions call their connections the same. */
const APPLICATION = "callcard-lease";
const CHANNEL = "callcard_leases";
/** Behind the name of a lease that somebody wants; without it, of one that was given up. */
const WANTED = " is wanted";

export class LeaseSession {
  readonly #options: LeaseSessionOptions;
  readonly #client: pg.Client;
  #usable = false;

  /** @throws when PostgreSQL does not answer. */
  static async open(options: LeaseSessionOptions): Promise<LeaseSession> {
    const session = new LeaseSession(options);
    const client = session.#client;
    try {
      await client.connect();
      await client.query(`listen ${CHANNEL}`);
      session.#usable = true;
    } catch (error) {
      session.abandon();
      throw error;
    }
    return session;
  }

  private constructor(options: LeaseSessionOptions) {
    this.#options = options;
    const { databaseUrl, deadlineMs, name } = options;
    this.#client = new pg.Client({
      connectionString: databaseUrl,
      connectionTimeoutMillis: deadlineMs,
      query_timeout: deadlineMs,
      application_name: APPLICATION,
      keepAlive: true,
    });
    const lost = () => {
      if (!this.#usable) return;
      this.#usable = false;
      options.onLost(this);
    };
    this.#client.on("error", lost);
    this.#client.on("end", lost);
    this.#client.on("notification", ({ payload }) => {
      // Comes with the answer to `listen`, before anybody has this session: what it says is asked anew right after.
      if (!this.#usable) return;
      if (payload === name) options.onGivenUp();
      else if (payload === `${name}${WANTED}`) options.onWanted(this);
    });
  }

  /** Asks for the lock. @returns `stale` when somebody has it who has not renewed it for long, by the clock of PostgreSQL. */
  async tryLock(): Promise<"locked" | "elsewhere" | "stale"> {
    const { name, staleMs } = this.#options;
    const { rows } = await this.#client.query<{ got: boolean; stale: boolean | null }>(
      `select pg_try_advisory_lock(hashtextextended($1, 0)) as got, (
         -- A renewal in the future: the clock was set back since, and a holder that stands still must not profit.
         select clock_timestamp() not between renewed_at - $3 * interval '1 millisecond'
           and renewed_at + $3 * interval '1 millisecond'
         from leases where name = $2
       ) as stale`,
      [lockText(name), name, staleMs],
    );
    const row = rows[0]!;
    if (row.got) return "locked";
    return row.stale === true ? "stale" : "elsewhere";
  }

  /** Writes down who has it from now on; whoever writes under an older epoch is refused. @returns the epoch. */
  async take(): Promise<number> {
    const { rows } = await this.#client.query<{ epoch: string }>(
      `insert into leases (name, epoch, holder, holder_pid, taken_at, renewed_at)
       values ($1, 1, $2, pg_backend_pid(), clock_timestamp(), clock_timestamp())
       on conflict (name) do update set epoch = leases.epoch + 1, holder = excluded.holder,
         holder_pid = excluded.holder_pid, taken_at = excluded.taken_at, renewed_at = excluded.renewed_at
       returning epoch`,
      [this.#options.name, `${hostname()} ${process.pid}`],
    );
    return Number(rows[0]!.epoch);
  }

  /** @returns false when somebody took it. */
  async renew(epoch: number): Promise<boolean> {
    const { rowCount } = await this.#client.query(
      "update leases set renewed_at = clock_timestamp() where name = $1 and epoch = $2",
      [this.#options.name, epoch],
    );
    return rowCount === 1;
  }

  /**
   * Ends the connection of a holder that stands still, if it is the one that wrote the row and has the lock: neither a process that
   * PostgreSQL gave the same number since, nor an earlier version of the program, which writes no row.
   * @returns whether it was ended.
   */
  async endHolder(): Promise<boolean> {
    const { name, staleMs } = this.#options;
    const { rows } = await this.#client.query<{ ended: boolean }>(
      `select pg_terminate_backend(a.pid) as ended
       from leases l
       join pg_stat_activity a on a.pid = l.holder_pid and a.backend_start <= l.taken_at
         and a.application_name = $3 and a.datname = current_database()
       join pg_locks k on k.pid = a.pid and k.locktype = 'advisory' and k.granted and k.objsubid = 1
         and k.database = (select oid from pg_database where datname = current_database())
         and (k.classid::bigint << 32) | k.objid::bigint = hashtextextended($2, 0)
       where l.name = $1 and clock_timestamp() not between l.renewed_at - $4 * interval '1 millisecond'
         and l.renewed_at + $4 * interval '1 millisecond'`,
      [name, lockText(name), APPLICATION, staleMs],
    );
    return rows[0]?.ended === true;
  }

  /** Asks its holder for it, who hears it at once. */
  async want(): Promise<void> {
    await this.#client.query("select pg_notify($1, $2)", [
      CHANNEL,
      `${this.#options.name}${WANTED}`,
    ]);
  }

  /** Gives the lock back and tells the others, who need not wait for their next turn. */
  async giveUp(): Promise<void> {
    // The lock is free when this runs, the others are told when it is over.
    await this.#client.query("select pg_advisory_unlock_all(), pg_notify($1, $2)", [
      CHANNEL,
      this.#options.name,
    ]);
  }

  /** Gives it back and ends. Never fails. */
  async release(): Promise<void> {
    this.#usable = false;
    try {
      await this.giveUp();
      await this.#client.end();
    } catch {
      this.abandon();
    }
  }

  /** Ends without a word; a question under way is not waited for. */
  abandon(): void {
    this.#usable = false;
    this.#client.end().catch(() => undefined);
    // A server that does not answer would keep the connection, and the process, waiting for a goodbye.
    this.#client.connection.stream.destroy();
  }
}

function lockText(name: string): string {
  return `callcard ${name}`;
}
