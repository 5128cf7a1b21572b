import { html, nothing, type TemplateResult } from "lit";
import type { Claim } from "../../server/followups/model.ts";
import type { DeskContext } from "../shared/context.ts";
import { icon } from "../shared/icons.ts";
import type { Locale } from "../shared/locale.ts";

/** True while somebody works on it, or should. */
export function isOpen({ status }: Claim): boolean {
  return status !== "solved" && status !== "rejected";
}

/** `Повреждён, Турка медная`, or the subject of a letter. */
export function claimWords(claim: Claim, locale: Locale): string {
  const what = claim.kind ? locale.t(`claim_${claim.kind}`) : claim.subject;
  return [what, claim.lineName].filter(Boolean).join(", ");
}

/** The open claims of somebody, above everything else: they are what the call is probably about. */
export function openClaims(
  claims: readonly Claim[],
  { locale, clock }: DeskContext,
): TemplateResult | typeof nothing {
  const open = claims.filter(isOpen);
  if (open.length === 0) return nothing;
  const { t } = locale;
  return html`<ul class="open-claims" aria-label=${t("claimsTitle")}>
    ${open.slice(0, 3).map(
      (claim) =>
        html`<li class="notice ${claim.late ? "bad" : ""}">
          ${icon("warning")}<span
            ><bdi><strong>${claim.number}</strong> ${claimWords(claim, locale)}</bdi><br /><span
              class="small"
              >${[
                claim.status ? t(`claimStatus_${claim.status}`) : "",
                claim.late
                  ? t("claimLate")
                  : claim.deadlineAt
                    ? t("claimDue", { date: locale.date(claim.deadlineAt, clock.nowMs()) })
                    : "",
                claim.answer,
              ]
                .filter(Boolean)
                .join(", ")}</span
            ></span
          >
        </li>`,
    )}
  </ul>`;
}

/** Claims that are settled, newest first. */
export function settledClaims(
  claims: readonly Claim[],
  { locale, clock }: DeskContext,
): TemplateResult | typeof nothing {
  const settled = claims.filter((claim) => !isOpen(claim)).slice(0, 3);
  if (settled.length === 0) return nothing;
  const { t } = locale;
  return html`<section aria-labelledby="claims">
    <h2 id="claims">${t("claimsTitle")}</h2>
    <ul class="rows">
      ${settled.map(
        (claim) =>
          html`<li class="past">
            <p class="line">
              <bdi>${claim.number} ${claimWords(claim, locale)}</bdi>
              <span class="meta">${locale.date(claim.openedAt, clock.nowMs())}</span>
            </p>
            <p class="meta">
              <bdi
                >${[t(`claimStatus_${claim.status}`), claim.answer].filter(Boolean).join(", ")}</bdi
              >
            </p>
          </li>`,
      )}
    </ul>
  </section>`;
}
