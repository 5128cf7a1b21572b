/** How schemas check what comes in: bodies as they are, texts of queries and paths turned into the types the schema names. */
import type { FastifyRouteSchemaDef } from "fastify/types/schema.js";
import type { TSchema } from "typebox";
import { Compile } from "typebox/compile";
import { Value } from "typebox/value";

/** Fastify's validator compiler over TypeBox. */
export function compileSchema({ schema, httpPart }: FastifyRouteSchemaDef<TSchema>) {
  const check = Compile(schema);
  const isText = httpPart !== "body";
  return (value: unknown) => {
    const read = isText ? Value.Default(schema, Value.Convert(schema, value)) : value;
    return check.Check(read) ? { value: read } : { error: check.Errors(read) };
  };
}
