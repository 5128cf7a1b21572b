/** What became of every file of a run of vitest, for `run.ts`; written as JSON where `CALLCARD_TEST_REPORT` says. */
import { writeFileSync } from "node:fs";
import { relative } from "node:path";
import type { Reporter, TestCase, TestModule } from "vitest/node";

/** What became of the tests of one file. */
export type Outcome = {
  /** As of the repository's root; empty for errors that belong to no test. */
  readonly file: string;
  readonly passed: number;
  /** For each failure its file and test, what was wrong, and where. */
  readonly failures: readonly string[];
};

/** vitest makes one by the file's default export. */
export default class OutcomeReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly ErrorLike[]): void {
    const outcomes = modules.map(outcomeOf);
    if (errors.length > 0) {
      const failures = errors.map((error) => `an error outside any test\n${wordsOf(error)}`);
      outcomes.push({ file: "", passed: 0, failures });
    }
    const path = process.env["CALLCARD_TEST_REPORT"];
    if (path !== undefined) writeFileSync(path, JSON.stringify(outcomes));
  }
}

type ErrorLike = { readonly message?: string; readonly stack?: string };

function outcomeOf(module: TestModule): Outcome {
  const file = relative(".", module.moduleId);
  const bad = [...module.children.allTests("failed")];
  const ofTests = bad.map((test) => `${file} > ${test.fullName}\n${errorsOf(test)}`);
  // Not to be loaded, or wrong before or after its tests.
  const ofFile = [
    ...module.errors(),
    ...[...module.children.allSuites()].flatMap((s) => s.errors()),
  ];
  return {
    file,
    passed: [...module.children.allTests("passed")].length,
    failures: [...ofTests, ...ofFile.map((error) => `${file}\n${wordsOf(error)}`)],
  };
}

function errorsOf(test: TestCase): string {
  return (test.result().errors ?? []).map(wordsOf).join("\n");
}

/** What was wrong and where, without lines of other people's code. */
function wordsOf({ message = "", stack = "" }: ErrorLike): string {
  const lines = stack.split("\n").filter((line) => /^ +at /.test(line));
  return [message, ...lines.filter((line) => !line.includes("node_modules"))].join("\n");
}
