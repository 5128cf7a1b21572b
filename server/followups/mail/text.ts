/** What strangers wrote, made fit to be kept. */

/** Text that can be stored and shown: no controls but lines and tabs, no marks that turn its direction. */
export function storable(text: string): string {
  return text
    .toWellFormed()
    .replace(/\r\n?/g, "\n")
    .replace(/[^\P{Cc}\n\t]|[\u{200E}\u{200F}\u{202A}-\u{202E}\u{2066}-\u{2069}\u{FEFF}]/gu, "")
    .trim();
}
