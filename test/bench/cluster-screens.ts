/**
 * Child process of the cluster benchmark: operators' screens without pixels. Each notes when the composed card of a ringing phone came, and
 * saves its wrap-ups.
 */
import type { DeskCall } from "../../server/desk/protocol.ts";
import { type Screen, type SeatedOperator, openScreen } from "../support/operators.ts";

/** What the parent asks. */
export type ScreensCommand =
  | {
      readonly do: "open";
      /** Spread over these servers in turn. */
      readonly urls: readonly string[];
      readonly operators: readonly SeatedOperator[];
    }
  | { readonly do: "collect" }
  | { readonly do: "close" };

/** What the child answers. `cards` has for each ring's id the epoch ms when its card came. */
export type ScreensAnswer =
  | { readonly told: "opened" }
  | { readonly told: "cards"; readonly cards: readonly (readonly [string, number])[] }
  | { readonly told: "closed" };

const cards = new Map<string, number>();
let screens: readonly Screen[] = [];

process.on("message", (command: ScreensCommand) => void obey(command));

async function obey(command: ScreensCommand): Promise<void> {
  if (command.do === "open") {
    const { urls, operators } = command;
    screens = operators.map((operator, at) => watched(urls[at % urls.length]!, operator));
    while (screens.some((screen) => screen.state()?.presence.state !== "ready"))
      await new Promise((resolve) => setTimeout(resolve, 50));
    answer({ told: "opened" });
  } else if (command.do === "collect") {
    answer({ told: "cards", cards: [...cards] });
    cards.clear();
  } else {
    for (const screen of screens) screen.close();
    screens = [];
    answer({ told: "closed" });
  }
}

function watched(url: string, operator: SeatedOperator): Screen {
  const screen = openScreen(url, operator, { wrapUp: true });
  const look = (call: DeskCall): void => {
    if (call.state !== "ringing" || call.card.outcome === "pending" || cards.has(call.ringId))
      return;
    cards.set(call.ringId, performance.timeOrigin + performance.now());
  };
  screen.socket.on("snapshot", ({ calls }) => calls.forEach(look));
  screen.socket.on("change", (change) => {
    if (change.kind === "call") look(change.call);
  });
  return screen;
}

function answer(words: ScreensAnswer): void {
  process.send!(words);
}
