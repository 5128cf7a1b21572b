/** An app for tests: real routes, real hooks, the log kept in memory, and people who live in a table instead of PostgreSQL. */
import { Writable } from "node:stream";
import { tmpdir } from "node:os";
import { type App, type AppOptions, createApp } from "../../server/http/app.ts";
import { createLog } from "../../server/http/log.ts";
import type { Authenticator, Principal, Role } from "../../server/people/model.ts";

/** A log whose lines can be read. */
export function logToMemory(level: "debug" | "info" = "debug") {
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  return { log: createLog({ level, destination }), lines, text: () => lines.join("") };
}

/** A person with a role; the session cookie's value and API token are `<role>` and `cc_<role>`. */
export function principalOf(role: Role, kind: "user" | "token"): Principal {
  return kind === "user"
    ? {
        kind,
        user: { id: "1", login: role, name: role, role, language: "" },
        sessionId: `session-${role}`,
      }
    : { kind, tokenId: "1", name: role, role };
}

const ROLES = new Set<string>(["operator", "supervisor", "admin", "integrator"]);

/** Knows one session and one token per role. */
export const rolesAuthenticator: Authenticator = {
  bySession: async (token) => (ROLES.has(token) ? principalOf(token as Role, "user") : null),
  byApiToken: async (token) =>
    ROLES.has(token.slice(3)) ? principalOf(token.slice(3) as Role, "token") : null,
  byCrmToken: async () => null,
};

export const CRM = "https://crm.shop.example";

/** An app with harmless defaults. */
export async function testApp(options: Partial<AppOptions> = {}): Promise<App> {
  return createApp({
    log: createLog({ level: "silent" }),
    authenticator: rolesAuthenticator,
    publicUrl: "",
    crmOrigins: [CRM],
    widgetDirectory: tmpdir(),
    ...options,
  });
}
