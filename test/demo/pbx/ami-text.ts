/** Reads AMI bytes as messages and arranges events so that two runs of one story can be compared. */

/** One message, keys in the order in which they came. */
export type Message = { readonly keys: readonly string[]; readonly get: (key: string) => string };

/** Splits text into messages; the banner is dropped. */
export function readMessages(text: string): readonly Message[] {
  return text
    .replace(/^Asterisk Call Manager\/[^\n]*\n/, "")
    .split(/\r?\n\r?\n/)
    .filter((each) => each.trim() !== "")
    .map((each) => {
      const lines = each
        .split(/\r?\n/)
        .filter((line) => line !== "")
        .map((line): [string, string] => {
          const colon = line.indexOf(":");
          return [line.slice(0, colon), line.slice(colon + 1).trim()];
        });
      return {
        keys: lines.map(([key]) => key),
        get: (key) => lines.find(([name]) => name === key)?.[1] ?? "",
      };
    });
}

/** Events that are not about a call: the lab's phones register, the simulator's are just there. */
const notOfCalls = new Set(["PeerStatus", "ContactStatus", "FullyBooted"]);

/** The events of a recording or a run that belong to its story: live ones, after the snapshot. */
export function storyEvents(messages: readonly Message[]): readonly Message[] {
  return messages.filter(
    (each) =>
      each.keys[0] === "Event" &&
      each.keys[1] === "Privilege" &&
      !notOfCalls.has(each.get("Event")),
  );
}

/** Every key under which an event names a channel. */
const channelKeys = [
  "Channel",
  "DestChannel",
  "LocalOneChannel",
  "TransfererChannel",
  "OrigTransfererChannel",
];

/**
 * One text per group of events whose order Asterisk keeps: what one channel does, what happens between a caller and one
 * callee, what one bridge, device or member does. Groups of several threads have no order among each other. Channels are
 * called by endpoint and count, bridges by who is in them, so that two runs compare; ids, numbers and times are left out.
 */
export function arrange(events: readonly Message[]): ReadonlyMap<string, readonly string[]> {
  const labels = new Map<string, string>();
  const counts = new Map<string, number>();
  const label = (name: string): string => {
    const known = labels.get(name);
    if (known !== undefined) return known;
    const family = name.replace(/-[0-9a-f]{8}(;\d)?$/, "$1");
    const count = (counts.get(family) ?? 0) + 1;
    counts.set(family, count);
    labels.set(name, `${family}#${count}`);
    return labels.get(name)!;
  };
  for (const each of events)
    for (const key of each.get("Event") === "OriginateResponse" ? [] : channelKeys)
      if (each.get(key) !== "") label(each.get(key));

  const groups = new Map<string, string[]>();
  const put = (group: string, text: string): void => {
    const list = groups.get(group);
    if (list === undefined) groups.set(group, [text]);
    else if (list.at(-1) !== text || !text.startsWith("DeviceStateChange")) list.push(text);
  };
  const bridges = new Map<string, string[]>();
  for (const each of events) {
    const name = each.get("Event");
    const shape = `${name} ${each.keys.slice(2).join(",")}`;
    const channel = each.get("Channel");
    const dest = each.get("DestChannel");
    const bridge = each.get("BridgeUniqueid");
    if (name === "AgentComplete") {
      // Comes before or after the hang-ups, and without the side that was gone first.
      put(`${label(channel)} completed`, `${name} ${each.get("Reason")}`);
    } else if (name === "OriginateResponse") {
      // Sent past the channel's own events: anywhere among them (and a failed one names no channel).
      put("originate", `${shape} ${each.get("Response")} ${each.get("Reason")}`);
    } else if (name === "DeviceStateChange") {
      put(`device ${each.get("Device")}`, `${shape} ${each.get("State")}`);
    } else if (name === "ExtensionStatus") {
      put(`hint ${each.get("Exten")}`, `${shape} ${each.get("Status")}`);
    } else if (name.startsWith("QueueMember")) {
      put(`member ${each.get("Queue")} ${each.get("Interface")}`, `${shape} ${each.get("Status")}`);
    } else if (dest !== "") {
      const last = each.get("DialStatus");
      const pair = `${channel === "" ? "nobody" : label(channel)} > ${label(dest)}`;
      put(pair, last === "" ? shape : `${shape} ${last}`);
    } else if (channel !== "") {
      const cause = name === "Hangup" ? ` ${each.get("Cause")}` : "";
      const state =
        name === "Newstate" || name === "Newchannel" ? ` ${each.get("ChannelStateDesc")}` : "";
      put(label(channel), shape + cause + state);
    } else if (each.get("LocalOneChannel") !== "") {
      put(label(each.get("LocalOneChannel")), shape);
    } else {
      put("transfers", shape);
    }
    if (bridge !== "" && name.startsWith("Bridge") && name !== "BridgeMerge") {
      const list = bridges.get(bridge) ?? [];
      bridges.set(bridge, list);
      list.push(channel === "" ? shape : `${name} ${label(channel)}`);
    }
  }
  // Two bridges of one call may be created in either order: they are told apart by who entered them.
  for (const list of bridges.values()) put(`bridge of ${list[1]}, ${list[2]}`, list.join("\n"));
  for (const [group, list] of groups) {
    // Whether a queue was ever without a free member depends on whose state is heard first when a call moves on.
    if (group.startsWith("device ") && group.endsWith("_avail"))
      groups.set(group, [list[0]!, list.at(-1)!]);
  }
  return new Map([...groups].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** A recording stops with its story: device states that would come a moment later are not in it. */
export function cutLikeRecorded(
  simulated: ReadonlyMap<string, readonly string[]>,
  recorded: ReadonlyMap<string, readonly string[]>,
): ReadonlyMap<string, readonly string[]> {
  return new Map(
    [...simulated].map(([group, list]) => [
      group,
      /^(device|member|hint) /.test(group) ? list.slice(0, recorded.get(group)?.length) : list,
    ]),
  );
}
