/** A finished call read back from its row in `calls`. */
import { type Static, type TProperties, Type } from "typebox";
import { Compile } from "typebox/compile";
import type { Call } from "../calls/model.ts";

const time = Type.Union([Type.Number(), Type.Null()]);
const list = <P extends TProperties>(properties: P) => Type.Array(Type.Object(properties));

/** The fields of {@link Call} that a screen needs; the rest is taken as it is. */
const shape = Type.Object({
  id: Type.String(),
  pbx: Type.String(),
  direction: Type.Enum(["inbound", "outbound", "internal"]),
  party: Type.Object({ number: Type.String(), name: Type.String() }),
  fromExtension: Type.String(),
  startedAtMs: Type.Number(),
  endedAtMs: time,
  visits: list({ queue: Type.String(), joinedAtMs: Type.Number() }),
  rings: list({ id: Type.String(), extension: Type.String(), startedAtMs: Type.Number() }),
  talks: list({ extension: Type.String(), startedAtMs: Type.Number(), endedAtMs: time }),
  transfers: list({ fromExtension: Type.String(), to: Type.String(), atMs: Type.Number() }),
});
const validator = Compile(shape);

/** The call in `detail`, null when it was written by a version that kept something else. */
export function savedCall(detail: unknown): Call | null {
  if (!validator.Check(detail)) return null;
  return detail satisfies Static<typeof shape> as unknown as Call;
}
