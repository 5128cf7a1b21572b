/** What a PBX's wire shows to those who run the server: `/readyz`, `/metrics`, the log. */
import type { Readiness } from "../http/health.ts";
import type { Metrics } from "../http/metrics.ts";
import type { PbxLink } from "./link.ts";

/** Begins to show it. @returns how to show it no more. */
export function watchPbx(
  link: PbxLink,
  to: {
    readonly readiness: Readiness;
    readonly metrics: Metrics;
    readonly log: { info(fields: object, message: string): void };
  },
): () => void {
  const { log, metrics, readiness } = to;
  const labels = { pbx: link.name };
  const releases = [
    readiness.add(`pbx ${link.name}`, () => {
      const { state, reason, capabilities } = link.status();
      return {
        ok: state === "up",
        detail: state === "up" ? `Asterisk ${capabilities.version}` : reason || state,
      };
    }),
    metrics.exposeCounters(
      "callcard_ami_",
      () => {
        const { roundTripMs: _, ...counters } = link.counters();
        return counters;
      },
      labels,
    ),
    metrics.exposeGauges(
      "callcard_ami_",
      () => ({ roundTripMs: link.counters().roundTripMs }),
      labels,
    ),
    link.onStatus((status) => log.info({ ...status, capabilities: undefined }, "pbx")),
  ];
  return () => {
    for (const release of releases) release();
  };
}
