import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { DeskCall, DeskChange, DeskState } from "../../server/desk/protocol.ts";
import { type Browser, Screen, missedChanges } from "../../server/desk/screen.ts";
import {
  type Screen as WidgetScreen,
  receiveChange,
  receiveSnapshot,
} from "../../widget/desk/state.ts";

const state: DeskState = {
  seq: 0,
  epoch: "e1",
  serverTimeMs: 0,
  user: { id: "1", name: "Ольга", login: "olga", role: "operator", language: "ru" },
  presence: { state: "ready", sinceMs: 0, pausedReason: "", device: null, queues: [] },
  calls: [],
  preview: null,
  callBacks: [],
  dispositions: [],
  pauseReasons: [],
  pbxs: [],
  trouble: [],
  demo: false,
};

const call = (callId: string, startedAtMs: number) =>
  ({ callId, startedAtMs, state: "ringing" }) as DeskCall;

/** A browser with the widget's own reducer, whose line can be cut: what is sent then is lost. */
class FakeBrowser implements Browser {
  screen: WidgetScreen | null = null;
  online = true;
  gaps = 0;
  snapshots = 0;

  snapshot(state: DeskState): void {
    if (!this.online) return;
    this.snapshots += 1;
    this.screen = receiveSnapshot(this.screen, state);
  }

  change(change: DeskChange): void {
    if (!this.online) return;
    const { outcome, screen } = receiveChange(this.screen, change);
    if (outcome === "gap") this.gaps += 1;
    this.screen = screen;
  }

  get seen() {
    const desk = this.screen?.desk;
    return { epoch: desk?.epoch, seq: desk?.seq };
  }
}

type Step =
  | { readonly do: "call"; readonly id: number; readonly at: number }
  | { readonly do: "gone"; readonly id: number }
  | { readonly do: "presence"; readonly at: number }
  | { readonly do: "cut" | "come" | "replace"; readonly browser: number }
  | { readonly do: "flood" };

const steps = fc.array(
  fc.oneof<fc.Arbitrary<Step>[]>(
    fc.record({ do: fc.constant("call" as const), id: fc.nat(4), at: fc.nat(1000) }),
    fc.record({ do: fc.constant("gone" as const), id: fc.nat(4) }),
    fc.record({ do: fc.constant("presence" as const), at: fc.nat(1000) }),
    fc.record({ do: fc.constantFrom("cut" as const, "come" as const), browser: fc.nat(2) }),
    fc.record({ do: fc.constant("replace" as const), browser: fc.nat(2) }),
    fc.record({ do: fc.constant("flood" as const) }),
  ),
  { maxLength: 60 },
);

describe("a screen", () => {
  test("is the same in every browser after any interleaving of changes, disconnects and returns", () => {
    fc.assert(
      fc.property(steps, (script) => {
        const screen = new Screen(state);
        const browsers = [new FakeBrowser(), new FakeBrowser(), new FakeBrowser()];
        const leave: ((() => void) | null)[] = [null, null, null];
        const come = (index: number) => {
          const browser = browsers[index]!;
          leave[index]?.();
          browser.online = true;
          leave[index] = screen.attach(browser, browser.seen, 0);
        };
        for (const index of browsers.keys()) come(index);
        for (const step of script) {
          switch (step.do) {
            case "call":
              screen.publish({ kind: "call", call: call(String(step.id), step.at) });
              break;
            case "gone":
              screen.publish({ kind: "callGone", callId: String(step.id) });
              break;
            case "presence":
              screen.publish({
                kind: "presence",
                presence: { ...state.presence, sinceMs: step.at },
              });
              break;
            case "cut":
              // The line breaks first; the server notices only when the browser comes back.
              browsers[step.browser]!.online = false;
              break;
            case "come":
              come(step.browser);
              break;
            case "replace":
              screen.replace({ demo: true }, 0);
              break;
            case "flood":
              for (let i = 0; i < 200; i++)
                screen.publish({ kind: "call", call: call(`f${i % 3}`, i) });
          }
        }
        for (const [index, browser] of browsers.entries()) {
          come(index);
          expect(browser.gaps).toBe(0);
          expect({ ...browser.screen?.desk, serverTimeMs: 0 }).toEqual(screen.state);
        }
      }),
      { numRuns: 200 },
    );
  });

  test("sends nothing to a browser that has everything", () => {
    const screen = new Screen(state);
    const browser = new FakeBrowser();
    screen.attach(browser, {}, 0)();
    screen.attach(browser, browser.seen, 0);
    expect(browser.snapshots).toBe(1);
  });

  test("tells to how many browsers a change went", () => {
    const screen = new Screen(state);
    const change = { kind: "callGone", callId: "1" } as const;
    expect(screen.publish(change)).toBe(0);
    const leave = screen.attach(new FakeBrowser(), {}, 0);
    screen.attach(new FakeBrowser(), {}, 0);
    expect(screen.publish(change)).toBe(2);
    leave();
    expect(screen.publish(change)).toBe(1);
  });
});

describe("what a browser missed", () => {
  const kept: DeskChange[] = [3, 4, 5].map((seq) => ({ seq, kind: "callGone", callId: "1" }));
  const now = { seq: 5, epoch: "e1" };
  test.each<[string, { epoch?: string; seq?: number }, number[] | null]>([
    ["never was here", {}, null],
    ["is of another epoch", { epoch: "e0", seq: 5 }, null],
    ["has everything", { epoch: "e1", seq: 5 }, []],
    ["missed one", { epoch: "e1", seq: 4 }, [5]],
    ["missed all that is kept", { epoch: "e1", seq: 2 }, [3, 4, 5]],
    ["missed more than is kept", { epoch: "e1", seq: 1 }, null],
    ["claims the future", { epoch: "e1", seq: 9 }, null],
  ])("when it %s", (_, seen, expected) => {
    expect(missedChanges(now, kept, seen)?.map(({ seq }) => seq) ?? null).toEqual(expected);
  });
});
