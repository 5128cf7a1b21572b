/**
 * The city line's far end when many people live there: one sipp takes every call that leaves, and each number has habits of its own.
 * Events are those of a phone (phone.ts), with the number called in the first field of `invited`.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { document, keep, keepTarget, log, reply, sdp, send, untilBye } from "./scenarios.ts";

/** What somebody says when they answer: a word and silence, or a text as machines have it. */
export type Greeting = "hello" | "announcement";

/** What everybody does whose number begins so. Times in milliseconds. */
export type Habit = {
  /** Beginning of the number, with its `+`. The first habit that fits a number holds; somebody must fit. */
  readonly numbers: string;
  /** Rings this long, then answers or refuses; absent: rings until the caller gives up. */
  readonly ringMs?: number;
  /** Refuses with this SIP code. */
  readonly reject?: number;
  /** Hangs up so long after answering; without it the other side has to. */
  readonly talkMs?: number;
  /** Presses a key so long after answering, and again as long after that. */
  readonly press?: { readonly key: string; readonly afterMs: number };
  readonly says?: Greeting;
};

const longMs = 3_600_000;
const over = 9;

/** The scenario of a town. @param directory where {@link writeGreetings} put what people say */
export function townScenario(habits: readonly Habit[], directory: string): string {
  const choices = habits.map(
    ({ numbers }, at) =>
      `<ereg regexp="sip:${numbers.replace("+", "[+]")}" search_in="hdr" header="To:" assign_to="habit${at}"/>`,
  );
  const ways = habits.map((_, at) => `<nop next="${labelOf(at)}" test="habit${at}"/>`);
  return document(
    "town",
    `<recv request="INVITE"><action>
${keep("Via", "via")}${keep("From", "remote")}${keep("To", "to")}${keep("CSeq", "cseq")}${keepTarget}
${choices.join("\n")}
<assignstr assign_to="local" value="[$to];tag=[call_number]x[pid]"/>
${log("invited", "[$local]", "[$remote]", "[$target]", "[$via]", "[$cseq]")}
</action></recv>
${ways.join("\n")}
${habits.map((habit, at) => livesBy(habit, labelOf(at), directory)).join("\n")}
<label id="${over}"/>
<nop><action>${log("over")}</action></nop>
<Reference variables="to,cseq,via,local,remote,target,cancelCseq,${habits.map((_, at) => `habit${at}`).join(",")}"/>`,
  );
}

function labelOf(at: number): number {
  return 100 + at * 10;
}

function livesBy(habit: Habit, label: number, directory: string): string {
  const { ringMs = longMs, reject, talkMs, press, says } = habit;
  const [rung, unlinking, pressing] = [label + 1, label + 2, label + 3];
  const ringing = `
<label id="${label}"/>
<nop><action>${log("ringing")}</action></nop>
${send(reply("180 Ringing"))}
<recv request="CANCEL" timeout="${Math.max(1, ringMs)}" ontimeout="${rung}"><action>${keep("CSeq", "cancelCseq")}</action></recv>
<nop><action>${log("cancelled")}</action></nop>
${send(reply("200 OK", { cseq: "[$cancelCseq]" }))}
${send(reply("487 Request Terminated"))}
<recv request="ACK" next="${over}"/>
<label id="${rung}"/>`;
  if (reject !== undefined)
    return `${ringing}
<nop><action>${log("rejected", String(reject))}</action></nop>
${send(reply(`${reject} Refused`))}
<recv request="ACK" next="${over}"/>`;
  const speaks =
    says === undefined
      ? ""
      : `<nop><action><exec rtp_stream="${fileOf(directory, says)},1,0,PCMU/8000"/></action></nop>`;
  const body = says === undefined ? sdp : sdp.replace("[media_port]", "[rtpstream_audio_port]");
  return `${ringing}
${send(reply("200 OK", { body }), 'retrans="500"')}
<recv request="ACK"><action>${log("answered")}</action></recv>
${speaks}
${press === undefined ? "" : [0, 1].map((time) => presses(press, pressing + time * 3)).join("\n")}
${untilBye(talkMs, unlinking, over)}`;
}

/** A key, unless the other side hangs up before. */
function presses(press: NonNullable<Habit["press"]>, label: number): string {
  return `
<recv request="BYE" timeout="${press.afterMs}" ontimeout="${label}"><action>${log("other side hung up")}</action></recv>
${send(`SIP/2.0 200 OK\n[last_Via:]\n[last_From:]\n[last_To:]\n[last_Call-ID:]\n[last_CSeq:]\nContent-Length: 0\n`, `next="${over}"`)}
<label id="${label}"/>
<nop><action>${log("pressed", press.key)}</action></nop>
${send(
  `INFO [$target] SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:[local_port];branch=[branch]
From:[$local]
To:[$remote]
Call-ID: [call_id]
CSeq: 400${label % 10} INFO
Max-Forwards: 70
Content-Type: application/dtmf-relay
Content-Length: [len]

Signal=${press.key}
Duration=120
`,
  'retrans="500"',
)}
<recv response="200"/>`;
}

function fileOf(directory: string, says: Greeting): string {
  return join(directory, `${says}.ulaw`);
}

/** Writes what people say, as sound: half a second of a voice and silence, or eight seconds of voice without a pause. */
export function writeGreetings(directory: string): void {
  const silence = (ms: number) => Buffer.alloc(ms * 8, 0xff);
  // A loud square wave of 200 Hz: detection measures how loud it is and for how long, not what is said.
  const voice = (ms: number) =>
    Buffer.from(Array.from({ length: ms * 8 }, (_, at) => (at % 40 < 20 ? 0x90 : 0x10)));
  writeFileSync(
    fileOf(directory, "hello"),
    Buffer.concat([silence(200), voice(500), silence(9000)]),
  );
  writeFileSync(fileOf(directory, "announcement"), Buffer.concat([silence(100), voice(8000)]));
}
