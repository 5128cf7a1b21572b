/** What the server says of a policy, at its place and in the screen's words. */
import { css, html, type TemplateResult } from "lit";
import type { Checked, Problem } from "../../../server/priority/rest.ts";
import { icon } from "../../shared/icons.ts";
import type { Refused } from "../request.ts";
import type { ConsoleWords } from "../words.ts";

/** Why the server refused a request: in the dictionary's words, else in the server's; what is wrong in the words of `say`. */
export function refusalText(
  refused: Refused,
  words: ConsoleWords,
  say: (problem: Problem, words: ConsoleWords) => string = problemText,
): string {
  const [problem] = refused.problems;
  if (refused.status === 0) return words.t("noReply");
  if (problem) return say(problem, words);
  return words.coded("problem_", refused.code) ?? refused.message;
}

/** Those at a place or below it. */
export function at(checked: Checked, path: string): Checked {
  const here = (problem: Problem): boolean =>
    problem.path === path || problem.path.startsWith(`${path}/`);
  return { problems: checked.problems.filter(here), warnings: checked.warnings.filter(here) };
}

/** In the dictionary's words, else in the server's. */
export function problemText(problem: Problem, words: ConsoleWords): string {
  const { value } = problem.values;
  const said = words.coded("check_", problem.code, {
    ...problem.values,
    ...(problem.code === "unknownTier" ? { value: words.tier(String(value)) } : {}),
  });
  // A value the server did not give would leave a hole in the sentence.
  const places = [...(words.coded("check_", problem.code) ?? "").matchAll(/\{(\w+)\}/g)];
  const isWhole = places.every(([, name = ""]) => Object.hasOwn(problem.values, name));
  return said === null || !isWhole ? problem.message : said;
}

/** For {@link problemList}. */
export const problemStyles = css`
  .told {
    display: grid;
    gap: 4px;
    font-size: 14px;
  }
  .told li {
    display: flex;
    gap: 8px;
    align-items: flex-start;
    color: var(--warn);
  }
  .told li.problem {
    color: var(--bad);
  }
  .told svg.i {
    width: 16px;
    height: 16px;
    margin-top: 2px;
  }
`;

/** A list of them, each in the words of `say`; nothing when there is nothing to say. */
export function problemList(
  checked: Checked,
  words: ConsoleWords,
  say: (problem: Problem, words: ConsoleWords) => string = problemText,
): TemplateResult {
  const all = [
    ...checked.problems.map((problem) => ({ problem, kind: "problem" })),
    ...checked.warnings.map((problem) => ({ problem, kind: "warning" })),
  ];
  return all.length === 0
    ? html``
    : html`<ul class="told">
        ${all.map(
          ({ problem, kind }) =>
            html`<li class=${kind}>${icon("warning")}<span>${say(problem, words)}</span></li>`,
        )}
      </ul>`;
}
