/** Security headers of every answer: a content security policy that lets nothing in but our own files. */
import helmet from "@fastify/helmet";
import type { IncomingMessage } from "node:http";
import type { App } from "./app.ts";

/** Adds the headers; HSTS only when people reach us by https. */
export async function addSecurityHeaders(
  app: App,
  options: { readonly publicUrl: string },
): Promise<void> {
  const isHttps = options.publicUrl.startsWith("https:");
  await app.register(helmet, {
    // helmet builds everything anew for each answer, which takes longer than many an answer; see below.
    global: false,
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "script-src-attr": ["'none'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'", (request) => socketSources(request)],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
      },
    },
    strictTransportSecurity: isHttps ? { maxAge: 180 * 24 * 3600 } : false,
    // Without https browsers ignore it and complain about it in the console.
    crossOriginOpenerPolicy: isHttps ? { policy: "same-origin" } : false,
    originAgentCluster: isHttps,
    crossOriginResourcePolicy: { policy: "same-origin" },
    frameguard: { action: "deny" },
    // Not "no-referrer": that would blank the Origin header of our own forms.
    referrerPolicy: { policy: "same-origin" },
  });
  const known = new Map<string, OutgoingHeaders>();
  app.addHook("onRequest", (request, reply, next) => {
    // A route with settings of its own has them from helmet.
    if ("helmet" in request.routeOptions.config) return next();
    const host = hostOf(request.raw);
    let headers = known.get(host);
    if (headers === undefined) {
      const before = new Set(reply.raw.getHeaderNames());
      void reply.helmet();
      headers = Object.entries(reply.raw.getHeaders()).filter(([name]) => !before.has(name));
      // Names of one server are few; the bound is against somebody who makes them up.
      if (known.size >= MOST_HOSTS) known.clear();
      known.set(host, headers);
    } else
      // Not on the raw answer: Node would check each of them twice.
      for (const [name, value] of headers) if (value !== undefined) void reply.header(name, value);
    return next();
  });
}

type OutgoingHeaders = readonly (readonly [
  name: string,
  value: string | number | readonly string[] | undefined,
])[];
const MOST_HOSTS = 100;

/** Browsers differ in whether 'self' covers websockets; the host is named, and nothing else is. */
function socketSources(request: IncomingMessage): string {
  const host = hostOf(request);
  return host === "" ? "'self'" : `ws://${host} wss://${host}`;
}

/** The host a request names; "" for none, and for what is no host. */
function hostOf({ headers: { host = "" } }: IncomingMessage): string {
  return /^[a-z0-9.-]+(:\d{1,5})?$|^\[[0-9a-f:.]+\](:\d{1,5})?$/i.test(host) ? host : "";
}
