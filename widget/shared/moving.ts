/** A server process that is about to end asks its screens to go; each goes at its own moment, so that the others are not asked all at once. */
const GO_WITHIN_MS = 2000;

/** @returns how to stay. */
export function goSoon(go: () => void): () => void {
  const timer = setTimeout(go, Math.random() * GO_WITHIN_MS);
  return () => clearTimeout(timer);
}
