/**
 * The campaigns' part of the dialplan, as asterisk-config has it: `callcard-out` dials a number once for an attempt and writes that down,
 * `callcard-answered` keeps who answered until an operator is there.
 */
import { Dial } from "./dial.ts";
import type { Channel } from "./exchange.ts";
import type { Leg, LegListener } from "./legs.ts";
import type { SimulatedExchange } from "./pbx.ts";
import type { QueueResult } from "./queue-entry.ts";

/** Their contexts. */
export const campaignContexts = { out: "callcard-out", answered: "callcard-answered" } as const;

/** A number that was dialled for an attempt: the simulated PBX's own log. */
export type DialledNumber = {
  readonly attemptId: string;
  /** As it was given to the trunk. */
  readonly number: string;
  readonly atMs: number;
};

/** AstDB and the log of what was dialled; both outlive a restart. */
export type CampaignMemory = {
  readonly database: Map<string, string>;
  readonly dialled: DialledNumber[];
};

/** Between what was written down and the dialling: Asterisk's AstDB would survive a crash by then. */
const durableMs = 1100;
/** How long Asterisk's AMD listens until it is sure. */
const listenMs = 2500;
/** The silence after a person's greeting by which it knows one. */
const silenceMs = 800;
/** The message to those who got nobody, with its time for a key. */
const messageMs = 5000;
const thanksMs = 1000;
const staySeconds = 60;
const firstOfAll = 2_000_000_000;

/** Runs both contexts on the channels that are sent there. */
export class CampaignCalls {
  readonly #pbx: SimulatedExchange;
  readonly #memory: CampaignMemory;

  constructor(pbx: SimulatedExchange, memory: CampaignMemory) {
    this.#pbx = pbx;
    this.#memory = memory;
  }

