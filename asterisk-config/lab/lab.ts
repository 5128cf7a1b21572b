import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { LabAmi } from "./ami.ts";
import type { IntegratorFiles } from "./config.ts";
import { type Instance, startInstance } from "./instance.ts";
import { type Caller, placeCall } from "./caller.ts";
import { type Phone, startPhone } from "./phone.ts";
import type { SippEvent } from "./sipp.ts";
import type { LabVersion } from "./root.ts";
import { type Habit, townScenario, writeGreetings } from "./town.ts";
import type { CallerBehaviour, PhoneBehaviour } from "./scenarios.ts";

/** A real Asterisk on loopback, with phones and callers to play. */
export type Lab = {
  readonly version: LabVersion;
  readonly host: "127.0.0.1";
  readonly amiPort: number;
  readonly amiTlsPort: number;
  readonly sipPort: number;
  /** The integrator's AMI user: exactly the rights of the shipped file. */
  readonly username: string;
  readonly secret: string;
  /** Path of the TLS certificate (also the authority: it is self-signed, for 127.0.0.1). */
  readonly certificate: string;
  /** The tests' own AMI connection, with every right. */
  ami(): LabAmi;
  pid(): number;
  isRunning(): boolean;
  /** Runs an Asterisk CLI command and gives its output. */
  cli(command: string): Promise<string>;
  /** Everything Asterisk logged at notice, warning and error. */
  log(): string;
  /**
   * Registers a phone for an extension (101 to 106). Until it is stopped, calls to it are treated as told; an extension
   * without a phone is unavailable to Asterisk. Asking again replaces the phone.
   */
  phone(extension: string, behaviour?: PhoneBehaviour): Promise<Phone>;
  /** The far end of the city line: whom outgoing calls reach. Asking again replaces it. */
  pstn(behaviour?: PhoneBehaviour): Promise<Phone>;
  /** The same when many people are there at one time, each number with its own habits. */
  town(habits: readonly Habit[]): Promise<Phone>;
  /** Everybody of the crowd at their phones, each extension with its own habits. Asking again replaces them. */
  crowd(habits: readonly Habit[]): Promise<Phone>;
  /**
   * Calls in from the city line. `to` is a queue or extension (600, 101) or any number the trunk knows; `from` is sent as it
   * is written, "" withholds it.
   */
  call(
    who: { readonly from: string; readonly name?: string; readonly to: string } & CallerBehaviour,
  ): Promise<Caller>;
  /** Dials from an extension: to another extension, a queue, a feature code (`*8`) or a number outside. */
  dial(who: { readonly from: string; readonly to: string } & CallerBehaviour): Promise<Caller>;
  /** A phone and a caller started before, found again by extension and number. */
  running(extension: string, from: string): { readonly phone: Phone; readonly caller: Caller };
  /** Waits until no channel is left, ten seconds at most or as long as is said. @throws with the channels that are left. */
  noChannels(withinMs?: number): Promise<void>;
  /** Waits until Asterisk has taken every Local channel out of its call. */
  quietLocals(): Promise<void>;
  /** Runs something, and tells what each phone and caller saw meanwhile. */
  watchPhones(
    during: () => Promise<void>,
  ): Promise<{ readonly phone: string; readonly atMs: number; readonly saw: string }[]>;
  /** Ends every call, phone and caller; Asterisk stays up. Waits until no channel is left. */
  hangUpAll(): Promise<void>;
  /** Starts Asterisk again after {@link kill} or {@link halt}, on the same ports; phones register again. */
  start(): Promise<void>;
  /** Stops Asterisk cleanly, keeping ports and files. */
  halt(): Promise<void>;
  /** Ends Asterisk as a crash would. */
  kill(): Promise<void>;
  restart(): Promise<void>;
  /** Ends everything this lab started and removes its files. */
  stop(): Promise<void>;
};

