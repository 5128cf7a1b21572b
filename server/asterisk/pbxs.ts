/**
 * The PBXs of the configuration, which may come and go while the server runs. Whoever does something for each PBX says so once, with
 * {@link Pbxs.each}, and is told of those that come and of those that go.
 */
import type { Pbx } from "./model.ts";

/** What is to be done when a PBX goes. */
export type Ending = () => void | Promise<void>;

/** The PBXs there are now. */
export interface Pbxs<P extends Pbx = Pbx> {
  /** In the order of the configuration. */
  all(): readonly P[];
  get(name: string): P | undefined;
  /**
   * Does something for every PBX there is, and for each that comes later, before it is connected. What `begin` returns is done when that
   * PBX goes, after its connection ended, and when this is stopped. @returns how to stop; resolves when all endings are through.
   */
  each(begin: (pbx: P) => Ending | void): () => Promise<void>;
}

/** PBXs that nobody adds to or takes from, such as those of a test. */
export function fixedPbxs<P extends Pbx>(pbxs: readonly P[]): Pbxs<P> {
  const byName = new Map(pbxs.map((pbx) => [pbx.name, pbx]));
  return {
    all: () => pbxs,
    get: (name) => byName.get(name),
    each(begin) {
      const endings = pbxs.map((pbx) => begin(pbx));
      return async () => {
        for (const ending of endings.splice(0).toReversed()) await ending?.();
      };
    },
  };
}
