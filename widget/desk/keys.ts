import type { CallcardCard } from "../card/card-element.ts";
import type { CallcardDial } from "../dial/dial-element.ts";
import type { CallcardHelp } from "../help/help-element.ts";
import type { CallcardPreview } from "../preview/preview-element.ts";
import type { CallcardPresence } from "../presence/presence-element.ts";
import type { CallcardWrapUp } from "../wrap-up/wrap-up-element.ts";
import type { DeskModel } from "./desk-model.ts";
import { callsOnLine } from "./selection.ts";
import type { Shortcut } from "./shortcuts.ts";

/** The parts that keys and the header reach for, by their selectors. */
export type Parts = {
  "callcard-presence": CallcardPresence;
  "callcard-dial": CallcardDial;
  "callcard-help": CallcardHelp;
  "callcard-wrap-up[expanded]": CallcardWrapUp;
  "callcard-card:not([hidden])": CallcardCard;
  "callcard-preview": CallcardPreview;
  ".pane": HTMLElement;
};

/** What a key can reach. */
export type Reach = {
  readonly model: DeskModel;
  /** The part as it is on the screen now, null for none. */
  readonly part: <K extends keyof Parts>(selector: K) => Parts[K] | null;
  readonly pick: (callId: string) => void;
};

/** Does what a key asked for; false when there is nothing to do it with. */
export function obey(wish: Shortcut, { model, part, pick }: Reach): boolean {
  const presence = part("callcard-presence");
  switch (wish.deed) {
    case "ready":
      void presence?.becomeReady();
      return true;
    case "pause":
      presence?.openPause();
      return true;
    case "dial":
      part("callcard-dial")?.start();
      return true;
    case "card":
      part(".pane")?.focus();
      return true;
    case "wrapUp":
      part("callcard-wrap-up[expanded]")?.start();
      return true;
    case "mute":
      model.prefer({ muted: !model.preferences.muted });
      return true;
    case "help":
      part("callcard-help")?.open();
      return true;
    case "previewCall":
      return part("callcard-preview")?.call() ?? false;
    case "previewSkip":
      return part("callcard-preview")?.ask() ?? false;
    case "order":
    case "claim":
    case "callBack":
      return part("callcard-card:not([hidden])")?.goTo(wish.deed) ?? false;
    case "digit":
      return (
        (part("callcard-preview")?.pickReason(wish.index) ?? false) ||
        (part("callcard-card:not([hidden])")?.pickCandidate(wish.index) ?? false) ||
        (part("callcard-wrap-up[expanded]")?.pickDisposition(wish.index) ?? false)
      );
    case "previous":
    case "next":
  }
  const line = callsOnLine(model.calls);
  const at = line.findIndex((call) => call.callId === model.selected);
  const step = wish.deed === "next" ? 1 : -1;
  const to = line[(at + step + line.length) % line.length];
  if (to) pick(to.callId);
  return to !== undefined;
}
