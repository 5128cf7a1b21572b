import { html, type TemplateResult } from "lit";
import type { AbandonmentFigure, CampaignFigures } from "../../../../server/campaigns/rest.ts";
import type { ConsoleWords } from "../../words.ts";

const WINDOWS = ["day", "hours24", "days30"] as const;

/** Abandoned calls by the campaign's rule and in truth, beside each other and against the cap. */
export function abandonmentTable(
  { mostShare, ...windows }: CampaignFigures["abandonment"],
  words: ConsoleWords,
): TemplateResult {
  const { t } = words;
  const share = (figure: AbandonmentFigure, count: number): TemplateResult => {
    if (figure.answered === 0) return html`<td class="none">${t("camp_noAnswers")}</td>`;
    const value = count / figure.answered;
    return html`<td class=${value > mostShare ? "over" : ""}>
      ${words.percent(value, 2)} <span class="of">${words.number(count)}</span>
    </td>`;
  };
  return html`<table>
    <caption class="sr">
      ${t("camp_abandonment", { most: words.percent(mostShare) })}
    </caption>
    <thead>
      <tr>
        <td></td>
        <th scope="col">${t("camp_byRule")}</th>
        <th scope="col">${t("camp_inTruth")}</th>
        <th scope="col">${t("camp_answered")}</th>
      </tr>
    </thead>
    <tbody>
      ${WINDOWS.map((window) => {
        const figure = windows[window];
        return html`<tr>
          <th scope="row">${t(`camp_window_${window}`)}</th>
          ${share(figure, figure.abandonedByRule)} ${share(figure, figure.abandonedInTruth)}
          <td>${words.number(figure.answered)}</td>
        </tr>`;
      })}
    </tbody>
  </table>`;
}
