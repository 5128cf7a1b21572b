/**
 * Passwords at rest: scrypt with its parameters kept in the hash, so that they can be raised later and old hashes are redone at
 * the next login. Format: `scrypt$<log2 N>$<r>$<p>$<salt>$<key>`, salt and key in base64url.
 */
import { randomBytes, randomInt, scrypt, timingSafeEqual } from "node:crypto";

/** Work of one hash: memory is 128 * 2^logN * r bytes, time grows with p. */
export type PasswordCost = { readonly logN: number; readonly r: number; readonly p: number };

/** 32 MiB and three passes: one of the equal settings of OWASP's password storage cheat sheet. */
export const PASSWORD_COST: PasswordCost = { logN: 15, r: 8, p: 3 };

/** Shortest and longest password, in characters. The bound keeps hashing a hostile body cheap. */
export const PASSWORD_LENGTH = { min: 8, max: 200 } as const;

const SALT_BYTES = 16;
const KEY_BYTES = 32;
/** Hashing shares four threads with files and DNS: two at a time leave room for them. */
const AT_ONCE = 2;
let running = 0;
const waiting: (() => void)[] = [];

/** Hashes a password with a fresh salt. */
export async function hashPassword(password: string, cost = PASSWORD_COST): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const key = await derive(password, salt, cost);
  return [
    "scrypt",
    cost.logN,
    cost.r,
    cost.p,
    salt.toString("base64url"),
    key.toString("base64url"),
  ].join("$");
}

/**
 * Compares a password with a hash, in time that does not tell where they differ.
 * @returns `outdated` when the hash was made with other parameters than `cost` and should be made anew.
 * @throws Error for a text that is no hash of ours.
 */
export async function verifyPassword(
  password: string,
  hash: string,
  cost = PASSWORD_COST,
): Promise<{ readonly ok: boolean; readonly outdated: boolean }> {
  const [, logN = "", r = "", p = "", salt = "", key = ""] =
    /^scrypt\$(\d{1,2})\$(\d{1,2})\$(\d{1,2})\$([\w-]+)\$([\w-]+)$/.exec(hash) ?? [];
  if (key === "") throw new Error("a stored password hash is unreadable");
  const used = { logN: Number(logN), r: Number(r), p: Number(p) };
  const expected = Buffer.from(key, "base64url");
  const derived = await derive(password, Buffer.from(salt, "base64url"), used, expected.length);
  const outdated = used.logN !== cost.logN || used.r !== cost.r || used.p !== cost.p;
  return { ok: timingSafeEqual(derived, expected), outdated };
}

/** A password a person can read from a screen and type: four groups of five, 99 bits, no letters that look alike. */
export function generatePassword(): string {
  const letters = "abcdefghijkmnpqrstuvwxyz23456789";
  const group = () => Array.from({ length: 5 }, () => letters[randomInt(letters.length)]).join("");
  return [group(), group(), group(), group()].join("-");
}

async function derive(
  password: string,
  salt: Buffer,
  cost: PasswordCost,
  bytes = KEY_BYTES,
): Promise<Buffer> {
  if (running >= AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
  else running++;
  try {
    return await new Promise<Buffer>((resolve, reject) => {
      const N = 2 ** cost.logN;
      const options = { N, r: cost.r, p: cost.p, maxmem: 256 * N * cost.r };
      // The same letter may arrive composed or not (й, ї): both are the same password.
      scrypt(password.normalize("NFKC"), salt, bytes, options, (error, key) =>
        error === null ? resolve(key) : reject(error),
      );
    });
  } finally {
    // The place goes straight to who waits longest.
    const next = waiting.shift();
    if (next === undefined) running--;
    else next();
  }
}