/** Starts a real PBX, building it first when it never was. Needs root; see `whyLabCannotRun`. */
export async function startLab(options: {
  readonly version: LabVersion;
  /** Which of the integrator's files it is configured from. Default vanilla. */
  readonly files?: IntegratorFiles;
  /** The server that the dialplan asks who calls, on loopback. Default port 3000, as shipped. */
  readonly callcard?: { readonly port: number; readonly token: string };
  /** Extensions beside the lab's own, such as 120: members of queues 610 and 611 (see config.ts). Default none. */
  readonly crowd?: readonly string[];
  /** Told what takes long, a line at a time. */
  readonly say?: (line: string) => void;
}): Promise<Lab> {
  const instance: Instance = await startInstance(
    options.version,
    options.files ?? "vanilla",
    options.say,
    options.callcard,
    options.crowd,
  );
  const { config } = instance;
  const directory = join(instance.directory, "sipp");
  mkdirSync(directory);
  const voice = join(directory, "voice.ulaw");
  // Ten seconds of a soft hum: what matters is that media flows.
  writeFileSync(
    voice,
    Buffer.from(Array.from({ length: 80_000 }, (_, index) => (index % 40 < 20 ? 0xd5 : 0x55))),
  );
  const place = { directory, pbxPort: config.sipPort, voice };
  const phones = new Map<string, Phone>();
  const callers = new Map<Caller, string>();
  const watching: Map<string, readonly SippEvent[]>[] = [];

  const replace = async (key: string, start: () => Promise<Phone>): Promise<Phone> => {
    await phones.get(key)?.stop();
    phones.delete(key);
    const phone = await start();
    phones.set(key, phone);
    for (const watched of watching) watched.set(key, phone.events);
    return phone;
  };
  const track = async (name: string, starting: Promise<Caller>): Promise<Caller> => {
    const caller = await starting;
    for (const watched of watching) watched.set(name, caller.events);
    callers.set(caller, name);
    void caller.ended.then(() => callers.delete(caller));
    return caller;
  };

  const lab: Lab = {
    version: options.version,
    host: "127.0.0.1",
    amiPort: config.amiPort,
    amiTlsPort: config.amiTlsPort,
    sipPort: config.sipPort,
    username: config.username,
    secret: config.secret,
    certificate: join(instance.directory, "etc/ami.pem"),
    ami: () => instance.ami(),
    pid: () => instance.pid(),
    isRunning: () => instance.isRunning(),
    cli: (command) => instance.ami().cli(command),
    log: () => instance.log(),
    phone: (extension, behaviour = {}) =>
      replace(extension, () => startPhone({ ...place, extension, behaviour })),
    pstn: (behaviour = {}) =>
      replace("pstn", () =>
        startPhone({ ...place, extension: null, port: config.pstnPort, behaviour }),
      ),
    town(habits) {
      writeGreetings(directory);
      const scenario = townScenario(habits, directory);
      return replace("pstn", () =>
        startPhone({ ...place, extension: null, port: config.pstnPort, behaviour: {}, scenario }),
      );
    },
    async crowd(habits) {
      writeGreetings(directory);
      const scenario = townScenario(habits, directory);
      const [extension = "", ...others] = config.crowd;
      return replace("crowd", () =>
        startPhone({ ...place, extension, others, behaviour: {}, scenario }),
      );
    },
    call: ({ from, name = "", to, ...behaviour }) =>
      track(from, placeCall({ ...place, from: { number: from, name }, to, behaviour })),
    dial: ({ from, to, ...behaviour }) =>
      track(
        `${from} dialling ${to}`,
        placeCall({ ...place, from: { number: from, name: "" }, to, behaviour }),
      ),
    running(extension, from) {
      const phone = phones.get(extension);
      const caller = [...callers].find(([, name]) => name === from)?.[0];
      if (phone === undefined || caller === undefined)
        throw new Error(`no phone ${extension} or no call from ${from} is running`);
      return { phone, caller };
    },
    async noChannels(withinMs) {
      const none = (text: string) => text.includes("0 active channels");
      await until(instance.ami(), "core show channels count", none, withinMs);
    },
    async quietLocals() {
      await until(instance.ami(), "core show channels concise", (text) => !text.includes("Local/"));
    },
    async watchPhones(during) {
      const since = Date.now();
      const watched = new Map<string, readonly SippEvent[]>();
      watching.push(watched);
      for (const [name, phone] of phones) watched.set(name, phone.events);
      try {
        await during();
      } finally {
        watching.splice(watching.indexOf(watched), 1);
      }
      return [...watched]
        .flatMap(([phone, events]) => events.map(({ atMs, name }) => ({ phone, atMs, saw: name })))
        .filter(({ atMs }) => atMs >= since)
        .sort((a, b) => a.atMs - b.atMs);
    },
    async hangUpAll() {
      const ami = instance.ami();
      await ami.tryAction("Hangup", { Channel: "/^.*$/", Cause: "16" });
      await Promise.all([...callers.keys()].map((caller) => caller.stop()));
      for (const [key, phone] of phones) {
        await phone.stop();
        phones.delete(key);
      }
      await lab.noChannels();
    },
    async start() {
      await instance.start();
      for (const phone of phones.values()) await phone.register();
    },
    halt: () => instance.stop(),
    kill: () => instance.kill(),
    async restart() {
      await instance.stop();
      await lab.start();
    },
    async stop() {
      await Promise.all([...callers.keys()].map((caller) => caller.stop()));
      await Promise.all([...phones.values()].map((phone) => phone.abandon()));
      callers.clear();
      phones.clear();
      await instance.remove();
    },
  };
  return lab;
}

/** Asks Asterisk again and again until its answer fits. @throws when it does not in time. */
async function until(
  ami: LabAmi,
  command: string,
  fits: (answer: string) => boolean,
  withinMs = 10_000,
): Promise<void> {
  for (const endMs = performance.now() + withinMs; performance.now() < endMs;) {
    if (fits(await ami.cli(command))) return;
    await sleep(25);
  }
  throw new Error(`"${command}" still says:\n${await ami.cli("core show channels concise")}`);
}
