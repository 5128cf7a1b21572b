import { css } from "lit";

/** Pages that keep a list of things and a form to add one: the do-not-call list, the trunks. */
export const registerStyles = css`
  :host {
    display: grid;
    gap: 14px;
    max-width: 860px;
  }
  .panel {
    display: grid;
    gap: 10px;
    padding: 16px 20px 18px;
  }
  h2 {
    font-size: 17px;
    font-weight: 650;
    color: var(--ink);
  }
  .head {
    display: flex;
    flex-wrap: wrap;
    gap: 6px 12px;
    align-items: center;
  }
  form {
    display: grid;
    gap: 12px;
  }
  @media (max-width: 600px) {
    .panel {
      padding: 14px;
    }
  }
`;
