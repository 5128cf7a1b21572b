/** Takes work for free operators: what was promised by one of them goes to that one, the rest to whoever is free the longest. */
import type { ClaimedAttempt } from "../attempts/model.ts";
import type { Campaign } from "../model.ts";
import type { Lease } from "../../storage/lease.ts";
import type { AttemptStore } from "../ports.ts";
import type { WorkingOperator } from "./operators.ts";
import { dialsOperatorFirst } from "./round.ts";

/** An attempt in hand; with the operator whose own phone rings first, or who is shown it. */
export type Work = { readonly attempt: ClaimedAttempt; readonly operator: WorkingOperator | null };

/** An operator's own calls back are looked for at most so often; they are promised to the minute. */
const OWN_EVERY_MS = 5000;
/** And for so many operators in one round. */
const OWN_AT_ONCE = 5;

/**
 * Claims up to `lines` attempts.
 * @param wanted.free free operators, the longest free first.
 * @param known.askedFor when each user's own were looked for, by `<campaign> <user>`; kept between rounds.
 */
export async function takeWork(
  wanted: {
    readonly campaign: Campaign;
    readonly lines: number;
    readonly free: readonly WorkingOperator[];
    readonly process: string;
    readonly nowMs: number;
  },
  known: {
    readonly attempts: Pick<AttemptStore, "claim">;
    readonly lease: Pick<Lease, "fenced">;
    readonly askedFor: Map<string, number>;
  },
): Promise<readonly Work[]> {
  const { campaign, nowMs, process } = wanted;
  const { attempts, askedFor, lease } = known;
  const isPreview = campaign.settings.mode === "preview";
  const operatorFirst = dialsOperatorFirst(campaign);
  // Nobody can be shown anything who has no screen.
  const free = wanted.free.filter(({ userId }) => !isPreview || userId !== null);
  const left = new Set(free);
  const work: Work[] = [];
  const lines = operatorFirst ? Math.min(wanted.lines, free.length) : wanted.lines;

  const due = free
    .filter(({ userId }) => {
      const askedAtMs = askedFor.get(`${campaign.id} ${userId}`) ?? -Infinity;
      return userId !== null && nowMs - askedAtMs >= OWN_EVERY_MS;
    })
    .slice(0, Math.min(OWN_AT_ONCE, lines));
  for (const operator of due) {
    const { userId } = operator;
    askedFor.set(`${campaign.id} ${userId}`, nowMs);
    const [attempt] = await attempts.claim(campaign, 1, { process, userId }, nowMs, lease);
    if (attempt === undefined) continue;
    const isTheirs = operatorFirst || attempt.userId !== null;
    if (isTheirs) left.delete(operator);
    work.push({ attempt, operator: isTheirs ? operator : null });
  }
  const most = lines - work.length;
  if (most <= 0) return work;
  const claimed = await attempts.claim(campaign, most, { process, userId: null }, nowMs, lease);
  const rest = [...left];
  claimed.forEach((attempt, at) => {
    work.push({ attempt, operator: operatorFirst ? (rest[at] ?? null) : null });
  });
  return work;
}
