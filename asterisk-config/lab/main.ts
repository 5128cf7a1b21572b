import { parseArgs } from "node:util";
import { labExtensions } from "./config.ts";
import { type Lab, startLab } from "./lab.ts";
import { whyLabCannotRun } from "./requirements.ts";
import { ensureRoot, type LabVersion } from "./root.ts";

const usage = `Usage: npm run lab -- [22|16] [--calls N] [--files vanilla|freepbx] [--build]
  22 or 16      which Asterisk (default 22)
  --calls N     N customers a minute call the queues (default 0: nobody calls)
  --files ...   which of the integrator's files it is configured from (default vanilla)
  --build       only build both PBXs, start nothing`;

/** Written as people write them: the same few customers in several spellings. */
const customers = [
  "+79130000001",
  "89130000001",
  "9130000001",
  "79130000002",
  "+79130000003",
  "+380440000004",
  "",
];

/** Phones that answer by themselves; 105 and 106 are left for a softphone of your own. */
const answering = ["101", "102", "103", "104"];

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      calls: { type: "string", default: "0" },
      files: { type: "string", default: "vanilla" },
      build: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    return;
  }
  const reason = whyLabCannotRun();
  if (reason !== null) throw new Error(reason);
  if (values.build) {
    for (const version of [22, 16] as const) await ensureRoot(version, console.log);
    console.log("Asterisk 22 and 16 are built.");
    return;
  }
  const version = versionOf(positionals);
  const callsPerMinute = Number(values.calls);
  if (!(callsPerMinute >= 0 && callsPerMinute <= 600))
    throw new Error(`--calls is ${values.calls}; it can be 0 to 600 a minute`);
  if (values.files !== "vanilla" && values.files !== "freepbx")
    throw new Error(`--files is ${values.files}; it can be vanilla or freepbx`);

  const stopping = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stopping.abort());

  const lab = await startLab({ version, files: values.files, say: console.log });
  try {
    for (const [index, extension] of answering.entries())
      await lab.phone(extension, { answerAfterMs: 2000 + index * 500, talkMs: 15_000 });
    await lab.pstn({ answerAfterMs: 3000, talkMs: 20_000 });
    describe(lab, callsPerMinute);
    const calling = callsPerMinute > 0 ? keepCalling(lab, callsPerMinute) : null;
    await new Promise<void>((done) => {
      if (stopping.signal.aborted) done();
      stopping.signal.addEventListener("abort", () => done());
    });
    if (calling !== null) clearInterval(calling);
    console.log("Stopping.");
  } finally {
    await lab.stop();
  }
}

function versionOf(positionals: readonly string[]): LabVersion {
  const [version = "22", ...rest] = positionals;
  if ((version !== "22" && version !== "16") || rest.length > 0)
    throw new Error(`cannot start "${positionals.join(" ")}"\n${usage}`);
  return version === "22" ? 22 : 16;
}

function describe(lab: Lab, callsPerMinute: number): void {
  const names = answering.map((extension) => `${extension} ${labExtensions[extension]}`).join(", ");
  console.log(`
Asterisk ${lab.version} runs on 127.0.0.1.

  AMI         AMI_HOST=127.0.0.1 AMI_PORT=${lab.amiPort} AMI_USERNAME=${lab.username} AMI_SECRET=${lab.secret}
              with TLS: port ${lab.amiTlsPort}, certificate ${lab.certificate}
  SIP         127.0.0.1:${lab.sipPort} UDP, no passwords
  phones      ${names}: answer by themselves, talk 15 s
              105 ${labExtensions["105"]}, 106 ${labExtensions["106"]}: free for a softphone of your own
  queues      600 sales, PJSIP members in order     601 support, FreePBX-style Local members
              602 the same without /n               603 everybody rings at once
              604 short patience, then 600          605 with keys 0 and 2
              606 lets go when empty                607 everybody rings at once, FreePBX-style
  other       10x a phone, *8 pick up, **10x pick up that phone, 700 endless voice,
              six digits or more go out to the city line; ## blind and *2 attended transfer
  callers     ${callsPerMinute > 0 ? `${callsPerMinute} a minute` : "nobody calls; add --calls 6"}

Ctrl-C stops everything.`);
}

/** Lets customers call, one after another in an even rhythm. */
function keepCalling(lab: Lab, callsPerMinute: number): NodeJS.Timeout {
  const queues = ["600", "601", "603", "602"];
  let calls = 0;
  return setInterval(() => {
    const from = customers[calls % customers.length] ?? "";
    const to = queues[calls++ % queues.length] ?? "600";
    lab.call({ from, to, talkMs: 45_000 }).catch((error: unknown) => {
      if (lab.isRunning()) console.error(`A caller could not call: ${String(error)}`);
    });
  }, 60_000 / callsPerMinute);
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
