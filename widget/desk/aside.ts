import { html, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { DeskCall, Disposition } from "../../server/desk/protocol.ts";
import type { Locale } from "../shared/locale.ts";
import { callTitle } from "../shared/words.ts";
import type { WrapUpInput } from "../wrap-up/wrap-up-element.ts";
import type { DeskModel } from "./desk-model.ts";
import { termsOf } from "./drafts.ts";
import type { WrapUpEntry } from "./wrap-ups.ts";

/** The wrap-ups beside the card: one form for each call that has one, all but `open` as a line. */
export function aside(
  model: DeskModel,
  locale: Locale,
  dispositions: readonly Disposition[],
  entries: readonly WrapUpEntry[],
  open: string | null,
  expand: (callId: string) => void,
): TemplateResult {
  const { drafts } = model;
  const form = (entry: WrapUpEntry): TemplateResult => {
    const title = titleOf(entry, locale);
    const terms = entry.call ? termsOf(entry.call) : (entry.draft?.terms ?? null);
    return html`<callcard-wrap-up
      data-call=${entry.callId}
      .locale=${locale}
      .heading=${title}
      .dispositions=${dispositions}
      .terms=${terms}
      .clock=${model.clock}
      ?shortcuts=${model.preferences.shortcuts}
      .draft=${entry.draft}
      .saved=${entry.saved}
      ?over=${entry.over}
      .link=${model.link}
      .kept=${drafts?.kept ?? true}
      ?everywhere=${drafts?.isEverywhere(entry.callId) ?? false}
      .promises=${entry.call && terms === null ? promisesOf(entry.call) : null}
      ?expanded=${entry.callId === open}
      @edit=${(event: CustomEvent<WrapUpInput>) => drafts?.edit(entry, title, event.detail, terms)}
      @save=${() => drafts?.submit(entry.callId)}
      @discard=${() => drafts?.discard(entry.callId)}
      @expand=${() => expand(entry.callId)}
    ></callcard-wrap-up>`;
  };
  return html`<aside part="aside" aria-label=${locale.t("asideLabel")}>
    ${
      entries.length === 0
        ? html`<p class="later">${locale.t("wrapUpLater")}</p>`
        : repeat(entries, (entry) => entry.callId, form)
    }
  </aside>`;
}

/** Where the person may be, when they can be promised a call back with the wrap-up; null when not, or when it is promised already. */
function promisesOf({ card }: DeskCall): readonly string[] | null {
  if (!card.work || card.work.callBack || !card.phone) return null;
  const own = card.customer?.timeZone;
  return own ? [own] : card.timeZones;
}

/** Whom the wrap-up is about; what the draft remembers when the server does not list the call any more. */
function titleOf(entry: WrapUpEntry, locale: Locale): string {
  if (entry.call) return callTitle(entry.call, locale);
  return entry.draft?.title ?? entry.saved?.title ?? "";
}
