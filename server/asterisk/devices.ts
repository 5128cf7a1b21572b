/**
 * Which extension an interface or a channel belongs to.
 */

/** What counts as an extension unless the PBX is configured otherwise. */
export const defaultExtensionPattern = /^\d{2,6}$/;

/**
 * The extension of an interface, a state interface or a channel name: `101` for `PJSIP/101`, `PJSIP/101-0000002a`,
 * `IAX2/101-12`, `Local/101@from-queue/n`, `Local/101@from-queue-0000;1`, `hint:101@ext-local`. "" when what stands in that place
 * is not an extension by `pattern`, as with trunks (`PJSIP/trunk-main-0000001`).
 */
export function extensionOf(device: string, pattern: RegExp = defaultExtensionPattern): string {
  const slash = device.indexOf("/");
  const colon = device.indexOf(":");
  let name: string;
  if (slash > 0 && (colon < 0 || slash < colon)) {
    name = device.slice(slash + 1);
    // Local/101@context..., SIP/101@host: the context may have dashes, so the @ comes first.
    const at = name.indexOf("@");
    if (at >= 0) name = name.slice(0, at);
    // A peer's own name may have dashes; Asterisk adds the last one.
    else name = name.replace(/-[0-9a-f]+$/i, "");
  } else if (colon > 0) {
    // hint:101@ext-local. Also Custom:DND101, which is no extension, and Custom:101, which says what it is about.
    name = device.slice(colon + 1).split("@")[0] ?? "";
  } else {
    return "";
  }
  // Not test(): a pattern with the flag g would remember where it stopped.
  return name.search(pattern) >= 0 ? name : "";
}
