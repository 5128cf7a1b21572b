/** What is open below `#offers`: `/new`, `/try`, `/standings`, `/<id>`, `/<id>/versions`. */
export type OffersRoute =
  | { readonly page: "list" | "new" | "try" | "standings" }
  | { readonly page: "one" | "versions"; readonly id: string };

const PAGES = ["new", "try", "standings"] as const;

/** No word at all is the list; any word that is none of ours is a rule's id. */
export function routeOf(hash: string): OffersRoute {
  const [, first = "", second = ""] = hash.split("/");
  if (first === "") return { page: "list" };
  const page = PAGES.find((one) => one === first);
  return page ? { page } : { page: second === "versions" ? "versions" : "one", id: first };
}

/** The address of a page. */
export function hashOf(route: OffersRoute): string {
  if (route.page === "list") return "#offers";
  if (route.page !== "one" && route.page !== "versions") return `#offers/${route.page}`;
  const id = encodeURIComponent(route.id);
  return route.page === "one" ? `#offers/${id}` : `#offers/${id}/versions`;
}
