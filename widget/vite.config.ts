/** Builds the widget: one ES module `callcard.js`, and beside it the stand-alone page as it is in `page/`. */
import { resolve } from "node:path";
import { defineConfig } from "vite";

const repository = resolve(import.meta.dirname, "..");

export default defineConfig({
  root: import.meta.dirname,
  publicDir: "page",
  build: {
    outDir: resolve(repository, process.env["CALLCARD_WIDGET_OUT"] ?? "data/widget"),
    emptyOutDir: true,
    target: "es2022",
    lib: { entry: "callcard.ts", formats: ["es"], fileName: () => "callcard.js" },
  },
});
