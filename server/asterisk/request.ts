/**
 * An action made safe to write, before anything is written.
 */
import { AmiError } from "./model.ts";

/** Fields of an action; an array becomes a header repeated in that number. */
export type ActionFields = Readonly<Record<string, string | readonly string[]>>;

/** Asterisk refuses a longer line; the line's end is counted in. */
const maxLineBytes = 1024;
/** Asterisk takes no more headers than this, Action and ActionID included. */
const maxHeaders = 128;

const keyPattern = /^[A-Za-z0-9][A-Za-z0-9_.()-]*$/;
// oxlint-disable-next-line no-control-regex -- these three end or cut a header on Asterisk's side
const unsafePattern = /[\r\n\0]/;

/**
 * Checks an action and gives the form that asterisk-manager writes as intended. It joins arrays with commas but trims its keys,
 * so a header is repeated by the same key with more and more spaces after it.
 *
 * @throws {AmiError} `invalid`, naming the action and the header but never the value (it may be a secret).
 */
export function toRequest(name: string, fields: ActionFields): Record<string, string> {
  if (typeof name !== "string" || !keyPattern.test(name)) {
    throw new AmiError("invalid", "", "The action's name must be letters and digits");
  }
  const request: Record<string, string> = { action: name };
  let headers = 2;
  for (const [key, value] of Object.entries(fields)) {
    const lower = key.toLowerCase();
    if (!keyPattern.test(key) || lower === "action" || lower === "actionid") {
      throw new AmiError("invalid", name, `${name}: ${JSON.stringify(key)} cannot be a header`);
    }
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    let padded = key;
    for (const one of values) {
      if (typeof one !== "string") {
        throw new AmiError("invalid", name, `${name}: the value of ${key} must be text`);
      }
      if (unsafePattern.test(one)) {
        throw new AmiError("invalid", name, `${name}: the value of ${key} contains CR, LF or NUL`);
      }
      if (Buffer.byteLength(one) + key.length + 4 > maxLineBytes) {
        throw new AmiError(
          "invalid",
          name,
          `${name}: ${key} is too long (a line has at most ${maxLineBytes} bytes)`,
        );
      }
      request[padded] = one;
      padded += " ";
      headers += 1;
    }
  }
  if (headers > maxHeaders) {
    throw new AmiError(
      "invalid",
      name,
      `${name}: ${headers} headers, Asterisk takes at most ${maxHeaders}`,
    );
  }
  return request;
}
