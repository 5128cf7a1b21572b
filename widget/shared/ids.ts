/** `crypto.randomUUID` exists only on https and localhost; a shop's own network may have neither. */
export function newId(): string {
  return crypto.randomUUID?.() ?? fallbackId();
}

function fallbackId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})/, "$1-$2-4$3-8$4-");
}
