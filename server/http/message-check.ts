/** Checks what a screen says over a socket against its schema; what does not fit is named by its field. */
import { type TSchema, Type } from "typebox";
import { Compile } from "typebox/compile";

/** Text of a person: no NUL, which PostgreSQL cannot keep. */
export const text = (maxLength: number, minLength = 0) =>
  Type.String({ minLength, maxLength, pattern: "^[^\\u0000]*$" });
/** Text that goes into an action or a header: no control characters at all. */
export const word = (maxLength: number, minLength = 1) =>
  Type.String({ minLength, maxLength, pattern: "^[^\\u0000-\\u001f\\u007f]*$" });
/** An object with these properties and no others. */
export const object = <P extends Record<string, TSchema>>(properties: P) =>
  Type.Object(properties, { additionalProperties: false });

/** A message that fits, or words that name the field, never what came in it. */
export type CheckedMessage<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly message: string };

/** A compiled schema. */
export type MessageValidator = {
  Check(value: unknown): boolean;
  Errors(value: unknown): readonly {
    readonly instancePath: string;
    readonly message: string;
    readonly params?: unknown;
  }[];
};

/** Compiles a schema once, at start. */
export function compileMessage(schema: TSchema): MessageValidator {
  return Compile(schema);
}

/** Checks one value. */
export function check<T>(validator: MessageValidator, value: unknown): CheckedMessage<T> {
  if (validator.Check(value)) return { ok: true, value: value as T };
  const [error] = validator.Errors(value);
  const params = error?.params as
    | { requiredProperties?: readonly string[]; additionalProperties?: readonly string[] }
    | undefined;
  const field =
    params?.requiredProperties?.[0] ??
    params?.additionalProperties?.[0] ??
    error?.instancePath.slice(1).replaceAll("/", ".");
  const what =
    params?.requiredProperties === undefined ? (error?.message ?? "not valid") : "missing";
  return { ok: false, message: `${(field || "message").slice(0, 60)}: ${what}` };
}
