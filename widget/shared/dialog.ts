import { css } from "lit";

/** The look of a modal `dialog` and its heading. */
export const dialogStyles = css`
  dialog {
    color: var(--ink);
    background: var(--raised);
    border: 1px solid var(--line);
    border-radius: calc(var(--radius) * 1.4);
    box-shadow: var(--shadow-high);
  }
  dialog::backdrop {
    background: rgb(20 18 12 / 0.45);
  }
  h2 {
    font-weight: 650;
    color: var(--ink);
    letter-spacing: -0.01em;
  }
`;
