/** Single-key shortcuts as a plain table: which deed a key asks for, by its place on the keyboard, not by the layout in use. */

export type Shortcut =
  | { readonly deed: "ready" | "pause" | "dial" | "card" | "wrapUp" | "mute" | "help" }
  | { readonly deed: "order" | "claim" | "callBack" }
  | { readonly deed: "previous" | "next" }
  | { readonly deed: "previewCall" | "previewSkip" }
  | { readonly deed: "digit"; readonly index: number };

const BY_CODE: Readonly<Record<string, Shortcut>> = {
  KeyR: { deed: "ready" },
  KeyP: { deed: "pause" },
  Slash: { deed: "dial" },
  KeyC: { deed: "card" },
  KeyW: { deed: "wrapUp" },
  KeyM: { deed: "mute" },
  KeyO: { deed: "order" },
  KeyF: { deed: "claim" },
  KeyB: { deed: "callBack" },
  KeyD: { deed: "previewCall" },
  KeyS: { deed: "previewSkip" },
  BracketLeft: { deed: "previous" },
  BracketRight: { deed: "next" },
};

/** What a key press asks for; null for nothing, and always null with a modifier held. */
export function shortcut(
  event: Pick<KeyboardEvent, "key" | "code" | "ctrlKey" | "metaKey" | "altKey" | "isComposing">,
): Shortcut | null {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return null;
  // Where the question mark is depends on the layout (Shift+7 on the Russian one), so it goes by what was typed.
  if (event.key === "?") return { deed: "help" };
  if (/^[1-9]$/.test(event.key)) return { deed: "digit", index: Number(event.key) - 1 };
  return BY_CODE[event.code] ?? null;
}