  /** `callcard-out`: the second half of a Local channel, or an operator who answered first. */
  dial(channel: Channel, listener: LegListener | undefined): void {
    const { exchange } = this.#pbx;
    const { database, dialled } = this.#memory;
    const value = (name: string): string => channel.variables.get(name) ?? "";
    const id = value("CALLCARD_ATTEMPT");
    const key = `callcard/${id}`;
    channel.owner = null;
    if (id === "" || value("CALLCARD_DIAL") === "") return exchange.hangup(channel, 16);
    if (database.has(key)) {
      this.#tell(channel, id, "again");
      return exchange.hangup(channel, 16);
    }
    database.set(key, "dialled");
    let status = "";
    let cause = 0;
    let sip = "none";
    let answeredAtMs: number | null = null;
    channel.atHangup = (atCause) => {
      const ms = answeredAtMs === null ? 0 : Math.round(exchange.clock.now() - answeredAtMs);
      const last = cause === 0 ? atCause : cause;
      const side = value("CALLCARD_OPERATOR") === "" ? "C" : "O";
      if (status === "" && dialling) status = "CANCEL";
      database.set(key, `over|${status}|${last}|${sip}|${ms}|${side}`);
      this.#tell(
        channel,
        id,
        "over",
        `Status: ${status}\r\nCause: ${last}\r\nSIP: ${sip}\r\nMs: ${ms}\r\n`,
      );
      for (const old of value("CALLCARD_FORGET").split("+")) {
        database.delete(`callcard/${old}`);
        database.delete(`callcard/${old}-answered`);
      }
    };
    let dialling = false;
    exchange.clock.after(durableMs, () => {
      if (channel.hungUp) return;
      exchange.setCaller(channel, value("CALLCARD_FROM"), value("CALLCARD_FROM_NAME"));
      exchange.publish(channel);
      const to = value("CALLCARD_DIAL");
      let leg: Leg;
      try {
        leg = this.#pbx.legTo(to, { linkedId: channel.linkedId });
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        status = "CHANUNAVAIL";
        cause = 3;
        return exchange.hangup(channel, cause);
      }
      dialling = true;
      dialled.push({ attemptId: id, number: channel.exten, atMs: exchange.clock.now() });
      new Dial(exchange, channel, leg, {
        timeoutMs: Number(value("CALLCARD_RING")) * 1000,
        ringing: () => {
          sip = "180";
          listener?.ringing();
        },
        answered: () => {
          status = "ANSWER";
          sip = "200";
          answeredAtMs = exchange.clock.now();
          listener?.answered();
        },
        over: (result) => {
          status = dialStatusOf(result.status, result.cause);
          cause = result.cause;
          if (result.techCause !== "") sip = result.techCause;
          exchange.hangup(result.caller, result.cause, result.techCause);
        },
      }).start();
    });
  }

  /** `callcard-answered`: the first half, once the person answered. */
  answered(channel: Channel): void {
    const { exchange, queues } = this.#pbx;
    const value = (name: string): string => channel.variables.get(name) ?? "";
    const id = value("CALLCARD_ATTEMPT");
    const queue = value("CALLCARD_QUEUE");
    const onMachine = value("CALLCARD_MACHINE");
    const ended: string[] = [];
    /** Where nobody listens for a greeting it is over with the answer. */
    let greetedMs = onMachine === "" ? 0 : null;
    channel.owner = null;
    channel.context = campaignContexts.answered;
    channel.exten = "s";
    channel.atHangup = () => {
      const greeted = greetedMs === null ? [] : [`greeted:${greetedMs}`];
      this.#memory.database.set(`callcard/${id}-answered`, [...ended, ...greeted].join("|"));
    };
    this.#tell(channel, id, "answered");
    const person = (): Channel | null =>
      channel.other === null ? null : this.#pbx.farPhone(channel.other);
    const later = (ms: number, run: () => void): void => {
      exchange.clock.after(ms, () => {
        if (!channel.hungUp) run();
      });
    };
    const join = (seconds: number, unserved: () => void): void => {
      if (queues.find(queue) === undefined) return unserved();
      queues.join(queue, channel, {
        priority: firstOfAll,
        timeoutSeconds: seconds,
        answered: () => ended.push("connected"),
        over: (result: QueueResult) => {
          if (result === "CONTINUE") return exchange.hangup(channel, 16);
          exchange.tellOf(
            "UserEvent",
            channel,
            `UserEvent: CallcardQueueStatus\r\nQueue: ${queue}\r\nStatus: ${result}\r\n`,
            "user",
          );
          unserved();
        },
      });
    };
    const sorry = (): void =>
      later(messageMs, () => {
        if (person()?.presses !== "1") return join(staySeconds, () => exchange.hangup(channel, 16));
        ended.push("refused");
        this.#tell(channel, id, "refused");
        later(thanksMs, () => exchange.hangup(channel, 16));
      });
    const wait = (): void => join(Math.max(1, Number(value("CALLCARD_WITHIN"))), sorry);
    if (onMachine === "") return wait();
    later(listenMs, () => {
      if (person()?.isMachine !== true) {
        greetedMs = listenMs - silenceMs;
        this.#tell(channel, id, "human", `Ms: ${greetedMs}\r\n`);
        return wait();
      }
      ended.push("machine");
      this.#tell(channel, id, "machine", "Cause: MAXWORDS-4-4\r\n");
      if (onMachine === "connect") wait();
      else exchange.hangup(channel, 16);
    });
  }

  #tell(channel: Channel, id: string, stage: string, more = ""): void {
    this.#pbx.exchange.tellOf(
      "UserEvent",
      channel,
      `UserEvent: CallcardAttempt\r\nAttempt: ${id}\r\nStage: ${stage}\r\n${more}`,
      "user",
    );
  }
}

/** DIALSTATUS, which knows less than the cause. */
function dialStatusOf(status: string, cause: number): string {
  if (status === "ANSWER") return status;
  if (cause === 17) return "BUSY";
  if (cause === 34 || cause === 42) return "CONGESTION";
  return [16, 18, 19].includes(cause) ? "NOANSWER" : "CHANUNAVAIL";
}
