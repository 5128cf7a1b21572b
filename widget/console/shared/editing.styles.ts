/** The look of settings that are edited as sentences: parts, lines, ticks, and the bar that saves them. */
import { css } from "lit";

export const editingStyles = css`
  :host {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 14px;
    container: editing / inline-size;
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
    width: 180px;
    max-width: 100%;
  }
  .inline.wide {
    width: min(420px, 100%);
  }
  .inline.time {
    width: 66px;
    text-align: center;
  }
  .inline[type="date"],
  .inline[type="datetime-local"] {
    width: auto;
  }
  select.inline {
    max-width: 100%;
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
  .hours .day {
    display: grid;
    grid-template-columns: 250px minmax(0, 1fr);
    gap: 0 12px;
    align-items: baseline;
    min-height: 38px;
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
  @container editing (max-width: 600px) {
    section,
    article {
      padding: 14px;
    }
    .hours .day {
      grid-template-columns: minmax(0, 1fr);
    }
  }
`;
