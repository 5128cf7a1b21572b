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
}

/** Browsers differ in whether 'self' covers websockets; the host is named, and nothing else is. */
function socketSources(request: IncomingMessage): string {
  const host = request.headers.host ?? "";
  return /^[a-z0-9.-]+(:\d{1,5})?$|^\[[0-9a-f:.]+\](:\d{1,5})?$/i.test(host)
    ? `ws://${host} wss://${host}`
    : "'self'";
}
