import { defineConfig } from "vitest/config";

/** Projects by what a test needs of the machine; the file name tells which. In one run of vitest they follow each other. */
const project = (name: string, groupOrder: number, include: string[], extra: object = {}) => ({
  test: {
    name,
    include,
    exclude: ["node_modules/**"],
    globalSetup: ["test/support/postgres-global.ts"],
    setupFiles: ["test/support/fast-check.ts", "test/support/waiting.ts"],
    // Generous on purpose: a limit here only ends what hangs, it judges nobody's speed.
    hookTimeout: 120_000,
    testTimeout: 120_000,
    sequence: { groupOrder },
    expect: { poll: { timeout: 30_000 } },
    ...extra,
  },
});

const real = ["test/**/*.pg.test.ts", "test/**/*.lab.test.ts", "test/**/*.browser.test.ts"];

export default defineConfig({
  test: {
    projects: [
      project("unit", 0, ["test/**/*.test.ts"], {
        exclude: ["node_modules/**", ...real],
        globalSetup: [],
      }),
      project("postgres", 1, ["test/**/*.pg.test.ts"]),
      // One file at a time: two browsers, or two Asterisks, would each want the machine to themselves.
      project("browser", 2, ["test/**/*.browser.test.ts"], { fileParallelism: false, retry: 1 }),
      project("lab", 3, ["test/**/*.lab.test.ts"], {
        fileParallelism: false,
        // UDP on a busy machine loses a packet now and then; what fails three times is no accident.
        retry: 2,
        hookTimeout: 900_000,
        testTimeout: 300_000,
      }),
    ],
  },
});
