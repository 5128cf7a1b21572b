/** What is waited for may take as long as a busy machine needs: vitest's own limit is a second, and only `expect.poll` has a setting. */
import { vi } from "vitest";

const TIMEOUT_MS = 30_000;
const { waitFor, waitUntil } = vi;

vi.waitFor = (deed, options) => waitFor(deed, patient(options));
vi.waitUntil = (deed, options) => waitUntil(deed, patient(options));

function patient<T extends { readonly timeout?: number }>(
  options: number | T | undefined,
): number | T {
  if (typeof options === "number") return options;
  return { timeout: TIMEOUT_MS, ...options } as T;
}
