/** Who comes to a server under test. */
import type { Authenticator, Principal } from "../../server/people/model.ts";
import type { Storage } from "../../server/storage/database.ts";

/** A CRM token is a login, a session is a login with or without `session-` before it; an API token is a program's. */
export function loginsOf(storage: Pick<Storage, "db">): Authenticator {
  const userOf = async (login: string): Promise<Principal | null> => {
    const user = await storage.db
      .selectFrom("users")
      .select(["id", "login", "name", "role", "language"])
      .where("login", "=", login)
      .where("active", "=", true)
      .executeTakeFirst();
    return user === undefined ? null : { kind: "user", user, sessionId: "1" };
  };
  return {
    bySession: (token) => userOf(token.replace("session-", "")),
    byApiToken: async () => ({ kind: "token", tokenId: "1", name: "shop", role: "integrator" }),
    byCrmToken: userOf,
  };
}
