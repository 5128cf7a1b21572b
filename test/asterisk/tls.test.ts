import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { LinkConfig } from "../../server/asterisk/link.ts";
import { AmiServer } from "../support/ami-server.ts";
import { watchedLink } from "../support/link.ts";
import type { WatchedLink } from "../support/link.ts";

let directory: string;
/** A self-signed certificate for the name pbx.test. */
let pair: { readonly key: string; readonly cert: string };
const closers: (() => void | Promise<void>)[] = [];

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "callcard-tls-"));
  const key = join(directory, "key.pem");
  const cert = join(directory, "cert.pem");
  execFileSync("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
    ...["-subj", "/CN=pbx.test", "-addext", "subjectAltName=DNS:pbx.test", "-days", "2"],
    ...["-keyout", key, "-out", cert],
  ]);
  pair = { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
});

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

afterAll(() => rmSync(directory, { recursive: true }));

async function watch(tls: LinkConfig["tls"], plainServer = false): Promise<WatchedLink> {
  const server = await AmiServer.open(plainServer ? {} : { tls: pair });
  const watched = watchedLink(server, {}, { tls });
  closers.push(
    () => server.close(),
    () => watched.link.stop(),
  );
  watched.link.start();
  return watched;
}

test("With the right authority and name everything goes over TLS", async () => {
  const watched = await watch({ ca: pair.cert, rejectUnauthorized: true, servername: "pbx.test" });
  await watched.untilState("up");
  expect(watched.types()).toEqual(["snapshot"]);
});

test("A self-signed certificate is refused unless it is allowed, and the reason says what to do", async () => {
  const refused = await watch({ rejectUnauthorized: true, servername: "pbx.test" });
  expect((await refused.untilState("down")).reason).toContain("self-signed");
  const allowed = await watch({ rejectUnauthorized: false });
  await allowed.untilState("up");
});

test("A certificate for another name is refused", async () => {
  const watched = await watch({
    ca: pair.cert,
    rejectUnauthorized: true,
    servername: "another.test",
  });
  expect((await watched.untilState("down")).reason).toContain("another.test");
});

test("A plain server is not spoken to when TLS was asked for, nor the other way round", async () => {
  const tlsToPlain = await watch({ rejectUnauthorized: false }, true);
  await tlsToPlain.untilState("down");
  const server = await AmiServer.open({ tls: pair });
  const plainToTls = watchedLink(server, { connectDeadlineMs: 100 });
  closers.push(
    () => server.close(),
    () => plainToTls.link.stop(),
  );
  plainToTls.link.start();
  expect((await plainToTls.untilState("down")).reason).toContain("No greeting");
  expect(server.sessions).toHaveLength(0);
});
