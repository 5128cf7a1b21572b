/** The page behind a message's link, as HTML that needs no script. Pure. */
import { LANGUAGES, type Language } from "../asking/language.ts";
import { PAGE } from "../asking/words.ts";

/** What the page shows. */
export type RatingPage =
  | {
      readonly shows: "question";
      /** Sent without a number: what was written stays. */
      readonly missing: boolean;
      readonly comment: string;
    }
  | { readonly shows: "thanks"; readonly score: number }
  | { readonly shows: "gone" }
  | { readonly shows: "tooMany" }
  | { readonly shows: "broken" };

const NAMES: Readonly<Record<Language, string>> = {
  ru: "Русский",
  uk: "Українська",
  en: "English",
};
const SCORES = Array.from({ length: 11 }, (_, score) => score);

export function ratingPage(page: RatingPage, language: Language): string {
  const words = PAGE[language];
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${escaped(words.title)}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/rate.css">
</head>
<body>
<main>
${bodyOf(page, language)}
</main>
<nav>${LANGUAGES.map((one) =>
    one === language
      ? `<span lang="${one}" aria-current="true">${NAMES[one]}</span>`
      : `<a lang="${one}" hreflang="${one}" href="?lang=${one}">${NAMES[one]}</a>`,
  ).join(" ")}</nav>
</body>
</html>
`;
}

function bodyOf(page: RatingPage, language: Language): string {
  const words = PAGE[language];
  const say = (head: string, ...rest: readonly string[]) =>
    [`<h1>${escaped(head)}</h1>`, ...rest.map((text) => `<p>${escaped(text)}</p>`)].join("\n");
  if (page.shows === "thanks") return say(words.thanks, words.answered(page.score), words.close);
  if (page.shows === "gone") return say(words.gone, words.goneWhy);
  if (page.shows === "tooMany") return say(words.tooMany, words.later);
  if (page.shows === "broken") return say(words.broken, words.later);
  const scores = SCORES.map(
    (score) =>
      `<label><input type="radio" name="score" value="${score}" required><span>${score}</span></label>`,
  );
  return `<form method="post" action="?lang=${language}">
<fieldset>
<legend><h1>${escaped(words.question)}</h1></legend>
<div class="scores">${scores.join("")}</div>
<p class="ends"><span>${escaped(words.least)}</span><span>${escaped(words.most)}</span></p>
</fieldset>
${page.missing ? `<p class="problem" role="alert">${escaped(words.missing)}</p>` : ""}
<label class="comment">${escaped(words.comment)}
<textarea name="comment" rows="3" maxlength="2000">${escaped(page.comment)}</textarea></label>
<button type="submit">${escaped(words.send)}</button>
</form>`;
}

function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

/** Its style, served beside it: the policy of contents lets nothing in that stands in the page itself. */
export const RATING_STYLE = `:root {
  color-scheme: light dark;
  --back: light-dark(#f5f6f8, #15171b);
  --card: light-dark(#fff, #1e2126);
  --text: light-dark(#1b1f24, #eceff3);
  --soft: light-dark(#56606b, #a9b3bf);
  --line: light-dark(#b4bcc6, #4a525d);
  --own: light-dark(#1a5fd0, #7db0ff);
  --on-own: light-dark(#fff, #0d1420);
  --bad: light-dark(#b3261e, #ff9a92);
}
* { box-sizing: border-box; }
body {
  margin: 0;
  min-height: 100vh;
  display: grid;
  align-content: center;
  justify-items: center;
  gap: 16px;
  padding: 16px;
  background: var(--back);
  color: var(--text);
  font: 17px/1.45 system-ui, sans-serif;
}
main {
  width: 100%;
  max-width: 560px;
  padding: 24px;
  border-radius: 16px;
  background: var(--card);
  box-shadow: 0 1px 3px rgb(0 0 0 / 15%);
}
h1 { margin: 0; font-size: 22px; line-height: 1.3; }
p { margin: 8px 0 0; }
form { display: grid; gap: 16px; }
fieldset { border: 0; margin: 0; padding: 0; min-width: 0; }
legend { padding: 0; margin-bottom: 16px; }
.scores { display: grid; grid-template-columns: repeat(11, 1fr); gap: 6px; }
.scores label { position: relative; display: grid; }
.scores input { position: absolute; inset: 0; margin: 0; opacity: 0; cursor: pointer; }
.scores span {
  display: grid;
  place-items: center;
  min-height: 44px;
  border: 1px solid var(--line);
  border-radius: 10px;
  font-weight: 600;
}
.scores input:checked + span { background: var(--own); border-color: var(--own); color: var(--on-own); }
.scores input:focus-visible + span { outline: 3px solid var(--own); outline-offset: 2px; }
.ends { display: flex; justify-content: space-between; gap: 12px; color: var(--soft); font-size: 15px; }
.problem { margin: 0; color: var(--bad); font-weight: 600; }
.comment { display: grid; gap: 6px; color: var(--soft); font-size: 15px; }
textarea {
  font: inherit;
  font-size: 17px;
  padding: 10px;
  border: 1px solid var(--line);
  border-radius: 10px;
  background: transparent;
  color: var(--text);
  resize: vertical;
}
button {
  font: inherit;
  font-weight: 600;
  min-height: 48px;
  border: 0;
  border-radius: 10px;
  background: var(--own);
  color: var(--on-own);
  cursor: pointer;
}
button:focus-visible, textarea:focus-visible, a:focus-visible { outline: 3px solid var(--own); outline-offset: 2px; }
nav { display: flex; gap: 16px; font-size: 15px; color: var(--soft); }
nav a { color: var(--own); padding: 8px 0; }
nav span { padding: 8px 0; }
@media (max-width: 480px) {
  main { padding: 20px 16px; }
  .scores { grid-template-columns: repeat(6, 1fr); }
}
`;
