/**
 * The first card of the day as fast as every other: templates are parsed, styles resolved, formats made and letters shaped
 * once while nobody waits, on a card that nobody sees.
 */
import type { DeskCall } from "../../server/desk/protocol.ts";
import type { CallcardCard } from "../card/card-element.ts";
import type { CallcardLine } from "../line/line-element.ts";
import type { DeskContext } from "../shared/context.ts";

/** Every letter, digit and sign that a card is likely to need. */
const LETTERS =
  "АБВГҐДЕЁЄЖЗИІЇЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгґдеёєжзиіїйклмнопрстуфхцчшщъыьэюя ABCDEFGHIJKLMNOPQRSTUVWXYZ abcdefghijklmnopqrstuvwxyz " +
  "0123456789 +-.,:;()@№×₽₴€$%“”«»—";

/**
 * Draws a ringing and a talking call where nobody sees it, when the browser has nothing else to do, and takes them away.
 *
 * @param place Inside the desk's styles; its width is the card's.
 * @param signal Aborted when a real call comes first.
 */
export function warmUp(place: HTMLElement, ctx: DeskContext, signal: AbortSignal): void {
  whenIdle(() => {
    if (!signal.aborted && place.isConnected) void rehearse(place, ctx, signal);
  });
}

async function rehearse(place: HTMLElement, ctx: DeskContext, signal: AbortSignal): Promise<void> {
  const stage = document.createElement("div");
  stage.inert = true;
  stage.ariaHidden = "true";
  stage.style.cssText =
    "position:absolute;inset:0;visibility:hidden;overflow:hidden;contain:strict";
  const card = document.createElement("callcard-card") as CallcardCard;
  const line = document.createElement("callcard-line") as CallcardLine;
  const call = sampleCall(ctx.clock.nowMs());
  Object.assign(card, { ctx, call });
  Object.assign(line, { ctx, calls: [call], selected: call.callId });
  stage.append(line, card);
  place.append(stage);
  signal.addEventListener("abort", () => stage.remove());
  await Promise.all([card.updateComplete, line.updateComplete]);
  // Asking for a size makes the browser lay it out now.
  stage.getBoundingClientRect();
  card.call = { ...call, state: "talking", answeredAtMs: call.startedAtMs };
  await card.updateComplete;
  stage.getBoundingClientRect();
  stage.remove();
}

function whenIdle(action: () => void): void {
  if (typeof requestIdleCallback === "function") requestIdleCallback(action, { timeout: 3000 });
  else setTimeout(action, 500);
}

function sampleCall(nowMs: number): DeskCall {
  const at = new Date(nowMs - 400 * 86_400_000).toISOString();
  const order = {
    id: "",
    number: "0",
    placedAt: at,
    status: "",
    stage: "delivered",
    totalMinor: 123_456,
    currency: "RUB",
    itemCount: 2,
    items: [{ name: LETTERS, quantity: 2, priceMinor: 61_728 }],
  } as const;
  const past = {
    callId: "",
    startedAt: at,
    direction: "inbound",
    answered: true,
    talkMs: 61_000,
    operatorName: LETTERS,
    disposition: "",
    note: LETTERS,
  } as const;
  const customer = {
    ...{
      id: "",
      name: LETTERS,
      email: "a",
      tier: "gold",
      tierSince: at,
      vip: true,
      language: "ru",
    },
    ...{ city: LETTERS, region: "", timeZone: "Asia/Novosibirsk", externalUrl: "" },
    ...{ personalManager: "", customerSince: at },
  };
  const note = { id: "", text: LETTERS, authorName: LETTERS, createdAt: at };
  return {
    callId: "warm-up",
    direction: "inbound",
    state: "ringing",
    queue: LETTERS,
    startedAtMs: nowMs,
    joinedAtMs: nowMs,
    ringingSinceMs: nowMs,
    answeredAtMs: null,
    endedAtMs: null,
    ringId: "",
    left: null,
    fromName: "",
    priority: null,
    campaign: null,
    needsWrapUp: false,
    draft: null,
    card: {
      outcome: "one",
      phone: {
        e164: "+79130000001",
        display: "+7 913 000-00-01",
        country: "RU",
        timeZones: ["Asia/Novosibirsk"],
      },
      rawNumber: "",
      rawName: "",
      customer,
      verified: true,
      candidates: [],
      orders: [order, order],
      totals: { count: 2, totalMinor: 123_456, currency: "RUB" },
      calls: [past],
      notes: [note],
      place: { city: LETTERS, region: "", country: "RU" },
      timeZones: ["Asia/Novosibirsk"],
      // Empty: drawn from the list of orders; nothing is asked for before the first view is on a screen.
      work: { order: null, background: null, claims: [], callBack: null },
      problems: [],
    },
  };
}
