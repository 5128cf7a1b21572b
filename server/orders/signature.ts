/**
 * How shops and Callcard prove to each other who sent a body: `X-Callcard-Signature: t=<epoch seconds>,v1=<hex>`, where `v1` is
 * HMAC-SHA256 with the shared secret over `<t>.` and the body's bytes as they were sent. The time is signed with it, so that an old
 * request cannot be sent again later; within the tolerance it may, and must be harmless.
 */
import { createHmac, timingSafeEqual } from "node:crypto";

/** The header, as node writes its name. */
export const SIGNATURE_HEADER = "x-callcard-signature";
/** Clocks may differ and networks be slow by so much. */
export const TOLERANCE_SECONDS = 300;

/** The header's value for a body. */
export function sign(secret: string, body: Uint8Array, atMs: number): string {
  const t = Math.floor(atMs / 1000);
  return `t=${t},v1=${macOf(secret, t, body).toString("hex")}`;
}

/**
 * Whether the header is one that {@link sign} would give with this secret, now or within the tolerance. Several `v1` may be told, as
 * while a secret is being changed; one that fits is enough. Takes the same time wherever they differ.
 */
export function isSigned(header: string, secret: string, body: Uint8Array, nowMs: number): boolean {
  if (header.length > 1000) return false;
  const parts = header.split(",").map((part) => part.trim());
  const t = Number(/^t=(\d{1,12})$/.exec(parts[0] ?? "")?.[1] ?? Number.NaN);
  if (!(Math.abs(nowMs / 1000 - t) <= TOLERANCE_SECONDS)) return false;
  const expected = macOf(secret, t, body);
  let fits = false;
  for (const part of parts.slice(1)) {
    const hex = /^v1=([0-9a-f]{64})$/i.exec(part)?.[1];
    if (hex !== undefined && timingSafeEqual(Buffer.from(hex, "hex"), expected)) fits = true;
  }
  return fits;
}

function macOf(secret: string, t: number, body: Uint8Array): Buffer {
  return createHmac("sha256", secret).update(`${t}.`).update(body).digest();
}
