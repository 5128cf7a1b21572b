import type { DeskState } from "../../server/desk/protocol.ts";

/** What there is to know of the PBXs that an operator depends on: of theirs alone, or of all for one who has no phone yet. */
export function ownPbxs({ pbxs, presence }: Pick<DeskState, "pbxs" | "presence">): {
  /** Names of those without a connection. */
  readonly down: readonly string[];
  /** The operator's, when it is no part of Callcard any more; waiting will not bring it back. */
  readonly removed: string | null;
} {
  const own = presence.device?.pbx;
  const mine = own === undefined ? pbxs : pbxs.filter(({ name }) => name === own);
  return {
    down: mine.filter(({ up }) => !up).map(({ name }) => name),
    removed: own !== undefined && mine.length === 0 ? own : null,
  };
}
