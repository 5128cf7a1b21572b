/** The first start: somebody must be able to log in. */
import type { Database } from "../storage/database.ts";
import { generatePassword } from "./passwords.ts";
import { UserError, countUsers, createUser } from "./users.ts";

/**
 * Makes the user `admin` when there are no users at all.
 * @param givenPassword `ADMIN_PASSWORD`; "" makes a random one.
 * @returns the password that was made and must be shown to the person once; null when nothing was made or it was given.
 */
export async function ensureFirstAdmin(
  db: Database,
  givenPassword: string,
): Promise<{ readonly login: string; readonly password: string } | null> {
  if ((await countUsers(db)) > 0) return null;
  const password = givenPassword === "" ? generatePassword() : givenPassword;
  try {
    await createUser(db, { login: "admin", name: "Admin", role: "admin", password }, "system");
  } catch (error) {
    // Another process of the same installation was faster.
    if (error instanceof UserError && error.code === "loginTaken") return null;
    if (error instanceof UserError && error.field === "password")
      throw new Error(`ADMIN_PASSWORD ${error.message}`, { cause: error });
    throw error;
  }
  return givenPassword === "" ? { login: "admin", password } : null;
}
