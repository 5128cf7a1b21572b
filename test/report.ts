/** What became of every file of a run of vitest, for `run.ts`; written as JSON where `CALLCARD_TEST_REPORT` says. */
import { writeFileSync } from "node:fs";
import { relative } from "node:path";
import { stripVTControlCharacters } from "node:util";
import type { Reporter, TestCase, TestModule } from "vitest/node";

/** What became of the tests of one file. */
export type Outcome = {
  /** Of `vitest.config.ts`; empty where it is not known. */
  readonly suite: string;
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
      outcomes.push({ suite: "", file: "", passed: 0, failures });
    }
    const path = process.env["CALLCARD_TEST_REPORT"];
    if (path !== undefined) writeFileSync(path, JSON.stringify(outcomes));
  }
}

/** Of what was wrong, and of what differs. */
const MOST_CHARACTERS = 600;

type ErrorLike = {
  readonly name?: string;
  readonly message?: string;
  readonly stack?: string;
  readonly diff?: string;
};

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
    suite: module.project.name,
    file,
    passed: [...module.children.allTests("passed")].length,
    failures: [...ofTests, ...ofFile.map((error) => `${file}\n${wordsOf(error)}`)],
  };
}

/** Of the last try, where there were several. */
function errorsOf(test: TestCase): string {
  const last = test.result().errors?.at(-1);
  return last === undefined ? "" : wordsOf(last);
}

/** What was wrong, where, without lines of other people's code, and what differs; each shortly. */
function wordsOf({ name = "", message = "", stack = "", diff = "" }: ErrorLike): string {
  const lines = stack.split("\n").filter((line) => /^ +at /.test(line));
  const ours = lines.filter((line) => !/node_modules|node:internal|new Promise/.test(line));
  return [(message || name).slice(0, MOST_CHARACTERS), ...ours.slice(0, 3)]
    .concat(diff === "" ? [] : stripVTControlCharacters(diff).slice(0, MOST_CHARACTERS))
    .join("\n");
}
