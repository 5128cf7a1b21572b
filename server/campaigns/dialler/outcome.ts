/**
 * How an attempt ended, judged from all evidence at once. What came before what does not matter: AMI tells the end of an Originate, of a
 * dialling and of a channel in any order, and some of it never.
 *
 * | evidence, the first that holds                               | outcome                          |
 * | ------------------------------------------------------------ | -------------------------------- |
 * | an operator and the person were connected                     | talked                           |
 * | operator first, and the operator was gone before it was dialled | operatorGone                     |
 * | a machine answered                                            | machine                          |
 * | the person answered, and was gone before the rule's time        | cutOff                           |
 * | the person answered                                           | abandoned                        |
 * | Q.850 17                                                      | busy                             |
 * | Q.850 18, 19; 18 also when nothing rang and no trunk answered   | noAnswer; congestion             |
 * | Q.850 21                                                      | rejected                         |
 * | Q.850 1, 22, 28                                               | unallocated                      |
 * | Q.850 34, 38, 41, 42, 44, 46, 47, 58, 102                      | congestion                       |
 * | Q.850 2, 3, 20, 27, 29, 50, 55, 57, 63, 88                     | wrongTrunk                       |
 * | DIALSTATUS BUSY, NOANSWER, CONGESTION, CHANUNAVAIL              | busy, noAnswer, congestion, wrongTrunk |
 * | DIALSTATUS CANCEL (somebody let go) after it rang               | noAnswer                         |
 * | Reason of OriginateResponse 5, 3, 8                            | busy, noAnswer, congestion       |
 * | Reason 0, and nothing was dialled                              | refusedByPbx                     |
 * | nothing that tells                                            | failed                           |
 *
 * A cause comes before DIALSTATUS because Dial() has fewer words: a declined call is BUSY, NOANSWER or CONGESTION to it, depending on the
 * version. Causes 0, 16, 26, 31 and 127 tell nothing of a call that was not answered.
 */
import type { AttemptOutcome } from "../attempts/model.ts";
import type { CallEvidence } from "../ports.ts";

/**
 * Judges a call that is over.
 *
 * @param connectWithinMs the rule's time in which an operator must be there, from the answer
 */
export function outcomeOf(evidence: CallEvidence, connectWithinMs: number): AttemptOutcome {
  if (evidence.connected) return "talked";
  // Answered and gone again before the dialplan came to dial, too.
  const neverDialled = evidence.operatorAnswered !== null && evidence.dialStatus === "";
  if ((evidence.operatorAnswered === false || neverDialled) && !evidence.answered)
    return "operatorGone";
  if (evidence.machine) return "machine";
  if (evidence.answered) {
    // The operator was on the line already; only the word that both were connected was lost.
    if (evidence.operatorAnswered === true) return "talked";
    return (evidence.answeredForMs ?? 0) < connectWithinMs ? "cutOff" : "abandoned";
  }
  return (
    byCause(evidence) ?? byDialStatus(evidence) ?? byReason(evidence.originateReason) ?? "failed"
  );
}

/**
 * The same of a call that we hung up while it rang, because nobody would have been there. What the network said meanwhile holds; whoever answered
 * at that very moment was left on the line by us.
 */
export function outcomeOfLetGo(evidence: CallEvidence, connectWithinMs: number): AttemptOutcome {
  if (evidence.answered) {
    const outcome = outcomeOf(evidence, connectWithinMs);
    return outcome === "cutOff" ? "abandoned" : outcome;
  }
  const isOurs = evidence.dialStatus === "" || evidence.dialStatus === "CANCEL";
  return isOurs && byCause(evidence) === null ? "letGo" : outcomeOf(evidence, connectWithinMs);
}

function byCause({ cause, rang, dialStatus }: CallEvidence): AttemptOutcome | null {
  switch (cause) {
    case 17:
      return "busy";
    case 18:
      // Nothing but a timer: of the person when their phone rang, else of a trunk that is not there.
      return !rang && (dialStatus === "CHANUNAVAIL" || dialStatus === "CONGESTION")
        ? "congestion"
        : "noAnswer";
    case 19:
      return "noAnswer";
    case 21:
      return "rejected";
    case 1:
    case 22:
    case 28:
      return "unallocated";
    case 34:
    case 38:
    case 41:
    case 42:
    case 44:
    case 46:
    case 47:
    case 58:
    case 102:
      return "congestion";
    case 2:
    case 3:
    case 20:
    case 27:
    case 29:
    case 50:
    case 55:
    case 57:
    case 63:
    case 88:
      return "wrongTrunk";
    default:
      return null;
  }
}

function byDialStatus({ dialStatus, rang }: CallEvidence): AttemptOutcome | null {
  switch (dialStatus) {
    case "BUSY":
      return "busy";
    case "NOANSWER":
      return "noAnswer";
    case "CONGESTION":
      return "congestion";
    case "CHANUNAVAIL":
      return "wrongTrunk";
    case "CANCEL":
      return rang ? "noAnswer" : "failed";
    case "":
      return null;
    default:
      return "failed";
  }
}

/** By OriginateResponse's Reason, a control-frame number; 4 is "answered" and tells nothing of a call that was not. */
function byReason(reason: number | null): AttemptOutcome | null {
  return reason === null ? null : (byControlFrame.get(reason) ?? null);
}

const byControlFrame: ReadonlyMap<number, AttemptOutcome> = new Map([
  [5, "busy"],
  [3, "noAnswer"],
  [8, "congestion"],
  [0, "refusedByPbx"],
]);
