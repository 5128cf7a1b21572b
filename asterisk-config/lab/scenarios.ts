/**
 * What sipp is told to do, as its XML. The scenarios stay simple: they carry one call each and say aloud (by `log`) what
 * happens and which dialog it is; whatever needs two calls at once (transfers) or a person's whim (hold, keys) is sent into
 * these dialogs by `sip.ts`.
 */

/** How a phone treats every call that comes to it. Times in milliseconds. */
export type PhoneBehaviour = {
  /** Rings this long, then answers; `never` rings until the caller gives up; `onCommand` waits for {@link Phone.answer}. */
  readonly answerAfterMs?: number | "never" | "onCommand";
  /** Talks this long, then hangs up; without it the other side has to. */
  readonly talkMs?: number;
  /** Rings this long (default 0), then refuses with this SIP code (486 busy, 603 declined, 480 ...). */
  readonly reject?: number;
  readonly rejectAfterMs?: number;
};

/** How a caller behaves. Times in milliseconds. */
export type CallerBehaviour = {
  /** Hangs up this long after the PBX answered (a queue answers at once); without it the other side has to. */
  readonly talkMs?: number;
  /** Gives up when not answered within this time. */
  readonly giveUpAfterMs?: number;
};

/** Long enough for any test; sipp has no word for "for ever". */
const longMs = 3_600_000;

/** A session description with the sipp's own media port. */
export const sdp = `v=0
o=sipp 1 1 IN IP4 127.0.0.1
s=-
c=IN IP4 127.0.0.1
t=0 0
m=audio [media_port] RTP/AVP 0
a=rtpmap:0 PCMU/8000
a=sendrecv
`;

/** Every line the scenarios log: event, Call-ID, then fields, parted by this. */
export const separator = " | ";

/** A line of the log: an event of this call. */
export function log(event: string, ...fields: string[]): string {
  return `<log message="${[event, "[call_id]", ...fields].join(separator)}"/>`;
}

/** Keeps a header of the message just received in a variable. */
export function keep(header: string, name: string): string {
  return `<ereg regexp=".*" search_in="hdr" header="${header}:" assign_to="${name}"/>`;
}

/** Sends a message. */
export function send(message: string, attributes = ""): string {
  return `<send ${attributes}><![CDATA[\n${message}\n]]></send>`;
}

/** An answer to the INVITE whose headers were kept. */
export function reply(status: string, options: { cseq?: string; body?: string } = {}): string {
  return `SIP/2.0 ${status}
Via:[$via]
From:[$remote]
To:[$local]
Call-ID: [call_id]
CSeq:${options.cseq ?? "[$cseq]"}
Contact: <sip:phone@127.0.0.1:[local_port]>
${options.body === undefined ? "Content-Length: 0\n" : `Content-Type: application/sdp\nContent-Length: [len]\n\n${options.body}`}`;
}

