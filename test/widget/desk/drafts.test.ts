import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Drafts, parseDraft, type SaveReply, termsOf } from "../../../widget/desk/drafts.ts";
import { campaignCall, sampleCall } from "../../support/desk-samples.ts";

const call = sampleCall(Date.UTC(2026, 10, 22, 10));
const input = { disposition: "order", note: "текст" };
let page: EventTarget;
let storage: Storage;

beforeEach(() => {
  page = new EventTarget();
  vi.stubGlobal("window", page);
  vi.useFakeTimers();
  storage = memoryStorage();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** A page's drafts; `replies` are what the server says, one after the other, the last for ever. */
function open(
  replies: readonly SaveReply[],
  store: Storage = storage,
): { drafts: Drafts; sent: string[] } {
  const sent: string[] = [];
  const left = [...replies];
  const drafts = new Drafts({
    userId: "u1",
    changed: () => {},
    storage: store,
    save: (draft) => {
      sent.push(draft.draftId);
      return Promise.resolve(left.length > 1 ? left.shift()! : left[0]!);
    },
  });
  return { drafts, sent };
}

const saved: SaveReply = { ok: true, savedAt: "2026-11-22T10:00:05.000Z" };
const down: SaveReply = { ok: false, code: "databaseDown" };

test("a save is repeated with the same draftId until the server confirms it", async () => {
  const { drafts, sent } = open([down, { ok: false, code: "noReply" }, saved]);
  drafts.edit(call, "Мария", input);
  drafts.submit(call.callId);
  await vi.advanceTimersByTimeAsync(0);
  expect(drafts.of(call.callId)).toMatchObject({ state: "pending", problem: "databaseDown" });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(sent).toHaveLength(3);
  expect(new Set(sent).size).toBe(1);
  expect(drafts.of(call.callId)).toBeNull();
  expect(drafts.savedOf(call.callId)?.savedAtMs).toBe(Date.parse("2026-11-22T10:00:05.000Z"));
  expect(storage.length).toBe(0);
});

test("what is pending when the page goes is sent by the next page, with the same draftId", async () => {
  const first = open([down]);
  first.drafts.edit(call, "Мария", input);
  first.drafts.submit(call.callId);
  await vi.advanceTimersByTimeAsync(0);
  first.drafts.close();
  const second = open([saved]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(second.sent).toEqual([first.sent[0]]);
});

test("the connection's return sends at once what is pending, and only that", async () => {
  const { drafts, sent } = open([down, saved]);
  drafts.edit(call, "Мария", input);
  drafts.flush();
  expect(sent).toEqual([]);
  drafts.submit(call.callId);
  await vi.advanceTimersByTimeAsync(0);
  drafts.flush();
  expect(sent).toHaveLength(2);
});

test("what the server will not take is kept, said, and not repeated", async () => {
  const { drafts, sent } = open([{ ok: false, code: "notFound" }]);
  drafts.edit(call, "Мария", input);
  drafts.submit(call.callId);
  await vi.advanceTimersByTimeAsync(120_000);
  expect(sent).toHaveLength(1);
  expect(drafts.of(call.callId)).toMatchObject({ state: "refused", note: "текст" });
  drafts.discard(call.callId);
  expect([drafts.all(), storage.length]).toEqual([[], 0]);
});

test("text typed while a save is on its way is not taken for saved", async () => {
  const reply = Promise.withResolvers<SaveReply>();
  const drafts = new Drafts({
    userId: "u1",
    storage,
    changed: () => {},
    save: () => reply.promise,
  });
  drafts.edit(call, "Мария", input);
  drafts.submit(call.callId);
  drafts.edit(call, "Мария", { ...input, note: "текст и ещё" });
  reply.resolve(saved);
  await vi.advanceTimersByTimeAsync(0);
  expect(drafts.of(call.callId)).toMatchObject({ state: "editing", note: "текст и ещё" });
  expect(drafts.savedOf(call.callId)).toBeNull();
});

test("another person's drafts on the same computer are not touched", () => {
  storage.setItem("callcard:draft:u2:demo-1", JSON.stringify({ ...input, callId: "demo-1" }));
  const { drafts } = open([saved]);
  expect(drafts.all()).toEqual([]);
  expect(storage.length).toBe(1);
});

test("an emptied form leaves nothing behind", () => {
  const { drafts } = open([saved]);
  drafts.edit(call, "Мария", input);
  drafts.edit(call, "Мария", { disposition: "", note: "" });
  expect([drafts.all(), storage.length]).toEqual([[], 0]);
});

test("a browser that keeps nothing is admitted, and leaving the page is asked about", async () => {
  const full = memoryStorage(() => {
    throw new DOMException("full", "QuotaExceededError");
  });
  const { drafts } = open([saved], full);
  drafts.edit(call, "Мария", input);
  expect(drafts.kept).toBe(false);
  const leaving = new Event("beforeunload", { cancelable: true });
  page.dispatchEvent(leaving);
  expect(leaving.defaultPrevented).toBe(true);
  drafts.submit(call.callId);
  await vi.advanceTimersByTimeAsync(0);
  expect(drafts.savedOf(call.callId)).not.toBeNull();
});

test("a confirmed save is shown for a while, and not for ever", async () => {
  const { drafts } = open([saved]);
  drafts.edit(call, "Мария", input);
  drafts.submit(call.callId);
  await vi.advanceTimersByTimeAsync(0);
  expect(drafts.justSaved()).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(drafts.justSaved()).toEqual([]);
});

function memoryStorage(beforeSet: () => void = () => {}): Storage {
  const items = new Map<string, string>();
  return {
    get length() {
      return items.size;
    },
    key: (index) => [...items.keys()][index] ?? null,
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => {
      beforeSet();
      items.set(key, value);
    },
    removeItem: (key) => void items.delete(key),
    clear: () => items.clear(),
  };
}

test("a time to call back is kept with the draft, and sent only with an outcome that asks for it", async () => {
  const sent: unknown[] = [];
  const reopen = (): Drafts =>
    new Drafts({
      userId: "u1",
      changed: () => {},
      storage,
      save: ({ disposition, callBack }) => {
        sent.push([disposition, callBack]);
        return Promise.resolve(saved);
      },
    });
  const terms = termsOf(campaignCall(call.startedAtMs));
  const callBack = { at: "2026-11-23T10:00", timeZone: "Asia/Novosibirsk", toMe: true };
  const before = reopen();
  before.edit(call, "Мария", { disposition: "later", note: "", callBack }, terms);
  before.close();
  const drafts = reopen();
  expect(drafts.of(call.callId)).toMatchObject({ callBack, terms });
  drafts.submit(call.callId);
  await vi.advanceTimersByTimeAsync(0);
  drafts.edit(call, "Мария", { disposition: "confirmed", note: "", callBack }, terms);
  drafts.submit(call.callId);
  await vi.advanceTimersByTimeAsync(0);
  expect(sent).toEqual([
    ["later", callBack],
    ["confirmed", null],
  ]);
  drafts.close();
});

test("a draft of a version without campaigns is still read", () => {
  const old = { draftId: "d", callId: "c", disposition: "order", note: "", title: "", problem: "" };
  const text = JSON.stringify({ ...old, startedAtMs: 1, state: "editing" });
  expect(parseDraft(text)).toMatchObject({ callBack: null, terms: null });
});

const over = { ...call, state: "ended", needsWrapUp: true } as const;
const typed = { disposition: "order", note: "взята там", tags: [] };

/** A page's drafts whose server keeps what it is told of, or says that it was saved. */
function openKept(says: () => "kept" | "saved"): Drafts {
  return new Drafts({
    userId: "u1",
    storage,
    changed: () => {},
    save: () => Promise.resolve(saved),
    keep: () => Promise.resolve(says()),
  });
}

test("a draft taken over goes when it is saved at the other browser, unless something was typed here since", async () => {
  const drafts = openKept(() => "kept");
  drafts.adopt({ ...over, draft: typed }, "Мария");
  expect(drafts.of(call.callId)?.note).toBe("взята там");
  drafts.adopt({ ...over, needsWrapUp: false, draft: null }, "Мария");
  expect([drafts.all(), storage.length]).toEqual([[], 0]);

  drafts.adopt({ ...over, callId: "2", draft: typed }, "Мария");
  drafts.edit({ ...call, callId: "2" }, "Мария", { ...typed, note: "взята там, и дописана" });
  drafts.adopt({ ...over, callId: "2", needsWrapUp: false, draft: null }, "Мария");
  await vi.advanceTimersByTimeAsync(5000);
  expect(drafts.of("2")?.note).toBe("взята там, и дописана");
  drafts.close();
});

test("of a call that is listed no more it is asked whether it was saved, also after a reload, and text typed here stays", async () => {
  const before = openKept(() => "kept");
  before.edit(call, "Мария", typed);
  before.edit({ ...call, callId: "2" }, "Мария", typed);
  await vi.advanceTimersByTimeAsync(1000);
  before.edit({ ...call, callId: "2" }, "Мария", { ...typed, note: "не дошло" });
  before.close();
  const drafts = openKept(() => "saved");
  drafts.listed([]);
  await vi.advanceTimersByTimeAsync(1000);
  expect(drafts.all().map(({ note }) => note)).toEqual(["не дошло"]);
  drafts.close();
});
