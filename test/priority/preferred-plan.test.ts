import fc from "fast-check";
import { expect, test } from "vitest";
import type { QueueMember } from "../../server/asterisk/model.ts";
import { PREFERRED_QUEUE } from "../../server/asterisk/preferred-queue.ts";
import {
  type PreferredDeed,
  type Sitting,
  planPreferred,
  reachable,
} from "../../server/priority/preferred-plan.ts";
import { member as memberOf } from "../desk/scripted-pbx.ts";

function member(
  iface: string,
  more: Partial<QueueMember> & { readonly queue: string },
): QueueMember {
  return memberOf("", { interface: iface, stateInterface: iface, name: iface, ...more });
}
const preferred = (
  iface: string,
  login: string,
  penalty: number,
  more: Partial<QueueMember> = {},
) => member(iface, { queue: PREFERRED_QUEUE, name: `callcard:${login}`, penalty, ...more });
const anna: Sitting = { login: "anna", pbx: "main", extension: "101" };
const boris: Sitting = { login: "boris", pbx: "main", extension: "102" };

/** Extension 10x works in queues with PJSIP/10x. */
const working =
  (...queues: readonly Partial<QueueMember>[]) =>
  (extension: string) =>
    queues.map((more) => member(`PJSIP/${extension}`, { queue: "600", ...more }));

/** What the queue looks like after the deeds. */
function after(members: readonly QueueMember[], deeds: readonly PreferredDeed[]): QueueMember[] {
  const now = new Map(members.map((one) => [one.interface, one]));
  for (const deed of deeds) {
    const known = now.get(deed.interface);
    if (deed.do === "remove") now.delete(deed.interface);
    else if (deed.do === "add") {
      expect(known).toBeUndefined();
      now.set(deed.interface, member(deed.interface, { queue: PREFERRED_QUEUE, ...deed }));
    } else now.set(deed.interface, { ...known!, ...deed });
  }
  return [...now.values()];
}

test("who sits at a working device is added as the PBX knows the device, each with a penalty of their own", () => {
  const deeds = planPreferred({
    members: [],
    sitting: [anna, boris],
    membershipsOf: (extension) => [
      member(`Local/${extension}@from-queue/n`, {
        queue: "601",
        stateInterface: `hint:${extension}@ext-local`,
        paused: extension === "102",
      }),
    ],
  });
  expect(deeds).toEqual([
    {
      do: "add",
      interface: "Local/101@from-queue/n",
      stateInterface: "hint:101@ext-local",
      name: "callcard:anna",
      penalty: 1,
      paused: false,
    },
    expect.objectContaining({ interface: "Local/102@from-queue/n", penalty: 2, paused: true }),
  ]);
});

test("nothing is done when all is right, also after a restart", () => {
  const members = [preferred("PJSIP/101", "anna", 7), preferred("PJSIP/102", "boris", 1)];
  expect(planPreferred({ members, sitting: [boris, anna], membershipsOf: working({}) })).toEqual(
    [],
  );
});

test("who stood up, or works in no queue any more, is taken out; who sits down at the same device takes their place", () => {
  const members = [preferred("PJSIP/101", "anna", 1), preferred("PJSIP/102", "boris", 2)];
  const deeds = planPreferred({
    members,
    sitting: [{ ...boris, extension: "101" }],
    membershipsOf: working({}),
  });
  expect(deeds).toEqual([
    { do: "remove", interface: "PJSIP/101" },
    { do: "remove", interface: "PJSIP/102" },
    expect.objectContaining({ do: "add", interface: "PJSIP/101", name: "callcard:boris" }),
  ]);
  expect(planPreferred({ members, sitting: [anna, boris], membershipsOf: () => [] })).toHaveLength(
    2,
  );
});

test("the pause follows the operator's: paused only when they are in every queue", () => {
  const members = [preferred("PJSIP/101", "anna", 1)];
  const pausedEverywhere = working({ paused: true }, { queue: "601", paused: true });
  expect(planPreferred({ members, sitting: [anna], membershipsOf: pausedEverywhere })).toEqual([
    { do: "pause", interface: "PJSIP/101", paused: true },
  ]);
  const pausedInOne = working({ paused: true }, { queue: "601" });
  expect(planPreferred({ members, sitting: [anna], membershipsOf: pausedInOne })).toEqual([]);
});

test("members that somebody else added are not touched and their penalties not used", () => {
  const theirs = [
    member("PJSIP/101", { queue: PREFERRED_QUEUE, penalty: 5 }),
    member("PJSIP/900", { queue: PREFERRED_QUEUE, penalty: 1 }),
  ];
  const deeds = planPreferred({
    members: theirs,
    sitting: [anna, boris],
    membershipsOf: working({}),
  });
  expect(deeds).toEqual([
    expect.objectContaining({ do: "add", interface: "PJSIP/102", penalty: 2 }),
  ]);
});

test("whatever the queue looks like, one plan puts it right and the next one is empty", () => {
  const extensions = ["101", "102", "103", "104"];
  const anyMember = fc
    .record({
      extension: fc.constantFrom(...extensions),
      name: fc.constantFrom("callcard:anna", "callcard:boris", "callcard:gone", "Somebody"),
      penalty: fc.integer({ min: 0, max: 4 }),
      paused: fc.boolean(),
    })
    .map(({ extension, ...more }) =>
      member(`PJSIP/${extension}`, { queue: PREFERRED_QUEUE, ...more }),
    );
  const members = fc.uniqueArray(anyMember, { selector: (one) => one.interface });
  const sitting = fc.uniqueArray(
    fc.record({
      login: fc.constantFrom("anna", "boris", "vera"),
      pbx: fc.constant("main"),
      extension: fc.constantFrom(...extensions),
    }),
    { selector: (one) => one.login },
  );
  fc.assert(
    fc.property(members, sitting, fc.boolean(), (before, seats, paused) => {
      const facts = { sitting: seats, membershipsOf: working({ paused }) };
      const now = after(before, planPreferred({ ...facts, members: before }));
      expect(planPreferred({ ...facts, members: now })).toEqual([]);
      const foreign = (list: readonly QueueMember[]) =>
        list.filter(({ name }) => !name.startsWith("callcard:"));
      expect(foreign(now)).toEqual(foreign(before));
      const ours = now.filter(({ name }) => name.startsWith("callcard:"));
      for (const one of ours) {
        expect(one.penalty).toBeGreaterThanOrEqual(1);
        expect(now.filter(({ penalty }) => penalty === one.penalty)).toHaveLength(1);
        expect(one.paused).toBe(paused);
      }
    }),
  );
});

test("an operator is reached through their own member alone, and not when nobody can answer there", () => {
  const phone = preferred("PJSIP/101", "anna", 3);
  expect(reachable("anna", [phone])).toEqual({ member: phone, free: true });
  expect(reachable("boris", [phone])).toBeNull();
  const busy = { ...phone, status: "inUse" as const };
  expect(reachable("anna", [busy])).toEqual({ member: busy, free: false });
  expect(reachable("anna", [{ ...phone, paused: true }])).toBeNull();
  expect(reachable("anna", [{ ...phone, status: "unavailable" }])).toBeNull();
  expect(reachable("anna", [phone, preferred("PJSIP/102", "boris", 3)])).toBeNull();
});
