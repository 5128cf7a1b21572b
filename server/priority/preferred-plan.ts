/**
 * Who must be in the queue of preferred operators, and what has to be done for it. Pure.
 *
 * Every operator's device is a member there with a penalty that nobody else has; a caller who asks for one penalty alone reaches
 * one operator alone. Members that somebody else added are neither changed nor removed, and their penalties are not used.
 */
import type { QueueMember } from "../asterisk/model.ts";

/** Begins the names of the members that are ours, so that they are known again after a restart. */
const OURS = "callcard:";

/** Who sits where. */
export type Sitting = { readonly login: string; readonly pbx: string; readonly extension: string };

/** One thing to do to the queue. */
export type PreferredDeed =
  | {
      readonly do: "add";
      readonly interface: string;
      readonly stateInterface: string;
      readonly name: string;
      readonly penalty: number;
      readonly paused: boolean;
    }
  | { readonly do: "remove"; readonly interface: string }
  | { readonly do: "penalty"; readonly interface: string; readonly penalty: number }
  | { readonly do: "pause"; readonly interface: string; readonly paused: boolean };

/** What the plan is made of: one PBX at one moment. */
export type PreferredFacts = {
  /** Members of the queue, whoever added them. */
  readonly members: readonly QueueMember[];
  /** Who sits at this PBX. */
  readonly sitting: readonly Sitting[];
  /** An extension's memberships of all other queues. */
  readonly membershipsOf: (extension: string) => readonly QueueMember[];
};

/** What has to be done so that every operator who works in a queue can be preferred; nothing when all is right. */
export function planPreferred(facts: PreferredFacts): readonly PreferredDeed[] {
  const wanted = new Map<string, { readonly name: string; readonly source: QueueMember }>();
  const paused = new Map<string, boolean>();
  const foreign = new Set(
    facts.members.filter((member) => !isOurs(member)).map((member) => member.interface),
  );
  for (const { login, extension } of facts.sitting) {
    const own = facts
      .membershipsOf(extension)
      .toSorted((a, b) => (a.queue < b.queue ? -1 : Number(a.queue > b.queue)));
    const [source] = own;
    if (source === undefined || foreign.has(source.interface) || wanted.has(source.interface))
      continue;
    wanted.set(source.interface, { name: OURS + login, source });
    paused.set(
      source.interface,
      own.every((member) => member.paused),
    );
  }

  const ours = facts.members.filter(isOurs);
  const kept = ours.filter((member) => wanted.get(member.interface)?.name === member.name);
  const deeds: PreferredDeed[] = ours
    .filter((member) => !kept.includes(member))
    .map((member) => ({ do: "remove", interface: member.interface }));

  const taken = new Set(
    facts.members.filter((member) => !isOurs(member)).map(({ penalty }) => penalty),
  );
  const free = freePenalties(
    taken,
    kept.map(({ penalty }) => penalty),
  );
  for (const member of kept) {
    if (member.penalty >= 1 && !taken.has(member.penalty)) taken.add(member.penalty);
    else deeds.push({ do: "penalty", interface: member.interface, penalty: free() });
    const shouldPause = paused.get(member.interface) ?? false;
    if (member.paused !== shouldPause)
      deeds.push({ do: "pause", interface: member.interface, paused: shouldPause });
  }
  const here = new Set(kept.map((member) => member.interface));
  for (const [iface, { name, source }] of wanted) {
    if (here.has(iface)) continue;
    deeds.push({
      do: "add",
      interface: iface,
      stateInterface: source.stateInterface,
      name,
      penalty: free(),
      paused: paused.get(iface) ?? false,
    });
  }
  return deeds;
}

/**
 * Through which member of the queue an operator is reached: ours, at the extension they sit at, with a penalty of its own. Null when there
 * is none, or when nobody can answer there (paused, phone away).
 */
export function reachable(
  login: string,
  members: readonly QueueMember[],
): { readonly member: QueueMember; readonly free: boolean } | null {
  const member = members.find(({ name }) => name === OURS + login);
  if (member === undefined || member.penalty < 1 || member.paused) return null;
  if (member.status === "unavailable" || member.status === "invalid") return null;
  if (members.some((other) => other !== member && other.penalty === member.penalty)) return null;
  return { member, free: member.status === "notInUse" };
}

function isOurs(member: QueueMember): boolean {
  return member.name.startsWith(OURS);
}

/** Penalties that nobody has and nobody keeps, smallest first. Below 1 a limit is no limit to app_queue. */
function freePenalties(taken: ReadonlySet<number>, keeping: readonly number[]): () => number {
  const used = new Set([...taken, ...keeping]);
  let next = 1;
  return () => {
    while (used.has(next)) next += 1;
    return next++;
  };
}