/** A whole scenario. */
export function document(name: string, body: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE scenario SYSTEM "sipp.dtd">\n<scenario name="${name}">\n${body}\n</scenario>\n`;
}

/** A phone, or the city line's far end: takes calls. */
export function phoneScenario(behaviour: PhoneBehaviour): string {
  const { answerAfterMs = 0, talkMs, reject, rejectAfterMs = 0 } = behaviour;
  const ringMs =
    reject !== undefined
      ? rejectAfterMs
      : typeof answerAfterMs === "number"
        ? answerAfterMs
        : longMs;
  // A wait of several receives takes its time limit from whichever of them sipp stands at.
  const limit = `timeout="${Math.max(1, ringMs)}" ontimeout="1"`;
  const ringing = `
<nop><action>${log("ringing")}</action></nop>
${send(reply("180 Ringing"))}
<recv request="ACK" optional="true" next="2" ${limit}><action>${log("answered")}</action></recv>
<recv request="CANCEL" ${limit}><action>${keep("CSeq", "cancelCseq")}</action></recv>
<nop><action>${log("cancelled")}</action></nop>
${send(reply("200 OK", { cseq: "[$cancelCseq]" }))}
${send(reply("487 Request Terminated"))}
<recv request="ACK" next="9"/>`;
  const outcome =
    reject !== undefined
      ? `
<label id="1"/>
<nop><action>${log("rejected", String(reject))}</action></nop>
${send(reply(`${reject} Refused`))}
<recv request="ACK" next="9"/>
<label id="2"/>`
      : `
<label id="1"/>
${send(reply("200 OK", { body: sdp }), 'retrans="500"')}
<recv request="ACK"><action>${log("answered")}</action></recv>
<label id="2"/>
${untilBye(talkMs)}`;
  return document(
    "phone",
    `<recv request="INVITE"><action>
${keep("Via", "via")}${keep("From", "remote")}${keep("To", "to")}${keep("CSeq", "cseq")}${keepTarget}
<assignstr assign_to="local" value="[$to];tag=[call_number]x[pid]"/>
${log("invited", "[$local]", "[$remote]", "[$target]", "[$via]", "[$cseq]")}
</action></recv>
${ringing}
${outcome}
<label id="9"/>
<nop><action>${log("over")}</action></nop>
<Reference variables="to,cseq,via,local,remote,target,cancelCseq"/>`,
  );
}

/** Somebody who calls: a customer on the city line, or an operator's phone dialling out. */
export function callerScenario(
  from: { readonly number: string; readonly name: string },
  behaviour: CallerBehaviour,
  voiceFile: string,
): string {
  const { talkMs, giveUpAfterMs = longMs } = behaviour;
  const limit = `timeout="${giveUpAfterMs}" ontimeout="1"`;
  const branch = "z9hG4bKcall[call_number]x[pid]";
  const head = (method: string, to: string): string =>
    `Via: SIP/2.0/UDP 127.0.0.1:[local_port];branch=${branch}${method === "ACK" ? "ack" : ""}
From:[$local]
To:${to}
Call-ID: [call_id]
CSeq: 1 ${method}
Contact: <sip:${userOf(from.number)}@127.0.0.1:[local_port]>
Max-Forwards: 70`;
  const refusals = [403, 404, 408, 480, 486, 487, 488, 500, 503, 600, 603]
    .map(
      (code) =>
        `<recv response="${code}" optional="true" next="7" ${limit}><action>${keep("To", "remote")}${log("refused", String(code))}</action></recv>`,
    )
    .join("\n");
  return document(
    "caller",
    `<nop><action>
<assignstr assign_to="local" value="${attribute(` ${addressOf(from)};tag=[call_number]x[pid]`)}"/>
<assignstr assign_to="asked" value=" &lt;sip:[service]@127.0.0.1:[remote_port]&gt;"/>
</action></nop>
<nop><action>${log("dialled", "[$local]")}</action></nop>
${send(`INVITE sip:[service]@127.0.0.1:[remote_port] SIP/2.0\n${head("INVITE", "[$asked]")}\nContent-Type: application/sdp\nContent-Length: [len]\n\n${sdp}`, 'retrans="500"')}
<recv response="100" optional="true" ${limit}/>
<recv response="180" optional="true" ${limit}><action>${keep("To", "remote")}${keepTarget}${log("hears ringing", "[$local]", "[$remote]", "[$target]")}</action></recv>
<recv response="183" optional="true" ${limit}/>
${refusals}
<recv response="200" ${limit}><action>
${keep("To", "remote")}${keepTarget}
</action></recv>
<nop><action>${log("connected", "[$local]", "[$remote]", "[$target]")}<exec rtp_stream="${voiceFile},-1,0,PCMU/8000"/></action></nop>
${send(`ACK [$target] SIP/2.0\n${head("ACK", "[$remote]")}\nContent-Length: 0\n`)}
${untilBye(talkMs)}
<label id="1"/>
<nop><action>${log("gave up")}</action></nop>
${send(`CANCEL sip:[service]@127.0.0.1:[remote_port] SIP/2.0\n${head("CANCEL", "[$asked]")}\nContent-Length: 0\n`)}
<recv response="200" optional="true"/>
<recv response="487"><action>${keep("To", "remote")}</action></recv>
<label id="7"/>
${send(`ACK sip:[service]@127.0.0.1:[remote_port] SIP/2.0\n${head("INVITE", "[$remote]").replace("1 INVITE", "1 ACK")}\nContent-Length: 0\n`)}
<label id="9"/>
<nop><action>${log("over")}</action></nop>
<Reference variables="local,remote,asked,target"/>`,
  );
}

/** Keeps where the other side wants requests of this dialog. */
export const keepTarget = `<ereg regexp="sip:[^&gt;;]*" search_in="hdr" header="Contact:" assign_to="target"/>`;

/** Waits for the other side to hang up, or hangs up after `talkMs`. @param over where it goes on once the call ended */
export function untilBye(talkMs: number | undefined, hangingUp = 3, over = 9): string {
  return `
<recv request="BYE" timeout="${talkMs ?? longMs}" ontimeout="${hangingUp}"><action>${log("other side hung up")}</action></recv>
${send(`SIP/2.0 200 OK\n[last_Via:]\n[last_From:]\n[last_To:]\n[last_Call-ID:]\n[last_CSeq:]\nContent-Length: 0\n`, `next="${over}"`)}
<label id="${hangingUp}"/>
${send(
  `BYE [$target] SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:[local_port];branch=[branch]
From:[$local]
To:[$remote]
Call-ID: [call_id]
CSeq: 5000 BYE
Max-Forwards: 70
Content-Length: 0
`,
  'retrans="500"',
)}
<recv response="200" next="${over}"><action>${log("hung up")}</action></recv>`;
}

/** A From address; no number means a caller who withholds it, as networks send it. */
function addressOf(from: { readonly number: string; readonly name: string }): string {
  const name = from.name.replace(/[\\"]/g, "\\$&");
  const host = from.number === "" ? "anonymous.invalid" : "127.0.0.1";
  const shown = from.number === "" ? `"Anonymous" ` : name === "" ? "" : `"${name}" `;
  return `${shown}<sip:${userOf(from.number)}@${host}>`;
}

function userOf(number: string): string {
  return number === "" ? "anonymous" : encodeURIComponent(number).replaceAll("%2B", "+");
}

/** Text as an XML attribute whose brackets sipp does not take for its own. */
function attribute(text: string): string {
  if (/[\r\n\0]/.test(text)) throw new Error("a caller's name cannot hold a line break");
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
