import { describe, expect, test } from "vitest";
import { generatePassword, hashPassword, verifyPassword } from "../../server/people/passwords.ts";

const cheap = { logN: 10, r: 8, p: 1 };

describe("passwords", () => {
  test("the right one fits, any other does not, and two hashes of one password differ", async () => {
    const hash = await hashPassword("correct horse", cheap);
    expect(hash).toMatch(/^scrypt\$10\$8\$1\$/);
    expect(hash).not.toContain("correct");
    expect(await verifyPassword("correct horse", hash, cheap)).toEqual({
      ok: true,
      outdated: false,
    });
    expect((await verifyPassword("correct horsE", hash, cheap)).ok).toBe(false);
    expect((await verifyPassword("", hash, cheap)).ok).toBe(false);
    expect(await hashPassword("correct horse", cheap)).not.toBe(hash);
  });

  test("a hash made with other parameters still fits and says it is outdated", async () => {
    const hash = await hashPassword("correct horse", cheap);
    expect(await verifyPassword("correct horse", hash, { logN: 11, r: 8, p: 1 })).toEqual({
      ok: true,
      outdated: true,
    });
  });

  test("letters may arrive composed or decomposed", async () => {
    const hash = await hashPassword("зелёный йогурт", cheap);
    expect((await verifyPassword("зелёный йогурт".normalize("NFD"), hash, cheap)).ok).toBe(true);
  });

  test("a stored text that is no hash is an error, not a wrong password", async () => {
    await expect(verifyPassword("x", "plain text", cheap)).rejects.toThrow("unreadable");
  });

  test("many at once all get their answer", async () => {
    const hash = await hashPassword("pw-pw-pw", cheap);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => verifyPassword(n % 2 ? "pw-pw-pw" : "no", hash, cheap)),
    );
    expect(answers.filter((answer) => answer.ok)).toHaveLength(10);
  });

  test("a made password can be read from a screen", () => {
    expect(generatePassword()).toMatch(/^([a-km-z2-9]{5}-){3}[a-km-z2-9]{5}$/);
    expect(generatePassword()).not.toBe(generatePassword());
  });
});
