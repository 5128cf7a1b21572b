import { afterEach, describe, expect, test } from "vitest";
import { settle } from "../../../server/campaigns/dialler/recovery.ts";
import {
  MemoryAttempts,
  MemoryTelephone,
  NO_EVIDENCE,
  START_MS,
  aCampaign,
} from "./support/memory.ts";
import { type Stage, openStage } from "./support/stage.ts";

const answered = { rang: true, answered: true, dialStatus: "ANSWER", cause: 16 };

describe("what becomes of an attempt that was taken", () => {
  const attempts = new MemoryAttempts();
  attempts.add(1, { state: "dialling", dialledAtMs: START_MS });
  const [attempt] = attempts.rows.values();
  const base = {
    ...{
      attempt: attempt!,
      alive: false,
      record: null,
      rule: { clockFrom: "answer" as const, connectWithinMs: 2000 },
    },
    ...{ nowMs: START_MS + 60_000, settleAfterMs: 3000 },
  };
  const ended = (own: object) => ({
    dialled: true as const,
    evidence: { ...NO_EVIDENCE, ...own },
  });

  test.each([
    ["only claimed", { attempt: { ...attempt!, state: "claimed" as const } }, "planned", undefined],
    [
      "never dialled by the PBX's own record",
      { record: { dialled: false as const } },
      "planned",
      undefined,
    ],
    ["dialled, and the end recorded as busy", { record: ended({ cause: 17 }) }, "ended", "busy"],
    [
      "recorded as answered, for long",
      { record: ended({ ...answered, answeredForMs: 9000 }) },
      "ended",
      "abandoned",
    ],
    [
      "dialled, gone, and no end recorded",
      { record: { dialled: true as const, evidence: null } },
      "unknown",
      undefined,
    ],
    [
      "ringing, and a PBX that forgot what it did",
      { attempt: { ...attempt!, state: "ringing" as const }, record: { dialled: false as const } },
      "unknown",
      undefined,
    ],
    [
      "connected before, and the end recorded",
      {
        attempt: { ...attempt!, state: "connected" as const, connectedAtMs: START_MS + 1 },
        record: ended({ ...answered, answeredForMs: 90_000 }),
      },
      "ended",
      "talked",
    ],
  ] as const)("%s: %#", (_name, own, to, outcome) => {
    const settlement = settle({ ...base, ...own });
    expect(settlement).toMatchObject({ do: "write", to });
    expect(settlement.do === "write" && settlement.facts.outcome).toBe(outcome);
  });

  test("alive is followed, whatever the record says", () => {
    expect(settle({ ...base, alive: true, record: { dialled: false } })).toEqual({ do: "follow" });
  });

  test("dialled a moment ago may not show yet", () => {
    const fresh = { ...base, nowMs: START_MS + 1000, record: { dialled: false as const } };
    expect(settle(fresh)).toEqual({ do: "wait" });
  });
});

