/** Metrics of the screens' sockets. */
import * as prom from "prom-client";

/** Registers them. @param connected how many browsers follow now. */
export function addSocketMetrics(registry: prom.Registry, connected: () => number) {
  const browsers = new prom.Gauge({
    name: "callcard_desk_browsers",
    help: "Browsers connected to operators' screens.",
    registers: [registry],
    collect() {
      this.set(connected());
    },
  });
  const slow = new prom.Counter({
    name: "callcard_desk_slow_browsers_total",
    help: "Browsers closed because they did not acknowledge in time; they come back by themselves.",
    registers: [registry],
  });
  const refused = new prom.Counter({
    name: "callcard_desk_refused_messages_total",
    help: "Messages from browsers that were malformed or too many.",
    registers: [registry],
  });
  return { browsers, slow, refused };
}
