/** Persons with a login: made, listed, changed and deactivated. Nobody is deleted, so that history keeps its names. */
import { sql } from "kysely";
import type { Database } from "../storage/database.ts";
import { recordAudit } from "./audit.ts";
import type { User } from "./model.ts";
import { PASSWORD_LENGTH, hashPassword, verifyPassword } from "./passwords.ts";

/** A role a person may have. */
export type PersonRole = "operator" | "supervisor" | "admin";

/** A user as admins see one. */
export type UserRecord = User & { readonly active: boolean; readonly createdAt: string };

/** A deed on users that was refused; `field` names the input that was wrong. */
export class UserError extends Error {
  readonly code: "invalid" | "loginTaken" | "lastAdmin" | "notFound" | "wrongPassword";
  readonly field: string | undefined;
  constructor(code: UserError["code"], message: string, field?: string) {
    super(message);
    this.name = "UserError";
    this.code = code;
    this.field = field;
  }
}

/** The form a login is stored and looked up in: without outer spaces, lower case, letters composed. */
export function normalizeLogin(login: string): string {
  return login.trim().normalize("NFC").toLowerCase();
}

const LOGIN = /^[\p{L}\p{N}][\p{L}\p{N}._@+-]{0,63}$/u;

function checkedLogin(login: string): string {
  const normal = normalizeLogin(login);
  if (!LOGIN.test(normal))
    throw new UserError("invalid", "must be 1 to 64 letters, digits or . _ @ + -", "login");
  return normal;
}

/** @throws UserError when a password is too short or too long. */
export function checkPassword(password: string, field = "password"): void {
  const length = [...new Intl.Segmenter().segment(password)].length;
  if (length < PASSWORD_LENGTH.min || length > PASSWORD_LENGTH.max) {
    const { min, max } = PASSWORD_LENGTH;
    throw new UserError("invalid", `must have ${min} to ${max} characters`, field);
  }
}

/**
 * Makes a user.
 * @throws UserError `loginTaken` or `invalid`.
 */
export async function createUser(
  db: Database,
  input: {
    readonly login: string;
    readonly name: string;
    readonly role: PersonRole;
    readonly password: string;
    readonly language?: string | undefined;
  },
  actor: string,
): Promise<UserRecord> {
  const login = checkedLogin(input.login);
  checkPassword(input.password);
  const name = checkedName(input.name);
  const password_hash = await hashPassword(input.password);
  return db.transaction().execute(async (tx) => {
    const row = await tx
      .insertInto("users")
      .values({ login, name, role: input.role, language: input.language ?? "", password_hash })
      .onConflict((conflict) => conflict.column("login").doNothing())
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) throw new UserError("loginTaken", "is already in use", "login");
    await recordAudit(tx, {
      actor,
      action: "user.created",
      detail: { id: row.id, login, role: row.role },
    });
    return viewOf(row);
  });
}

function checkedName(name: string): string {
  const trimmed = name.trim();
  if (trimmed === "" || trimmed.length > 200)
    throw new UserError("invalid", "must have 1 to 200 characters", "name");
  return trimmed;
}

/** All users by login; the deactivated ones last. */
export async function listUsers(db: Database): Promise<readonly UserRecord[]> {
  const rows = await db
    .selectFrom("users")
    .selectAll()
    .orderBy("active", "desc")
    .orderBy("login")
    .execute();
  return rows.map(viewOf);
}

/** One user, or null. */
export async function findUser(db: Database, id: string): Promise<UserRecord | null> {
  if (!isId(id)) return null;
  const row = await db.selectFrom("users").selectAll().where("id", "=", id).executeTakeFirst();
  return row === undefined ? null : viewOf(row);
}

/** An active user by login, with the hash of the password; null when there is none. */
export async function findActiveByLogin(
  db: Database,
  login: string,
): Promise<{ readonly user: User; readonly passwordHash: string } | null> {
  const row = await db
    .selectFrom("users")
    .selectAll()
    .where("login", "=", normalizeLogin(login))
    .where("active", "=", true)
    .executeTakeFirst();
  return row === undefined ? null : { user: userOf(row), passwordHash: row.password_hash };
}

/**
 * Changes what is given. `ended` in the answer says that the person's sessions no longer hold (deactivated, or another role).
 * @throws UserError `notFound`, `invalid`, or `lastAdmin` when nobody could administer any more.
 */
