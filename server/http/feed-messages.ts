/** What readers of the feed ask for: read from the address and from messages, and refused when it cannot be meant. */
import type { Static } from "typebox";
import { Compile } from "typebox/compile";
import type { RawData } from "ws";
import { FeedMessage, feedTypes } from "./feed-frames.ts";
import type { ReadFrom } from "./feed-reader.ts";

const checkMessage = Compile(FeedMessage);
/** A message that fits the schema. */
export type Message = Static<typeof FeedMessage>;

/** What a reader asked for in its address or its first message. */
export type Wishes = { readonly from: ReadFrom; readonly types: readonly string[] | null };

/** `?since=&epoch=&types=a,b`; null when it cannot be meant, or holds a token, which must never stand in an address. */
export function wishesOfUrl(url: string): Wishes | null {
  const query = new URLSearchParams(url.split("?")[1] ?? "");
  for (const name of query.keys()) if (!["since", "epoch", "types"].includes(name)) return null;
  const since = query.get("since") ?? undefined;
  if (since !== undefined && !/^\d{1,15}$/.test(since)) return null;
  const types = query.get("types")?.split(",");
  if (types?.some((type) => !(feedTypes as readonly string[]).includes(type))) return null;
  return wishesOf(
    since === undefined ? undefined : Number(since),
    query.get("epoch") ?? undefined,
    types,
  );
}

/** Numbers begin anew with every epoch, so one without the other says nothing. */
export function wishesOf(
  since: number | undefined,
  epoch: string | undefined,
  types: readonly string[] | undefined,
): Wishes | null {
  if ((since === undefined) !== (epoch === undefined)) return null;
  const from = since === undefined || epoch === undefined ? null : { since, epoch };
  return { from, types: types ?? null };
}

/** What a reader sent, or null when it is no message of the schema. */
export function parseMessage(data: RawData): Message | null {
  try {
    const message: unknown = JSON.parse((data as Buffer).toString("utf8"));
    return checkMessage.Check(message) ? message : null;
  } catch {
    return null;
  }
}
