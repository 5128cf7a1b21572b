import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Which of the integrator's files a lab PBX is configured from. */
export type IntegratorFiles = "vanilla" | "freepbx";

/** What differs from one running PBX to the next. */
export type InstanceConfig = {
  /** Of Asterisk's version. */
  readonly major: number;
  /** The instance's directory as seen inside the chroot. */
  readonly dir: string;
  /** Where Asterisk's modules are, inside the chroot. */
  readonly modules: string;
  readonly amiPort: number;
  readonly amiTlsPort: number;
  readonly sipPort: number;
  /** Where the lab's city line (a sipp) listens. */
  readonly pstnPort: number;
  readonly rtpStart: number;
  readonly rtpPorts: number;
  /** The integrator's AMI user, as the shipped file makes it. */
  readonly username: string;
  readonly secret: string;
  readonly labSecret: string;
  /** The server that the dialplan asks who calls. */
  readonly callcard: { readonly port: number; readonly token: string };
  readonly files: IntegratorFiles;
  /** Extensions beside the lab's own six: members of queue 610, but the last two, who are those of 611. */
  readonly crowd: readonly string[];
};

/** The lab's phones: extension and the name its owner shows to others. */
export const labExtensions: Readonly<Record<string, string>> = {
  "101": "Anna",
  "102": "Boris",
  "103": "Vera",
  "104": "Galina",
  "105": "Dmitri",
  "106": "Elena",
};

const labFiles = join(import.meta.dirname, "etc");
const shippedFiles = join(import.meta.dirname, "..");

/**
 * Writes an instance's `/etc/asterisk`: what Debian packages, over it the integrator's files as shipped and the lab's own.
 * @param root the version's directory, whose packaged configuration is the ground
 */
export function writeConfig(root: string, etc: string, config: InstanceConfig): void {
  cpSync(join(root, "etc/asterisk"), etc, { recursive: true });
  const folder = join(shippedFiles, config.files);
  for (const name of shipped(folder)) {
    const text = readFileSync(join(folder, name), "utf8");
    const path = join(etc, name);
    mkdirSync(dirname(path), { recursive: true });
    // The edits every integrator is told to make.
    const edited = text
      .replace("secret = CHANGE-ME", `secret = ${config.secret}`)
      .replace("LOCAL(token)=CHANGE-ME", `LOCAL(token)=${config.callcard.token}`)
      .replace("http://127.0.0.1:3000", `http://127.0.0.1:${config.callcard.port}`);
    writeFileSync(path, edited, { mode: 0o600 });
  }
  const values = placeholders(config);
  for (const name of readdirSync(labFiles)) {
    const text = readFileSync(join(labFiles, name), "utf8");
    writeFileSync(
      join(etc, name),
      text.replace(/\{\{(\w+)\}\}/g, (_, key: string) => {
        const value = values[key];
        if (value === undefined) throw new Error(`${name}: no value for {{${key}}}`);
        return value;
      }),
    );
  }
}

function shipped(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".conf"),
  );
}

function placeholders(config: InstanceConfig): Record<string, string> {
  const freepbx = config.files === "freepbx";
  const extensions = [
    ...Object.entries(labExtensions),
    ...config.crowd.map((number) => [number, `Operator ${number}`] as const),
  ];
  return {
    dir: config.dir,
    modules: config.modules,
    amiPort: String(config.amiPort),
    amiTlsPort: String(config.amiTlsPort),
    sipPort: String(config.sipPort),
    pstnPort: String(config.pstnPort),
    rtpStart: String(config.rtpStart),
    rtpEnd: String(config.rtpStart + config.rtpPorts - 1),
    labSecret: config.labSecret,
    managerInclude: freepbx ? "manager_custom.conf" : "manager.d/*.conf",
    queuesInclude: `#include ${freepbx ? "queues_custom_general.conf" : "queues_callcard.conf"}`,
    queueTemplate: freepbx ? "" : ",callcard",
    // FreePBX writes this from its web interface ("Skip Busy Agents").
    queueSettings: freepbx ? "ringinuse = no" : "",
    crowdQueues: [
      crowdQueue("610", "rrmemory", config.crowd.slice(0, -2)),
      crowdQueue("611", "rrmemory", config.crowd.slice(-2)),
    ].join("\n"),
    ownQueues: freepbx ? "#include queues_custom.conf" : "",
    // What a Custom Destination with Return does, and the example for one's own dialplan.
    survey: `${freepbx ? "Gosub" : "Goto"}(callcard-survey,60\${EXTEN:2},1)`,
    // Queue() lost an argument with Asterisk 21.
    macroArgument: config.major < 21 ? "," : "",
    extensionsInclude: `#include ${freepbx ? "extensions_custom.conf" : "extensions_callcard.conf"}`,
    hints: extensions.map(([number]) => `exten => ${number},hint,PJSIP/${number}`).join("\n"),
    phones: extensions
      .map(
        ([number, name]) =>
          `[${number}](phone)\naors = ${number}\ncallerid = ${name} <${number}>\n[${number}](phone-aor)`,
      )
      .join("\n\n"),
  };
}

function crowdQueue(name: string, strategy: string, members: readonly string[]): string {
  const lines = members.map((number) => `member => PJSIP/${number},0,Operator ${number}`);
  return members.length === 0
    ? ""
    : [`[${name}](lab)`, `strategy = ${strategy}`, ...lines].join("\n");
}
