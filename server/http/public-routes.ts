/** Routes of plugins that do not know our way of saying who may use them. */
import type { App } from "./app.ts";

/** Declares every route of this scope open to everybody. Call it in a scope of its own, before its routes. */
export function publicRoutes(scope: App): void {
  scope.addHook("onRoute", (route) => {
    route.config = { ...route.config, access: "public" };
  });
}
