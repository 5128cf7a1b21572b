/** For tests of the dialplan before a queue: a real PBX whose dialplan asks a server that is as bad, or as good, as a test wants. */
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { TestLease } from "../support/lease.ts";
import { fixedPbxs } from "../../server/asterisk/pbxs.ts";
import { PbxLink } from "../../server/asterisk/link.ts";
import { LiveCalls } from "../../server/calls/live.ts";
import type { Customer } from "../../server/customers/model.ts";
import { callerRoute } from "../../server/priority/caller-route.ts";
import type { Policy, Standing, Verdict } from "../../server/priority/model.ts";
import { PreferredOperators } from "../../server/priority/preferred.ts";
import type { Sitting } from "../../server/priority/preferred-plan.ts";
import { testApp } from "../http/support.ts";
import { type CallerDouble, openCallerDouble } from "../support/caller-double.ts";
import { first, type Lab, startLab } from "../support/lab.ts";

const TOKEN = "token-of-the-lab-0123456789";
const phone = { e164: "+79130000000", display: "", country: "RU", timeZones: [] };

/** What the policy gives to a number. */
export type Given = Partial<Pick<Verdict, "rate" | "headStartMs" | "skipQuestions" | "preferred">> &
  Partial<Pick<Standing, "name" | "tier" | "language">>;

/** A call on its way into a queue, by what AMI told. */
export type Joined = {
  readonly queue: string;
  readonly channel: string;
  readonly number: string;
  /** From the channel's beginning. */
  readonly afterMs: number;
};

export type BeforeQueue = {
  readonly lab: Lab;
  readonly double: CallerDouble;
  /** Customers by number; others are unknown. */
  readonly customers: Map<string, Given>;
  readonly sitting: Sitting[];
  readonly calls: LiveCalls;
  readonly joined: Joined[];
  /** Applications that channels ran, `Read`, `Queue`. */
  readonly ran: string[];
  readonly abandoned: string[];
  /** Interfaces that were called for a queue, `callcard-preferred PJSIP/101`. */
  readonly rung: string[];
  /** Answers come from the product's own route. */
  honest(): void;
  /** A new keeper of the preferred operators, as after a restart of the server. */
  restartKeeper(): void;
  /** Calls as somebody sees them who starts to listen now, and how to end that. */
  another(): Promise<readonly [LiveCalls, () => void]>;
  variable(channel: string, name: string): Promise<string>;
  /** Numbers and priorities of who waits, first in line first. */
  line(queue: string): Promise<readonly { readonly number: string; readonly priority: number }[]>;
  /** Forgets what was seen; the answers are honest again. */
  reset(): Promise<void>;
  close(): Promise<void>;
};

/** Starts everything; takes as long as the lab takes. */
export async function openBeforeQueue(
  setup: Pick<Parameters<typeof startLab>[0], "version" | "files">,
): Promise<BeforeQueue> {
  const double = await openCallerDouble();
  const lab = await startLab({ ...setup, callcard: { port: double.port, token: TOKEN } });
  const { host, amiPort: port, username, secret } = lab;
  const link = new PbxLink({ name: "lab", host, port, username, secret, tls: false });
  const calls = new LiveCalls({ pbxs: fixedPbxs([link]), extensionPattern: /^\d{2,6}$/ });
  calls.open();
  link.start();

  const customers = new Map<string, Given>();
  const sitting: Sitting[] = [];
  const log = { info: () => undefined, warn: () => undefined };
  const keeper = () =>
    new PreferredOperators({
      pbxs: fixedPbxs([link]),
      calls,
      leaseOf: () => new TestLease(),
      sitting: () => sitting,
      log,
      everyMs: 200,
    });
  let keeping = keeper();
  keeping.open();

  const app = await testApp();
  callerRoute(app, {
    pbxs: () => [{ name: "lab", token: TOKEN }],
    callerOf: async (number) => {
      const given = customers.get(number);
      if (given === undefined)
        return { found: { outcome: "none", phone }, standing: null, lostAtMs: null };
      const { name = "", tier = "", language = "" } = given;
      return {
        found: { outcome: "one", phone, customer: { id: number } as Customer, verified: true },
        standing: { customerId: number, name, tier, language } as Standing,
        lostAtMs: null,
      };
    },
    policy: () => ({}) as Policy,
    decide: (_policy, { standing }) => ({
      ...{ rate: 1, headStartMs: 0, skipQuestions: false, preferred: null, message: "" },
      ...customers.get(standing?.customerId ?? ""),
      ...{ rule: null, passedOver: [] },
    }),
    preferredSeatOf: (pbx, login) => keeping.seatOf(pbx, login),
  });
  await app.listen({ host: "127.0.0.1", port: 0 });
  const realPort = (app.server.address() as AddressInfo).port;

  const joined: Joined[] = [];
  const ran: string[] = [];
  const abandoned: string[] = [];
  const rung: string[] = [];
  const begun = new Map<string, number>();
  const numbers = new Map<string, string>();
  lab.ami().listen((message) => {
    const event = first(message, "Event");
    const id = first(message, "Uniqueid");
    const queue = first(message, "Queue");
    if (event === "Newchannel") begun.set(id, performance.now());
    else if (event === "Newexten") ran.push(first(message, "Application"));
    else if (event === "QueueCallerAbandon") abandoned.push(queue);
    else if (event === "AgentCalled") rung.push(`${queue} ${first(message, "Interface")}`);
    else if (event === "QueueCallerJoin") {
      const channel = first(message, "Channel");
      const number = first(message, "CallerIDNum");
      numbers.set(channel, number);
      const afterMs = performance.now() - (begun.get(id) ?? 0);
      joined.push({ queue, channel, number, afterMs });
    }
  });

  const house: BeforeQueue = {
    ...{ lab, double, customers, sitting, calls, joined, ran, abandoned, rung },
    honest() {
      double.mode = { kind: "real", port: realPort };
    },
    restartKeeper() {
      keeping.close();
      keeping = keeper();
      keeping.open();
    },
    async another() {
      const own = new PbxLink({ name: "lab", host, port, username, secret, tls: false });
      const seen = new LiveCalls({ pbxs: fixedPbxs([own]), extensionPattern: /^\d{2,6}$/ });
      seen.open();
      own.start();
      while (own.status().state !== "up") await sleep(10);
      const end = () => {
        own.stop();
        seen.close();
      };
      return [seen, end];
    },
    async variable(channel, name) {
      const [answer] = await lab.ami().tryAction("Getvar", { Channel: channel, Variable: name });
      return first(answer, "Value");
    },
    async line(queue) {
      const messages = await lab.ami().action("QueueStatus", { Queue: queue });
      return messages
        .filter((message) => first(message, "Event") === "QueueEntry")
        .map((message) => ({
          number: numbers.get(first(message, "Channel")) ?? "",
          priority: Number(first(message, "Priority")),
        }));
    },
    async reset() {
      await lab.hangUpAll();
      for (const list of [joined, ran, abandoned, rung, sitting]) list.length = 0;
      customers.clear();
      house.honest();
    },
    async close() {
      keeping.close();
      link.stop();
      calls.close();
      await app.close();
      await double.stop();
    },
  };
  house.honest();
  return house;
}
