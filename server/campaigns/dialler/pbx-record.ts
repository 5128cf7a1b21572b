/**
 * What the dialplan (asterisk-config, `callcard-out`) writes into AstDB of an attempt, read by AMI DBGet:
 *
 *     callcard/<id>           dialled                              before it dials
 *                             over|<DIALSTATUS>|<Q.850>|<SIP>|<ms answered>|<C or O>    when the dialling is over; O: operator first
 *     callcard/<id>-answered  machine, refused, connected, parted by |    customer first, when the answered person's channel is over;
 *                             greeted:<ms after the answer>               when their greeting ended, 0 where nobody listened for it
 *
 * Asterisk keeps it through its own restarts.
 */
import { AmiError, type Pbx } from "../../asterisk/model.ts";
import type { CallEvidence, PbxRecord } from "../ports.ts";
import { lastWordOf, wholeOf } from "./last-word.ts";

/** What the PBX wrote; `refused` when the person pressed 1 not to be called again. */
export type StoredRecord = { readonly record: PbxRecord; readonly refused: boolean };

/**
 * Reads an attempt's record.
 *
 * @throws {AmiError} also when the manager user may not read it (`refused`): not to know is not the same as "not dialled"
 */
export async function readRecord(pbx: Pbx, attemptId: string): Promise<StoredRecord> {
  const dialled = await stored(pbx, attemptId);
  if (dialled === null) return { record: { dialled: false }, refused: false };
  const [stage = "", status = "", cause = "", sip = "", ms = "", side = ""] = dialled.split("|");
  if (stage !== "over") return { record: { dialled: true, evidence: null }, refused: false };
  const word = lastWordOf(status, cause, sip, ms);
  const answered = word.status === "ANSWER";
  const operatorFirst = side === "O";
  const after = answered && !operatorFirst ? await stored(pbx, `${attemptId}-answered`) : "";
  // Answered, and nobody wrote down what followed: the PBX went down in the middle of it.
  if (after === null) return { record: { dialled: true, evidence: null }, refused: false };
  const what = new Set(after.split("|"));
  const evidence: CallEvidence = {
    originateReason: null,
    dialStatus: word.status,
    cause: word.cause,
    rang: word.rang,
    answered,
    machine: what.has("machine"),
    connected: answered && (operatorFirst || what.has("connected")),
    operatorAnswered: operatorFirst ? true : null,
    greetingEndedMs: operatorFirst && answered ? 0 : greetingEndedMs(what),
    answeredForMs: answered ? word.answeredMs : null,
  };
  return { record: { dialled: true, evidence }, refused: what.has("refused") };
}

/** `greeted:<ms after the answer>`, of customer first. */
function greetingEndedMs(what: ReadonlySet<string>): number | null {
  for (const word of what) if (word.startsWith("greeted:")) return wholeOf(word.slice(8));
  return null;
}

async function stored(pbx: Pbx, key: string): Promise<string | null> {
  try {
    const { items } = await pbx.action("DBGet", { Family: "callcard", Key: key }, { list: true });
    const value = items.find((item) => item["val"] !== undefined)?.["val"];
    if (value !== undefined) return value;
    throw new AmiError("refused", "DBGet", `DBGet: an answer without a value for ${key}`);
  } catch (error) {
    const isAbsent =
      error instanceof AmiError && error.code === "refused" && /not found/i.test(error.message);
    if (isAbsent) return null;
    throw error;
  }
}
