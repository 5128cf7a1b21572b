/** Schemas shared by the routes of people, and how their deeds' refusals are answered. */
import { Type } from "@fastify/type-provider-typebox";
import { ApiError } from "../http/errors.ts";
import { UserError } from "./users.ts";

/** An id in a path. */
export const Id = Type.String({ minLength: 1, maxLength: 64 });

/** The roles a person may have. */
export const PersonRole = Type.Enum(["operator", "supervisor", "admin"]);

/** Every role, for tokens. */
export const AnyRole = Type.Enum(["operator", "supervisor", "admin", "integrator"]);

/** A language of the screens; "" follows the browser. */
export const Language = Type.Enum(["", "ru", "uk", "en"]);

/** A person as everybody may see one. */
export const UserBody = Type.Object(
  {
    id: Type.String(),
    login: Type.String(),
    name: Type.String(),
    role: AnyRole,
    language: Type.String(),
  },
  { title: "User" },
);

/** A refusal of a deed on users as an answer; anything else as it came. */
export function asApiError(error: unknown): unknown {
  if (!(error instanceof UserError)) return error;
  const status = {
    invalid: 400,
    wrongPassword: 400,
    loginTaken: 409,
    lastAdmin: 409,
    notFound: 404,
  };
  const field = error.field === undefined ? undefined : `body.${error.field}`;
  const message = field === undefined ? error.message : `${field} ${error.message}`;
  return new ApiError(status[error.code], error.code, message, {
    cause: error,
    ...(field === undefined ? {} : { field }),
  });
}
