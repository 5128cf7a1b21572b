/** The shape of everything a console may say. Checked before anything else sees it. */
import { type Static, type TSchema, Type } from "typebox";
import {
  type CheckedMessage,
  type MessageValidator,
  check,
  compileMessage,
  object,
  word,
} from "../http/message-check.ts";
import type { ConsoleToServer } from "./protocol.ts";

/** One schema for each message of {@link ConsoleToServer}. */
export const consoleSchemas = {
  why: object({ callId: word(200), queue: word(80) }),
  // What is in it is for the policy's own check, which names every place.
  preview: object({ policy: Type.Unknown() }),
  lookAtCampaigns: object({ look: Type.Boolean() }),
  move: object({
    pbx: word(40),
    queue: word(80),
    channelId: word(150),
    position: Type.Integer({ minimum: 0, maximum: 10_000 }),
  }),
} satisfies Record<keyof ConsoleToServer, TSchema>;

/** What a message may carry, as its schema says. */
export type ConsoleMessage<K extends keyof ConsoleToServer> = Static<(typeof consoleSchemas)[K]>;

const compiled = Object.fromEntries(
  Object.entries(consoleSchemas).map(([name, schema]) => [name, compileMessage(schema)]),
) as unknown as { readonly [K in keyof ConsoleToServer]: MessageValidator };
const handshake = compileMessage(
  Type.Object({ token: Type.Optional(Type.String({ maxLength: 4096 })) }),
);

/** Checks a message's one argument; the words name the field, never what came in it. */
export function checkConsoleMessage<K extends keyof ConsoleToServer>(
  name: K,
  value: unknown,
): CheckedMessage<ConsoleMessage<K>> {
  return check<ConsoleMessage<K>>(compiled[name], value);
}

/** Checks what a socket says at connect. */
export function checkConsoleHandshake(value: unknown): CheckedMessage<{ readonly token?: string }> {
  return check(handshake, value);
}
