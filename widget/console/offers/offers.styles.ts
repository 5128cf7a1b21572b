import { css } from "lit";
import { editingStyles } from "../shared/editing.styles.ts";

const own = css`
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
  .add {
    max-width: 160px;
    justify-self: start;
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
`;

/** What the offers' pages share beside the look of settings in sentences. */
export const offersStyles = [editingStyles, own];
