import { defineConfig } from "vitest/config";

/** Projects by what a test needs of the machine; the file name tells which. */
const project = (name: string, include: string[], extra: object = {}) => ({
  test: {
    name,
    include,
    exclude: ["node_modules/**"],
    globalSetup: ["test/support/postgres-global.ts"],
    hookTimeout: 60_000,
    testTimeout: 60_000,
    ...extra,
  },
});

const real = ["test/**/*.pg.test.ts", "test/**/*.lab.test.ts", "test/**/*.browser.test.ts"];

export default defineConfig({
  test: {
    projects: [
      project("unit", ["test/**/*.test.ts"], {
        exclude: ["node_modules/**", ...real],
        globalSetup: [],
      }),
      project("postgres", ["test/**/*.pg.test.ts"]),
      // One at a time: a browser and an Asterisk each want the machine to themselves.
      project("lab", ["test/**/*.lab.test.ts"], {
        fileParallelism: false,
        hookTimeout: 600_000,
        testTimeout: 180_000,
      }),
      project("browser", ["test/**/*.browser.test.ts"], {
        fileParallelism: false,
        hookTimeout: 120_000,
        testTimeout: 120_000,
      }),
    ],
  },
});
