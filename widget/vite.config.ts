/**
 * Builds the screens, each one ES module that needs no other: `callcard.js` for operators, `callcard-console.js` for supervisors and
 * admins (with the charts, which operators never load), and beside them the stand-alone pages as they are in `page/`.
 */
import { resolve } from "node:path";
import { build, defineConfig, type Plugin, type UserConfig } from "vite";

const repository = resolve(import.meta.dirname, "..");

function screen(name: string): UserConfig {
  return {
    root: import.meta.dirname,
    // By this a page knows that the server has other screens by now; "" knows nothing.
    define: { CALLCARD_SCREENS: JSON.stringify(process.env["CALLCARD_SCREENS"] ?? "") },
    build: {
      outDir: resolve(repository, process.env["CALLCARD_WIDGET_OUT"] ?? "data/widget"),
      target: "es2022",
      lib: { entry: `${name}.ts`, formats: ["es"], fileName: () => `${name}.js` },
    },
  };
}

/** Two entries of one build would share files: then a page's one script tag would load several. */
function andTheConsole(): Plugin {
  return {
    name: "callcard-console",
    async closeBundle() {
      const config = screen("callcard-console");
      await build({
        ...config,
        configFile: false,
        publicDir: false,
        logLevel: "warn",
        build: { ...config.build, emptyOutDir: false },
      });
    },
  };
}

const desk = screen("callcard");

export default defineConfig({
  ...desk,
  publicDir: "page",
  plugins: [andTheConsole()],
  build: { ...desk.build, emptyOutDir: true },
});
