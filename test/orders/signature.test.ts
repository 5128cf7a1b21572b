import { describe, expect, test } from "vitest";
import { TOLERANCE_SECONDS, isSigned, sign } from "../../server/orders/signature.ts";

const body = Buffer.from('{"sourceId":"1","name":"Чай"}');
const secret = "a secret of a shop";
const atMs = 1_790_000_000_000;

describe("a signature", () => {
  test("is what any other program makes of the same words", () => {
    // printf '%s' '1790000000.{"a":1}' | openssl dgst -sha256 -hmac 'a secret of a shop'
    expect(sign(secret, Buffer.from('{"a":1}'), atMs)).toBe(
      "t=1790000000,v1=4c6416d1b684ca09556afcf41c033e82e541c35fc90d9c92a9eea385d8a0cbc8",
    );
  });

  test("fits its body, secret and time, and nothing else", () => {
    const header = sign(secret, body, atMs);
    expect(isSigned(header, secret, body, atMs)).toBe(true);
    expect(isSigned(header, `${secret}!`, body, atMs)).toBe(false);
    expect(isSigned(header, secret, Buffer.concat([body, Buffer.from(" ")]), atMs)).toBe(false);
    expect(isSigned(header.replace("t=1790000000", "t=1790000001"), secret, body, atMs)).toBe(
      false,
    );
  });

  test("holds for five minutes either way", () => {
    const header = sign(secret, body, atMs);
    for (const [seconds, fits] of [
      ...([
        [TOLERANCE_SECONDS, true],
        [-TOLERANCE_SECONDS, true],
      ] as const),
      ...([
        [TOLERANCE_SECONDS + 1, false],
        [-TOLERANCE_SECONDS - 1, false],
      ] as const),
    ])
      expect(isSigned(header, secret, body, atMs + seconds * 1000), String(seconds)).toBe(fits);
  });

  test("may be one of several while a secret is changed", () => {
    const [t, v1] = sign(secret, body, atMs).split(",") as [string, string];
    const other = `v1=${"0".repeat(64)}`;
    expect(isSigned(`${t}, ${other}, ${v1}`, secret, body, atMs)).toBe(true);
    expect(isSigned(`${t},${other}`, secret, body, atMs)).toBe(false);
  });

  test("that is none of ours is wrong, never an error", () => {
    const [t, v1] = sign(secret, body, atMs).split(",") as [string, string];
    for (const header of [
      ...["", t, v1, `${v1},${t}`, `${t},v1=xyz`, `${t},v0=${v1.slice(3)}`, `t=,${v1}`],
      ...[`t=-1,${v1}`, `t=1e9,${v1}`, `t=NaN,${v1}`, `${t},${v1}`.padEnd(2000, ","), "ключ"],
    ])
      expect(isSigned(header, secret, body, atMs), header.slice(0, 90)).toBe(false);
  });
});
