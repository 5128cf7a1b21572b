/** `callcard user ...` and `callcard token ...`: people and tokens from the command line, by the same rules as over HTTP. */
import { parseArgs } from "node:util";
import type { Config } from "../config.ts";
import { ensureFirstAdmin } from "../people/first-admin.ts";
import type { Role } from "../people/model.ts";
import { generatePassword } from "../people/passwords.ts";
import { createSessions } from "../people/sessions.ts";
import { createToken, listTokens, revokeToken } from "../people/tokens.ts";
import {
  type PersonRole,
  createUser,
  findActiveByLogin,
  listUsers,
  setPassword,
} from "../people/users.ts";
import type { Storage } from "../storage/database.ts";
import { UsageError } from "./columns.ts";
import { withDatabase } from "./database.ts";
import { askSecret } from "./secret.ts";
import { table } from "./table.ts";

/** Who the audit says it was. */
const ACTOR = "command line";
const PERSON_ROLES: readonly PersonRole[] = ["operator", "supervisor", "admin"];
const ROLES: readonly Role[] = [...PERSON_ROLES, "integrator"];

/** What a command needs of its surroundings. */
export type Surroundings = {
  readonly config: Config;
  /** A line for the person, on standard output. */
  readonly say: (line: string) => void;
};

/** The words after `callcard user`. @throws UsageError, UserError */
export async function userCommand(
  [deed, ...args]: readonly string[],
  around: Surroundings,
): Promise<void> {
  if (deed === "list") {
    noMore(args);
    await withPeople(around, async ({ db }) => {
      const users = await listUsers(db);
      around.say(
        table(
          ["login", "name", "role", "active", "made"],
          users.map((user) => [
            ...[user.login, user.name, user.role],
            ...[user.active ? "yes" : "no", user.createdAt.slice(0, 10)],
          ]),
        ),
      );
    });
    return;
  }
  const { values, positionals } = parseArgs({
    ...{ args: [...args], allowPositionals: true },
    options: {
      name: { type: "string" },
      role: { type: "string", default: "operator" },
      language: { type: "string", default: "" },
    },
  });
  const [login, ...others] = positionals;
  if ((deed !== "add" && deed !== "password") || login === undefined || others.length > 0)
    throw new UsageError("user add LOGIN, user password LOGIN, or user list");
  if (deed === "password") {
    const given = await askSecret(`New password for ${login} (empty: one is made): `);
    await withPeople(around, async ({ db }) => {
      const user = await findActiveByLogin(db, login);
      if (user === null) throw new UsageError(`there is no active user ${login}`);
      const password = given === "" ? generatePassword() : given;
      await setPassword(db, user.user.id, password, ACTOR);
      await createSessions({ db, crmTokenSecret: "" }).endAll(user.user.id);
      around.say(
        given === "" ? `New password of ${login}: ${password}` : `Password of ${login} is set`,
      );
    });
    return;
  }
  const role = oneOf("--role", values.role, PERSON_ROLES);
  const language =
    values.language === "" ? "" : oneOf("--language", values.language, ["ru", "uk", "en"]);
  const given = await askSecret(`Password for ${login} (empty: one is made): `);
  await withPeople(around, async ({ db }) => {
    const password = given === "" ? generatePassword() : given;
    const user = { login, name: values.name ?? login, role, password, language };
    const made = await createUser(db, user, ACTOR);
    around.say(
      `${made.login} can log in as ${made.role}${given === "" ? `, password: ${password}` : ""}`,
    );
  });
}

/** The words after `callcard token`. @throws UsageError */
export async function tokenCommand(
  [deed, ...args]: readonly string[],
  around: Surroundings,
): Promise<void> {
  if (deed === "list") {
    noMore(args);
    await withPeople(around, async ({ db }) => {
      const tokens = await listTokens(db);
      around.say(
        table(
          ["id", "name", "role", "made", "last used", "revoked"],
          tokens.map((token) => [
            ...[token.id, token.name, token.role, token.createdAt.slice(0, 10)],
            ...[token.lastUsedAt?.slice(0, 16) ?? "never", token.revokedAt?.slice(0, 10) ?? ""],
          ]),
        ),
      );
    });
    return;
  }
  const { values, positionals } = parseArgs({
    ...{ args: [...args], allowPositionals: true },
    options: { role: { type: "string", default: "integrator" } },
  });
  const [subject, ...others] = positionals;
  if ((deed !== "add" && deed !== "revoke") || subject === undefined || others.length > 0)
    throw new UsageError("token add NAME, token revoke ID, or token list");
  if (deed === "revoke") {
    await withPeople(around, async ({ db }) => {
      if (!(await revokeToken(db, subject, ACTOR)))
        throw new UsageError(`there is no token ${subject}; see callcard token list`);
      around.say(`Token ${subject} is revoked`);
    });
    return;
  }
  const role = oneOf("--role", values.role, ROLES);
  await withPeople(around, async ({ db }) => {
    const by = { actor: ACTOR, userId: null };
    const { token } = await createToken(db, { name: subject, role }, by);
    around.say(`Token ${subject} (${role}), shown only now:\n${token}`);
  });
}

/** The first user of an installation must not be the reason that it never gets an admin. */
async function withPeople(
  { config, say }: Surroundings,
  deed: (storage: Storage) => Promise<void>,
): Promise<void> {
  await withDatabase(config, async (storage) => {
    const admin = await ensureFirstAdmin(storage.db, config.adminPassword);
    if (admin !== null) say(`First start: ${admin.login} can log in, password: ${admin.password}`);
    await deed(storage);
  });
}

function oneOf<T extends string>(option: string, given: string, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === given);
  if (found === undefined)
    throw new UsageError(`${option} ${given}: must be one of ${allowed.join(", ")}`);
  return found;
}

function noMore(args: readonly string[]): void {
  if (args.length > 0) throw new UsageError(`"${args.join(" ")}" is not understood here`);
}
