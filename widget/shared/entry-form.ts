import { css } from "lit";

/** A form that stands alone in the window before there is a screen: its heading (`h1`, `lead`) and what went wrong (`problem`). */
export const entryFormStyles = css`
  :host {
    display: grid;
    place-items: center;
    min-height: 100%;
    padding: 24px 16px;
  }
  form {
    display: grid;
    gap: 16px;
  }
  h1 {
    font-size: 26px;
    line-height: 1.2;
    font-weight: 650;
    letter-spacing: -0.02em;
  }
  .lead {
    color: var(--ink-2);
    margin-top: 6px;
  }
  .btn {
    min-height: 44px;
  }
  .problem {
    min-height: 24px;
  }
`;
