/** Who acts on a PBX, in words. */
import type { PbxReport } from "../../../server/asterisk/pbx-routes.ts";
import type { ConsoleWords } from "../words.ts";

/** A holder is told as host and process id, with a space between them. */
export function holderText(
  { holder, state }: Pick<PbxReport, "holder" | "state">,
  { t }: Pick<ConsoleWords, "t">,
): string {
  // Of a PBX that is away nothing comes, and it is said above why.
  if (holder === null) return t(state === "up" ? "px_nobodyUp" : "px_nobody");
  if (holder.here) return t("px_here");
  const [, host, pid] = /^(.*) (\d+)$/.exec(holder.name) ?? [];
  return host !== undefined && pid !== undefined
    ? t("px_there", { host, pid })
    : t("px_thereAs", { name: holder.name });
}
