import { css } from "lit";
import { editingStyles } from "../../shared/editing.styles.ts";

const own = css`
  :host {
    max-width: 860px;
  }
  textarea[aria-invalid="true"] {
    border-color: var(--bad);
  }
  .retries {
    display: grid;
    gap: 0;
  }
  .retries li {
    display: grid;
    grid-template-columns: 190px minmax(0, 1fr);
    gap: 2px 12px;
    padding: 5px 0;
    border-bottom: 1px solid var(--line);
    align-items: baseline;
  }
  .retries .told {
    grid-column: 1 / -1;
  }
  .outcome {
    color: var(--ink-2);
  }
  .steps {
    display: flex;
    flex-wrap: wrap;
    gap: 4px 6px;
    align-items: center;
  }
  .step {
    display: inline-flex;
    align-items: center;
    gap: 2px;
    padding: 0 3px 0 11px;
    min-height: 32px;
    border-radius: 99px;
    background: var(--accent-soft);
    color: var(--accent-ink);
    font-size: 14px;
    white-space: nowrap;
  }
  .step .inline {
    width: 62px;
    min-height: 26px;
    font-size: 14px;
    margin: 0 4px;
    border-bottom: 0;
    border-radius: 6px;
    background: var(--surface);
  }
  .step button {
    display: grid;
    place-items: center;
    width: 26px;
    height: 26px;
    border-radius: 50%;
  }
  .step svg.i {
    width: 12px;
    height: 12px;
  }
  .add {
    max-width: 104px;
  }
  .reach {
    padding: 2px 14px 10px;
    margin: 6px 0;
    background: var(--sunken);
    border-radius: var(--radius-s);
  }
  .reach ul {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(min(300px, 100%), 1fr));
    gap: 2px 24px;
    padding-top: 4px;
    font-size: 14px;
  }
  .reach li {
    display: flex;
    flex-wrap: wrap;
    justify-content: space-between;
    gap: 0 12px;
    color: var(--ink-3);
  }
  .reach .open {
    color: var(--ink);
  }
  .reach .open span:last-child {
    color: var(--accent-ink);
    font-weight: 600;
  }
  .ends {
    display: grid;
  }
  .end {
    display: grid;
    grid-template-columns: repeat(3, minmax(0, 1fr)) auto;
    gap: 4px 10px;
    padding: 8px 0 10px;
    border-bottom: 1px solid var(--line);
    align-items: center;
  }
  .ends .label {
    display: flex;
    gap: 6px;
    align-items: baseline;
    min-width: 0;
  }
  .ends .label > span {
    font-size: 12px;
    color: var(--ink-3);
  }
  .ends .inline {
    width: 100%;
    font-weight: 500;
    font-size: 14px;
    color: var(--ink);
  }
  .ends .effect {
    grid-column: 1 / 4;
    grid-row: 2;
    display: flex;
    flex-wrap: wrap;
    gap: 4px 12px;
    align-items: center;
    padding-left: 20px;
  }
  .ends .effect .inline {
    width: auto;
  }
  .ends .code .inline {
    font-size: 13px;
    color: var(--ink-3);
  }
  .ends .btn {
    grid-column: 4;
    grid-row: 1;
  }
  .ends .told {
    grid-column: 1 / -1;
  }
  .addEnd {
    justify-self: start;
    margin-top: 6px;
  }
  @media (pointer: coarse) {
    .step .inline,
    .step button {
      min-height: 44px;
      min-width: 36px;
    }
  }
  @container editing (max-width: 600px) {
    .retries li {
      grid-template-columns: minmax(0, 1fr);
    }
    .end {
      grid-template-columns: minmax(0, 1fr) auto;
    }
    .ends .label {
      grid-column: 1;
    }
    .ends .effect {
      grid-column: 1 / -1;
      grid-row: auto;
    }
    .ends .btn {
      grid-column: 2;
    }
  }
`;

/** The editor of a campaign beside the look of settings in sentences. */
export const editorStyles = [editingStyles, own];
