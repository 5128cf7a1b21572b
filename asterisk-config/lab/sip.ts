import { createSocket, type Socket } from "node:dgram";
import { randomBytes } from "node:crypto";

/** A dialog a sipp holds: enough to send requests into it. */
export type Dialog = {
  readonly callId: string;
  /** Our From, with its tag. */
  readonly local: string;
  /** The other side's From/To, with its tag. */
  readonly remote: string;
  /** Where requests go (the PBX's Contact). */
  readonly target: string;
  /** The sipp's own port, kept as Contact. */
  readonly port: number;
};

const sequences = new Map<string, number>();

/**
 * Sends one request to the PBX and gives the final response's status and headers; repeats it as RFC 3261 wants over UDP.
 * @throws when nothing final comes within ten seconds
 */
async function request(
  pbxPort: number,
  build: (via: string) => string,
): Promise<{ status: number; text: string }> {
  const socket = await bound();
  try {
    const branch = `z9hG4bK${randomBytes(8).toString("hex")}`;
    const text = build(`SIP/2.0/UDP 127.0.0.1:${socket.address().port};branch=${branch};rport`);
    return await new Promise((done, failed) => {
      const transmit = (): void => socket.send(text, pbxPort, "127.0.0.1");
      const again = setInterval(transmit, 500);
      const limit = setTimeout(() => {
        clearInterval(again);
        failed(new Error(`the PBX did not answer ${text.split("\r\n")[0]}`));
      }, 10_000);
      socket.on("message", (message) => {
        const answer = message.toString("utf8");
        const status = Number(/^SIP\/2\.0 (\d{3})/.exec(answer)?.[1] ?? 0);
        if (status < 200) return;
        clearInterval(again);
        clearTimeout(limit);
        done({ status, text: answer });
      });
      transmit();
    });
  } finally {
    socket.close();
  }
}

/** Registers a phone's address for its extension, or removes it with `expiresSeconds` 0. */
export async function register(
  pbxPort: number,
  extension: string,
  port: number,
  expiresSeconds: number,
): Promise<void> {
  const tag = randomBytes(4).toString("hex");
  const { status } = await request(pbxPort, (via) =>
    lines([
      `REGISTER sip:127.0.0.1:${pbxPort} SIP/2.0`,
      `Via: ${via}`,
      `From: <sip:${extension}@127.0.0.1>;tag=${tag}`,
      `To: <sip:${extension}@127.0.0.1>`,
      `Call-ID: ${randomBytes(8).toString("hex")}`,
      "CSeq: 1 REGISTER",
      `Contact: <sip:${extension}@127.0.0.1:${port}>`,
      `Expires: ${expiresSeconds}`,
      "Max-Forwards: 70",
    ]),
  );
  if (status !== 200) throw new Error(`registering ${extension}: the PBX answered ${status}`);
}

/** Sends a request inside a dialog and gives its status. */
export async function requestInDialog(
  pbxPort: number,
  dialog: Dialog,
  method: "INVITE" | "REFER" | "INFO" | "BYE",
  headers: readonly string[] = [],
  body = "",
): Promise<number> {
  const sequence = (sequences.get(dialog.callId) ?? 1) + 1;
  sequences.set(dialog.callId, sequence);
  const head = (name: string, via: string): string[] => [
    `${name} ${dialog.target} SIP/2.0`,
    `Via: ${via}`,
    `From: ${dialog.local}`,
    `To: ${dialog.remote}`,
    `Call-ID: ${dialog.callId}`,
    `CSeq: ${sequence} ${name}`,
    `Contact: <sip:phone@127.0.0.1:${dialog.port}>`,
    "Max-Forwards: 70",
  ];
  const { status } = await request(pbxPort, (via) =>
    lines([...head(method, via), ...headers], body),
  );
  if (method === "INVITE") await acknowledge(pbxPort, (via) => lines(head("ACK", via)));
  return status;
}

/** Answers a ringing INVITE with 200, for a phone whose owner decides when. */
export async function answerInvite(
  pbxPort: number,
  invite: Dialog & { readonly via: string; readonly cseq: string },
  sdp: string,
): Promise<void> {
  await acknowledge(pbxPort, () =>
    lines(
      [
        "SIP/2.0 200 OK",
        `Via: ${invite.via}`,
        `From: ${invite.remote}`,
        `To: ${invite.local}`,
        `Call-ID: ${invite.callId}`,
        `CSeq: ${invite.cseq}`,
        `Contact: <sip:phone@127.0.0.1:${invite.port}>`,
        "Content-Type: application/sdp",
      ],
      sdp,
    ),
  );
}

/** A session description with our media address; `sendonly` is what a phone sends when it holds. */
export function sdpFor(mediaPort: number, direction: "sendrecv" | "sendonly"): string {
  return `${["v=0", `o=sipp 1 ${Date.now()} IN IP4 127.0.0.1`, "s=-", "c=IN IP4 127.0.0.1", "t=0 0", `m=audio ${mediaPort} RTP/AVP 0`, "a=rtpmap:0 PCMU/8000", `a=${direction}`].join("\r\n")}\r\n`;
}

/** Sends something that has no answer. */
async function acknowledge(pbxPort: number, build: (via: string) => string): Promise<void> {
  const socket = await bound();
  const branch = `z9hG4bK${randomBytes(8).toString("hex")}`;
  const text = build(`SIP/2.0/UDP 127.0.0.1:${socket.address().port};branch=${branch};rport`);
  await new Promise<void>((done) => {
    socket.send(text, pbxPort, "127.0.0.1", () => socket.close(done));
  });
}

async function bound(): Promise<Socket> {
  const socket = createSocket("udp4");
  await new Promise<void>((done, failed) => {
    socket.once("error", failed);
    socket.bind(0, "127.0.0.1", done);
  });
  return socket;
}

function lines(headers: readonly string[], body = ""): string {
  return `${[...headers, `Content-Length: ${Buffer.byteLength(body)}`].join("\r\n")}\r\n\r\n${body}`;
}
