import { css } from "lit";

/** Choices as chips: a radio button under each, so that arrow keys and screen readers know them. */
export const choiceStyles = css`
  fieldset {
    border: 0;
    margin: 0;
    padding: 0;
    min-width: 0;
    display: flex;
    flex-wrap: wrap;
    gap: 6px;
  }
  .choice {
    position: relative;
    display: inline-flex;
    max-width: 100%;
  }
  .choice input {
    position: absolute;
    inset: 0;
    width: 100%;
    height: 100%;
    opacity: 0;
    margin: 0;
    cursor: pointer;
  }
  .choice span {
    display: inline-flex;
    align-items: center;
    min-height: 32px;
    padding: 3px 12px;
    border: 1px solid var(--line-strong);
    border-radius: 99px;
    font-size: 14px;
    line-height: 1.25;
    background: var(--raised);
    overflow-wrap: anywhere;
  }
  .choice:hover span {
    border-color: var(--ink-3);
  }
  .choice input:checked + span {
    background: var(--accent);
    border-color: var(--accent);
    color: var(--on-accent);
    font-weight: 550;
  }
  .choice input:focus-visible + span {
    outline: 2px solid var(--accent);
    outline-offset: 2px;
  }
  .choice kbd {
    margin: 0 8px 0 -4px;
    min-width: 18px;
    height: 18px;
    padding: 0 4px;
    background: transparent;
    border-color: currentColor;
    color: inherit;
  }
  @media (hover: none) {
    .choice kbd {
      display: none;
    }
  }
`;
