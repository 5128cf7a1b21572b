import { css } from "lit";

/** What the offers' pages share beside the look of controls in sentences. */
export const offersStyles = css`
  :host {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 14px;
    container: offers / inline-size;
  }
  section,
  article {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 8px;
    padding: 16px 20px 18px;
    min-width: 0;
  }
  h2 {
    font-size: 17px;
    font-weight: 650;
    letter-spacing: -0.01em;
    color: var(--ink);
  }
  h3 {
    font-size: 13px;
    font-weight: 600;
    color: var(--ink-3);
    margin-top: 8px;
  }
  .hint {
    font-size: 14px;
    color: var(--ink-3);
    max-width: 68ch;
  }
  .line,
  .tick {
    line-height: 36px;
  }
  .tick {
    display: flex;
    gap: 10px;
    align-items: baseline;
  }
  .tick input {
    flex: none;
    width: 16px;
    height: 16px;
    translate: 0 2px;
  }
  .off {
    color: var(--ink-3);
  }
  .inline.text {
    width: 170px;
    max-width: 100%;
  }
  .inline.wide {
    width: min(420px, 100%);
  }
  .inline[type="date"] {
    width: auto;
  }
  select.inline {
    max-width: 100%;
  }
  .condition {
    display: flex;
    gap: 4px;
    align-items: flex-start;
  }
  .condition .line {
    flex: 0 1 auto;
    min-width: 0;
  }
  .tool {
    display: grid;
    place-items: center;
    width: 30px;
    height: 34px;
    border-radius: var(--radius-s);
    color: var(--ink-3);
    flex: none;
  }
  .tool:hover {
    background: var(--sunken);
    color: var(--ink);
  }
  .tool svg.i {
    width: 16px;
    height: 16px;
  }
  .tool[aria-pressed="true"] {
    color: var(--accent-ink);
  }
  .days {
    display: inline-flex;
    flex-wrap: wrap;
    gap: 2px;
  }
  .day {
    padding: 0 7px;
    border-radius: 6px;
    font-size: 13px;
    line-height: 26px;
    color: var(--ink-3);
  }
  .day[aria-pressed="true"] {
    background: var(--accent-soft);
    color: var(--accent-ink);
    font-weight: 600;
  }
  .row {
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
    align-items: center;
  }
  .btn.small {
    white-space: normal;
    text-align: left;
    max-width: 100%;
    justify-self: start;
    padding: 2px 8px;
    min-height: 32px;
  }
  a.btn {
    text-decoration: none;
    width: fit-content;
  }
  .add {
    max-width: 160px;
    justify-self: start;
  }
  .save {
    position: sticky;
    bottom: -64px;
    z-index: 5;
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
    align-items: center;
    padding: 12px 16px;
    background: var(--raised);
    box-shadow: var(--shadow-high);
  }
  .save .btn[aria-disabled="true"] {
    background: var(--sunken);
    border-color: var(--line);
    color: var(--ink-3);
  }
  .save p {
    flex: 1;
    min-width: 180px;
    display: flex;
    gap: 8px;
    align-items: center;
    font-size: 14px;
    color: var(--ink-2);
  }
  .save p.bad {
    color: var(--bad);
  }
  @media (pointer: coarse) {
    .tool {
      width: 44px;
      height: 44px;
    }
    .day {
      min-width: 40px;
      line-height: 40px;
    }
  }
  @container offers (max-width: 600px) {
    section,
    article {
      padding: 14px;
    }
  }
`;