export async function changeUser(
  db: Database,
  id: string,
  change: {
    readonly name?: string | undefined;
    readonly role?: PersonRole | undefined;
    readonly language?: string | undefined;
    readonly active?: boolean | undefined;
  },
  actor: string,
): Promise<{ readonly user: UserRecord; readonly ended: boolean }> {
  const name = change.name === undefined ? undefined : checkedName(change.name);
  return db.transaction().execute(async (tx) => {
    // Two admins who demote each other at once must wait for each other: all active admins are locked, in one order.
    const admins = await tx
      .selectFrom("users")
      .select("id")
      .where("role", "=", "admin")
      .where("active", "=", true)
      .orderBy("id")
      .forUpdate()
      .execute();
    const before = isId(id)
      ? await tx.selectFrom("users").selectAll().where("id", "=", id).forUpdate().executeTakeFirst()
      : undefined;
    if (before === undefined) throw new UserError("notFound", "There is no such user");
    const role = change.role ?? before.role;
    const active = change.active ?? before.active;
    const isLast = admins.length === 1 && admins[0]!.id === id;
    if (isLast && (role !== "admin" || !active))
      throw new UserError("lastAdmin", "This is the last admin; make another one first");
    const after = await tx
      .updateTable("users")
      .set({
        name: name ?? before.name,
        language: change.language ?? before.language,
        role,
        active,
      })
      .where("id", "=", id)
      .returningAll()
      .executeTakeFirstOrThrow();
    await recordAudit(tx, {
      actor,
      action: before.active && !active ? "user.deactivated" : "user.changed",
      detail: { id, login: after.login, ...withoutUndefined({ ...change, name }) },
    });
    const ended = before.active && (!active || role !== before.role);
    return { user: viewOf(after), ended };
  });
}

/** Sets a password as an admin does. @throws UserError `notFound` or `invalid`. */
export async function setPassword(
  db: Database,
  id: string,
  password: string,
  actor: string,
): Promise<void> {
  checkPassword(password);
  const password_hash = await hashPassword(password);
  await db.transaction().execute(async (tx) => {
    const row = isId(id)
      ? await tx
          .updateTable("users")
          .set({ password_hash })
          .where("id", "=", id)
          .returning("login")
          .executeTakeFirst()
      : undefined;
    if (row === undefined) throw new UserError("notFound", "There is no such user");
    await recordAudit(tx, { actor, action: "user.passwordSet", detail: { id, login: row.login } });
  });
}

/**
 * Changes one's own password; the old one must be known.
 * @throws UserError `wrongPassword` or `invalid`.
 */
export async function changeOwnPassword(
  db: Database,
  user: User,
  input: { readonly oldPassword: string; readonly newPassword: string },
): Promise<void> {
  checkPassword(input.newPassword, "newPassword");
  const found = await findActiveByLogin(db, user.login);
  const matches =
    found !== null && (await verifyPassword(input.oldPassword, found.passwordHash)).ok;
  if (!matches) throw new UserError("wrongPassword", "is not your password", "oldPassword");
  await setPassword(db, user.id, input.newPassword, user.login);
}

/** Stores the hash of an unchanged password made with today's parameters. */
export async function replaceHash(
  db: Database,
  id: string,
  oldHash: string,
  password: string,
): Promise<void> {
  const password_hash = await hashPassword(password);
  // Only while nobody set another password meanwhile.
  await db
    .updateTable("users")
    .set({ password_hash })
    .where("id", "=", id)
    .where("password_hash", "=", oldHash)
    .execute();
}

/** Whether a text can be a key of ours; anything else would be an error of PostgreSQL. */
export function isId(text: string): boolean {
  return /^[1-9]\d{0,17}$/.test(text);
}

type UserRow = {
  id: string;
  login: string;
  name: string;
  role: PersonRole;
  language: string;
  active: boolean;
  created_at: Date;
};

function userOf({ id, login, name, role, language }: Omit<UserRow, "active" | "created_at">): User {
  return { id, login, name, role, language };
}

function viewOf(row: UserRow): UserRecord {
  return { ...userOf(row), active: row.active, createdAt: row.created_at.toISOString() };
}

function withoutUndefined(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** How many users there are at all; 0 on a fresh installation. */
export async function countUsers(db: Database): Promise<number> {
  const { n } = await db
    .selectFrom("users")
    .select(sql<string>`count(*)`.as("n"))
    .executeTakeFirstOrThrow();
  return Number(n);
}
