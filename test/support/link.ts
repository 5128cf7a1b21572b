/**
 * A link to a scripted AMI server, and what a test needs to see of it.
 */
import { PbxLink } from "../../server/asterisk/link.ts";
import type { LinkConfig, LinkTuning } from "../../server/asterisk/link.ts";
import type { PbxInput, PbxStatus } from "../../server/asterisk/model.ts";
import type { AmiServer } from "./ami-server.ts";

export type Seen = { readonly input: PbxInput; readonly atMs: number };

export type WatchedLink = {
  readonly link: PbxLink;
  /** The stream so far. */
  readonly seen: Seen[];
  readonly statuses: PbxStatus[];
  /** Types of the stream so far, a quick look at its order. */
  readonly types: () => string[];
  /** Resolves when the stream has that many inputs of a type. */
  readonly until: (type: PbxInput["type"], count?: number) => Promise<Seen>;
  readonly untilState: (state: PbxStatus["state"]) => Promise<PbxStatus>;
};

/** Makes a link to a server; the test starts and stops it. */
export function watchedLink(
  server: Pick<AmiServer, "port">,
  tuning: LinkTuning = {},
  config: Partial<LinkConfig> = {},
): WatchedLink {
  const link = new PbxLink(
    {
      name: "main",
      host: "127.0.0.1",
      port: server.port,
      username: "callcard",
      secret: "secret",
      tls: false,
      ...config,
    },
    tuning,
  );
  const seen: Seen[] = [];
  const statuses: PbxStatus[] = [];
  link.listen((input, atMs) => void seen.push({ input, atMs }));
  link.onStatus((status) => void statuses.push(status));
  return {
    link,
    seen,
    statuses,
    types: () => seen.map((one) => one.input.type),
    until: async (type, count = 1) => {
      for (;;) {
        const found = seen.filter((one) => one.input.type === type)[count - 1];
        if (found) return found;
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
    untilState: async (state) => {
      while (link.status().state !== state) await new Promise((resolve) => setImmediate(resolve));
      return link.status();
    },
  };
}
