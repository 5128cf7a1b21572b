/** What is open below `#offers`: `/new`, `/try`, `/standings`, `/<id>`. */
export type OffersRoute =
  | { readonly page: "list" | "new" | "try" | "standings" }
  | { readonly page: "one"; readonly id: string };

const PAGES = ["new", "try", "standings"] as const;

/** No word at all is the list; any word that is none of ours is a rule's id. */
export function routeOf(hash: string): OffersRoute {
  const [, first = ""] = hash.split("/");
  if (first === "") return { page: "list" };
  const page = PAGES.find((one) => one === first);
  return page ? { page } : { page: "one", id: first };
}

/** The address of a page. */
export function hashOf(route: OffersRoute): string {
  if (route.page === "list") return "#offers";
  return `#offers/${route.page === "one" ? encodeURIComponent(route.id) : route.page}`;
}
