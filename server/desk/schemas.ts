/** The shape of everything a screen may say. Checked before anything else sees it; what does not fit is named by its field. */
import { type Static, type TSchema, Type } from "typebox";
import {
  type CheckedMessage,
  type MessageValidator,
  check,
  compileMessage,
  object,
  text,
  word,
} from "../http/message-check.ts";
import type { DeskHandshake, DeskToServer } from "./protocol.ts";
import { tags, uuid, wallTime, workSchemas } from "./work-schemas.ts";

const id = word(200);
const rowId = Type.String({ pattern: "^[0-9]{1,18}$" });

/** One schema for each message of {@link DeskToServer}. */
export const schemas = {
  ...workSchemas,
  chooseDevice: object({
    pbx: word(40),
    extension: word(40),
    takeOver: Type.Optional(Type.Boolean()),
  }),
  ready: object({}),
  pause: object({ reason: word(80) }),
  saveWrapUp: object({
    draftId: uuid,
    callId: id,
    disposition: word(60),
    note: text(4000),
    tags: Type.Optional(tags),
    callBack: Type.Optional(
      Type.Union([
        object({
          at: wallTime,
          timeZone: word(64),
          toMe: Type.Boolean(),
        }),
        Type.Null(),
      ]),
    ),
  }),
  previewCall: object({ attemptId: id }),
  previewSkip: object({
    attemptId: id,
    reason: Type.Enum(["notNow", "alreadySettled", "wrongPerson", "doNotCall", "other"]),
  }),
  dial: object({ number: word(60) }),
  searchCustomers: object({ text: text(100) }),
  chooseCustomer: object({ callId: id, customerId: rowId }),
  createCustomer: object({
    callId: id,
    name: text(200, 1),
    email: Type.Optional(text(200)),
    city: Type.Optional(text(100)),
  }),
  addNote: object({ callId: id, text: text(4000, 1) }),
  popReceived: object({ ringId: id, callId: id }),
  popPainted: object({
    ringId: id,
    callId: id,
    receivedToPaintedMs: Type.Number({ minimum: 0, maximum: 3_600_000 }),
    visible: Type.Boolean(),
    agoMs: Type.Optional(Type.Number({ minimum: 0, maximum: 3_600_000 })),
  }),
} satisfies Record<keyof DeskToServer, TSchema>;

/** What a message may carry, as its schema says. */
export type Message<K extends keyof DeskToServer> = Static<(typeof schemas)[K]>;

/** The socket's handshake. */
const handshake = Type.Object({
  token: Type.Optional(Type.String({ maxLength: 4096 })),
  epoch: Type.Optional(Type.String({ maxLength: 64 })),
  seq: Type.Optional(Type.Integer({ minimum: 0 })),
});

const compiled = Object.fromEntries(
  Object.entries(schemas).map(([name, schema]) => [name, compileMessage(schema)]),
) as unknown as { readonly [K in keyof DeskToServer]: MessageValidator };
const compiledHandshake = compileMessage(handshake);

/** Checks a message's one argument; the words name the field, never what came in it. */
export function checkMessage<K extends keyof DeskToServer>(
  name: K,
  value: unknown,
): CheckedMessage<Message<K>> {
  return check<Message<K>>(compiled[name], value);
}

/** Checks what a socket says at connect. */
export function checkHandshake(value: unknown): CheckedMessage<DeskHandshake> {
  return check<DeskHandshake>(compiledHandshake, value);
}
