/** Who there is to give work to: `/api/v1/operators`. Names and extensions for supervisors; logins and everything else stay with admins. */
import { Type } from "@fastify/type-provider-typebox";
import { sql } from "kysely";
import type { App } from "../http/app.ts";
import type { Database } from "../storage/database.ts";
import { PersonRole } from "./schemas.ts";
import type { PersonRole as Role } from "./users.ts";

/** Somebody who may be given work. */
export type Operator = {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  /** Of the phone they chose last; "" for none. */
  readonly extension: string;
  /** The PBX of that phone; "" for none. */
  readonly pbx: string;
};

const OperatorBody = Type.Object(
  {
    ...{ id: Type.String(), name: Type.String(), role: PersonRole },
    extension: Type.String({ description: "Of the phone they chose last; empty for none" }),
    pbx: Type.String(),
  },
  { title: "Operator" },
);

/** Registers the route. */
export function operatorRoute(app: App, { db }: { readonly db: Database }): void {
  app.get(
    "/api/v1/operators",
    {
      onRequest: app.requireRole("supervisor"),
      schema: {
        tags: ["people"],
        summary: "Everybody who may log in, by name: operators first",
        response: { 200: Type.Object({ operators: Type.Array(OperatorBody) }) },
      },
    },
    async () => ({ operators: [...(await listOperators(db))] }),
  );
}

async function listOperators(db: Database): Promise<readonly Operator[]> {
  const { rows } = await sql<Operator>`
    select u.id, u.name, u.role, coalesce(d.extension, '') as extension, coalesce(d.pbx, '') as pbx
    from users u left join operator_devices d on d.user_id = u.id
    where u.active
    order by u.role <> 'operator', u.name, u.id`.execute(db);
  return rows;
}
