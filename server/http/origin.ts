/** Who may talk to us from inside a browser: our own pages, and the CRM's pages named in the configuration. Plain rules. */
import type { IncomingHttpHeaders } from "node:http";

/** What the configuration says about addresses. */
export type OriginPolicy = {
  /** Where people reach this server, `https://callcard.shop.example`; "" when only the request's own Host tells. */
  readonly publicUrl: string;
  /** Origins of CRM pages that embed the widget, `https://crm.shop.example`. */
  readonly crmOrigins: readonly string[];
};

/** `none`: the request names no origin, so it does not come from a browser's page (or is a plain navigation). */
export type OriginVerdict = "same" | "crm" | "none" | "foreign";

/** Where a request comes from, by its `Origin` header, or `Sec-Fetch-Site` when there is none. */
export function originOf(headers: IncomingHttpHeaders, policy: OriginPolicy): OriginVerdict {
  const { origin } = headers;
  if (origin === undefined) {
    const site = headers["sec-fetch-site"];
    if (site === "same-origin") return "same";
    return site === undefined || site === "none" ? "none" : "foreign";
  }
  if (policy.crmOrigins.includes(origin)) return "crm";
  return isOwnOrigin(origin, headers.host ?? "", policy.publicUrl) ? "same" : "foreign";
}

function isOwnOrigin(origin: string, host: string, publicUrl: string): boolean {
  const from = URL.parse(origin);
  if (from === null || (from.protocol !== "http:" && from.protocol !== "https:")) return false;
  const own = publicUrl === "" ? null : URL.parse(publicUrl);
  // Under the public name the scheme counts too: a page forged over plain http is not ours.
  if (own !== null && from.host === own.host) return from.origin === own.origin;
  // A proxy in front may end TLS, so the scheme of the request says nothing about the page's.
  return host !== "" && from.host === hostOf(from.protocol, host);
}

/** Host without the scheme's default port, as a URL writes it. */
function hostOf(protocol: string, host: string): string {
  return URL.parse(`${protocol}//${host}`)?.host ?? "";
}
