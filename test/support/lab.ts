import { afterAll } from "vitest";
import { type Lab, startLab as start } from "../../asterisk-config/lab/lab.ts";

export type { Caller } from "../../asterisk-config/lab/caller.ts";
export { first, LabAmi } from "../../asterisk-config/lab/ami.ts";
export type { Lab } from "../../asterisk-config/lab/lab.ts";
export type { Phone } from "../../asterisk-config/lab/phone.ts";
export { missingLabPackages, whyLabCannotRun } from "../../asterisk-config/lab/requirements.ts";
export { ensureRoot, isBuilt } from "../../asterisk-config/lab/root.ts";

/** How long the first start may take: it builds the PBX from Debian's packages when that was never done. */
export const labStartMs = 600_000;

const running = new Set<Lab>();

// At the top of the module, so that it belongs to the test file that imports it: a hook made inside a hook is never run.
afterAll(async () => {
  await Promise.all([...running].map((lab) => lab.stop()));
});

/**
 * A real Asterisk for the tests of one file, stopped after the last of them. Call it in `beforeAll` with
 * {@link labStartMs}; between tests `lab.hangUpAll()` ends every call and phone.
 */
export async function startLab(options: Parameters<typeof start>[0]): Promise<Lab> {
  const lab = await start(options);
  running.add(lab);
  return lab;
}