describe("the dialler after something went away", () => {
  let stage: Stage;
  afterEach(() => stage.close());

  test("a start settles everything before anything is dialled", async () => {
    const attempts = new MemoryAttempts();
    const telephone = new MemoryTelephone();
    const before = { pbx: "main", dialledAtMs: START_MS - 60_000, trunk: "provider" };
    const [lives] = attempts.add(1, { ...before, state: "ringing" });
    const [never] = attempts.add(1, { ...before, state: "dialling" });
    const [busy] = attempts.add(1, { ...before, state: "ringing" });
    const [lost] = attempts.add(1, { ...before, state: "answered" });
    const [offered] = attempts.add(1, { pbx: "main", state: "claimed" });
    telephone.living.add(lives!);
    telephone.over(busy!, { cause: 17 }, false);
    telephone.records.set(lost!, { dialled: true, evidence: null });
    stage = await openStage(
      { extensions: ["101", "102", "103"], attempts, telephone },
      aCampaign(),
    );
    await stage.pass(100);

    expect(attempts.state(busy!)).toBe("ended");
    expect(attempts.state(lost!)).toBe("unknown");
    expect(attempts.state(lives!)).toBe("ringing");
    // Given back, then dialled: two operators are left beside the line that rings.
    expect(telephone.ids).toEqual([never, offered]);
    telephone.over(lives!, { cause: 19, rang: true });
    await stage.pass(10);
    expect(attempts.rows.get(lives!)).toMatchObject({ state: "ended", outcome: "noAnswer" });
    expect(telephone.ids).not.toContain(lost);
  });

  test("nothing is claimed while the PBX is away, and nothing without the lease", async () => {
    stage = await openStage({}, aCampaign());
    stage.telephone.isUp = false;
    const [id] = stage.attempts.add(1);
    await stage.pass(5000);
    expect(stage.attempts.state(id!)).toBe("planned");
    stage.lease.set(false);
    stage.telephone.isUp = true;
    await stage.pass(5000);
    expect(stage.attempts.state(id!)).toBe("planned");
    stage.lease.set(true);
    await stage.pass(1100);
    expect(stage.telephone.ids).toEqual([id]);
  });

  test("a lease lost between PostgreSQL and the PBX dials nobody; whoever has it next gives the attempt back", async () => {
    const attempts = new MemoryAttempts();
    const [id] = attempts.add(1);
    stage = await openStage({ extensions: [], attempts }, aCampaign());
    const advance = attempts.advance.bind(attempts);
    attempts.advance = async (attemptId, to, facts) => {
      const row = await advance(attemptId, to, facts);
      if (to === "dialling") stage.lease.set(false);
      return row;
    };
    stage.floor.set("101", {});
    await stage.pass(3000);
    expect(stage.telephone.ids).toEqual([]);
    expect(attempts.state(id!)).toBe("dialling");
    stage.book.change("1", { state: "paused" });
    stage.lease.set(true);
    await stage.pass(5000);
    expect(stage.telephone.ids).toEqual([]);
    expect(attempts.state(id!)).toBe("planned");
  });

  test("calls of a lost lease are another process's: nothing is hung up or written here any more", async () => {
    stage = await openStage({ extensions: ["101", "102"] }, aCampaign());
    const [id, other] = stage.attempts.add(2);
    await stage.pass(1100);
    stage.telephone.word(id!, "ringing");
    await stage.pass(100);
    expect(stage.telephone.ids).toEqual([id, other]);
    stage.lease.set(false);
    const { length } = stage.attempts.steps;
    stage.telephone.word(id!, "answered");
    stage.telephone.over(other!, { dialStatus: "BUSY", cause: 17 });
    stage.attempts.withdraw(id!);
    await stage.pass(10_000);
    expect(stage.attempts.steps).toHaveLength(length);
    expect(stage.telephone.hungUp).toEqual([]);
    expect(stage.dialler.gauges()).toMatchObject({ inHand: 0, unwritten: 0, leading: 0 });
  });

  test("one that was withdrawn is hung up within seconds, though nobody told so", async () => {
    stage = await openStage({}, aCampaign());
    const [id] = stage.attempts.add(1);
    await stage.pass(1100);
    stage.telephone.word(id!, "ringing");
    const row = stage.attempts.rows.get(id!)!;
    stage.attempts.rows.set(id!, { ...row, state: "withdrawn" });
    await stage.pass(4000);
    expect(stage.telephone.hungUp).toEqual([id]);
  });

  test("a call that was withdrawn while another process had it is hung up by the one that takes over", async () => {
    stage = await openStage({}, aCampaign());
    stage.lease.set(false);
    const [id] = stage.attempts.add(1, { state: "withdrawn" });
    stage.telephone.living.add(id!);
    await stage.pass(2000);
    expect(stage.telephone.hungUp).toEqual([]);
    stage.lease.set(true);
    await stage.pass(500);
    expect(stage.telephone.hungUp).toEqual([id]);
  });

  test("while PostgreSQL is away nothing is dialled, and what happens meanwhile is written in order when it is back", async () => {
    stage = await openStage({}, aCampaign());
    const [id, next] = stage.attempts.add(2);
    await stage.pass(1100);
    stage.attempts.down = true;
    stage.telephone.word(id!, "ringing");
    stage.telephone.word(id!, "waiting");
    stage.telephone.connect(id!, "101");
    await stage.pass(8000);
    stage.telephone.over(id!, { ...answered, connected: true });
    await stage.pass(8000);
    expect(stage.attempts.state(id!)).toBe("dialling");
    expect(stage.dialler.gauges().unwritten).toBe(4);
    expect(stage.telephone.ids).toEqual([id]);

    stage.attempts.down = false;
    await stage.pass(4000);
    expect(stage.attempts.steps.filter((step) => step.id === id).map(({ to }) => to)).toEqual([
      ...["dialling", "ringing", "waiting", "connected", "ended"],
    ]);
    expect(stage.attempts.rows.get(id!)!.outcome).toBe("talked");
    expect(stage.telephone.ids).toEqual([id, next]);
  });

  test("a PBX that does not say whether it dials is asked what it did", async () => {
    const attempts = new MemoryAttempts();
    const [id] = attempts.add(1);
    const telephone = new MemoryTelephone();
    telephone.failure = { code: "deadline", dials: true };
    stage = await openStage({ attempts, telephone }, aCampaign());
    telephone.failure = null;
    telephone.word(id!, "ringing");
    await stage.pass(10_000);
    expect(telephone.ids).toEqual([id]);
    expect(attempts.state(id!)).toBe("ringing");
  });

  test("what it never dialled is dialled again", async () => {
    const attempts = new MemoryAttempts();
    const [id] = attempts.add(1);
    const telephone = new MemoryTelephone();
    telephone.failure = { code: "disconnected", dials: false };
    stage = await openStage({ attempts, telephone }, aCampaign());
    telephone.failure = null;
    expect(attempts.state(id!)).toBe("dialling");
    await stage.pass(10_000);
    expect(telephone.ids).toEqual([id, id]);
  });

  test("a refusal ends the attempt, unless the PBX has that very call already", async () => {
    const attempts = new MemoryAttempts();
    const [refused, twice] = attempts.add(2);
    const telephone = new MemoryTelephone();
    telephone.failure = { code: "refused", dials: false };
    stage = await openStage({ extensions: ["101", "102"], attempts, telephone }, aCampaign());
    expect(attempts.rows.get(refused!)!.outcome).toBe("refusedByPbx");

    const [again] = attempts.add(1);
    telephone.failure = { code: "refused", dials: true };
    await stage.pass(1100);
    telephone.failure = null;
    await stage.pass(8000);
    expect(attempts.state(again!)).toBe("dialling");
    expect(telephone.living.has(again!)).toBe(true);
    expect(attempts.rows.get(twice!)!.outcome).toBe("refusedByPbx");
  });

  test("an end that was never told is found by looking", async () => {
    stage = await openStage({}, aCampaign());
    const [id] = stage.attempts.add(1);
    await stage.pass(1100);
    stage.telephone.word(id!, "ringing");
    stage.telephone.over(id!, { cause: 17 }, false);
    await stage.pass(35_000);
    expect(stage.attempts.rows.get(id!)).toMatchObject({ state: "ended", outcome: "busy" });
    expect(stage.dialler.gauges().inHand).toBe(0);
  });

  test("a call that nobody dials any more and lives after all is hung up", async () => {
    stage = await openStage({ extensions: [] }, aCampaign());
    const [id] = stage.attempts.add(1);
    stage.telephone.living.add(id!);
    stage.telephone.word(id!, "ringing");
    await stage.pass(1100);
    expect(stage.telephone.hungUp).toEqual([id]);
  });

  test("a talk that began while nobody listened is one, by the PBX's own record", async () => {
    stage = await openStage({}, aCampaign());
    const [id] = stage.attempts.add(1);
    await stage.pass(1100);
    stage.telephone.word(id!, "waiting");
    stage.telephone.synchronise();
    await stage.pass(1100);
    const record = { dialled: true, evidence: { ...NO_EVIDENCE, ...answered, connected: true } };
    stage.telephone.record = async () => record;
    stage.telephone.over(id!, { ...answered, answeredForMs: 60_000 });
    await stage.pass(10);
    expect(stage.attempts.rows.get(id!)).toMatchObject({ state: "ended", outcome: "talked" });
  });
});
