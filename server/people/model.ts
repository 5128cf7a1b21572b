/** Who may use Callcard and what each role may do. */

/**
 * Persons' roles from least to most: each may do what the ones before it may. `integrator` is for tokens, not persons, stands
 * beside them, and may do only what names it. An admin may do everything.
 */
export type Role = "operator" | "supervisor" | "admin" | "integrator";

const RANK = { operator: 1, supervisor: 2, admin: 3 } as const;

/** Whether somebody with role `has` may do what is open to `allowed`. */
export function roleAllows(has: Role, allowed: readonly Role[]): boolean {
  if (has === "admin" || allowed.includes(has)) return true;
  if (has === "integrator") return false;
  return allowed.some((role) => role !== "integrator" && RANK[role] <= RANK[has]);
}

/** A person with a login. */
export type User = {
  readonly id: string;
  readonly login: string;
  readonly name: string;
  readonly role: Role;
  /** `ru`, `uk` or `en`; "" follows the browser. */
  readonly language: string;
};

/** Who made a request: a logged-in person, or a token. */
export type Principal =
  | { readonly kind: "user"; readonly user: User; readonly sessionId: string }
  | {
      readonly kind: "token";
      readonly tokenId: string;
      readonly name: string;
      readonly role: Role;
    };

/** How a request or socket proves who it is; `server/people/sessions.ts` implements it. */
export interface Authenticator {
  /** A session cookie's value, or null when it is unknown or expired. */
  bySession(token: string): Promise<Principal | null>;
  /** An API token (`Authorization: Bearer cc_...`). */
  byApiToken(token: string): Promise<Principal | null>;
  /** A JWT signed by the CRM (HS256, `CRM_TOKEN_SECRET`, `sub` is the operator's login, short-lived). */
  byCrmToken(token: string): Promise<Principal | null>;
}
