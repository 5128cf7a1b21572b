/**
 * What is open below `#campaigns`: `/new`, `/do-not-call`, `/trunks`, `/<id>`, `/<id>/people`, `/<id>/people/<attempt>`,
 * `/<id>/settings`.
 */

/** A campaign's pages. */
export type CampaignTab = "live" | "people" | "settings";

export type CampaignsRoute =
  | { readonly page: "list" | "new" | "doNotCall" | "trunks" }
  | {
      readonly page: "one";
      readonly id: string;
      readonly tab: CampaignTab;
      /** Whose story is open, "" for none. */
      readonly attemptId: string;
    };

const WORDS = { new: "new", "do-not-call": "doNotCall", trunks: "trunks" } as const;

/** Anything unknown is the list. */
export function routeOf(hash: string): CampaignsRoute {
  const [, first = "", second = "", third = ""] = hash.split("/").map(decoded);
  if (first === "") return { page: "list" };
  if (Object.hasOwn(WORDS, first)) return { page: WORDS[first as keyof typeof WORDS] };
  const tab = second === "people" || second === "settings" ? second : "live";
  return { page: "one", id: first, tab, attemptId: tab === "people" ? third : "" };
}

/** The address of a page. */
export function hashOf(route: CampaignsRoute): string {
  if (route.page === "list") return "#campaigns";
  if (route.page !== "one") {
    const [word] = Object.entries(WORDS).find(([, page]) => page === route.page)!;
    return `#campaigns/${word}`;
  }
  const parts = [route.id, route.tab === "live" ? "" : route.tab, route.attemptId];
  return `#campaigns/${parts.filter(Boolean).map(encodeURIComponent).join("/")}`;
}

/** The page of one campaign. */
export function campaignHash(id: string, tab: CampaignTab = "live", attemptId = ""): string {
  return hashOf({ page: "one", id, tab, attemptId });
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
