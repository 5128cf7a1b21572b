import { css } from "lit";

export const ruleStyles = css`
  :host {
    display: block;
  }
  article {
    padding: 14px 16px 16px 12px;
    display: grid;
    gap: 10px;
  }
  header {
    display: flex;
    align-items: center;
    gap: 8px;
  }
  .handle {
    display: grid;
    place-items: center;
    width: 28px;
    height: 36px;
    border-radius: var(--radius-s);
    color: var(--ink-3);
    cursor: grab;
    touch-action: none;
    flex: none;
  }
  .handle:hover {
    background: var(--sunken);
    color: var(--ink);
  }
  .handle svg.i {
    stroke-width: 2.4;
  }
  .number {
    font-weight: 650;
    color: var(--ink-3);
    min-width: 16px;
    text-align: center;
  }
  .name {
    flex: 1;
    font-size: 18px;
    font-weight: 650;
    letter-spacing: -0.01em;
    border-color: transparent;
    background: none;
    padding-left: 6px;
  }
  .name:hover:not([readonly]) {
    border-color: var(--line);
  }
  .name:focus {
    border-color: var(--line-strong);
    background: var(--raised);
  }
  .switch {
    display: inline-flex;
    gap: 8px;
    align-items: center;
    font-size: 13px;
    color: var(--ink-3);
    white-space: nowrap;
    min-height: var(--tap);
  }
  .switch input {
    appearance: none;
    width: 34px;
    height: 20px;
    padding: 0;
    border: 0;
    border-radius: 99px;
    background: var(--line-strong);
    position: relative;
    cursor: pointer;
    transition: background 0.12s;
  }
  .switch input::after {
    content: "";
    position: absolute;
    top: 3px;
    left: 3px;
    width: 14px;
    height: 14px;
    border-radius: 50%;
    background: var(--raised);
    transition: translate 0.12s;
  }
  .switch input:checked {
    background: var(--accent);
  }
  .switch input:checked::after {
    translate: 14px 0;
  }
  .menu {
    position: relative;
  }
  .sentence {
    display: grid;
    gap: 8px;
    padding-left: 60px;
  }
  .off .sentence,
  .off .name {
    color: var(--ink-3);
  }
  .told {
    padding-left: 60px;
  }
  .line {
    display: flex;
    gap: 8px;
    align-items: baseline;
  }
  .line callcard-console-condition {
    min-width: 0;
  }
  .word {
    color: var(--ink-3);
    min-width: 44px;
    flex: none;
  }
  .then {
    display: grid;
    gap: 2px;
    padding-top: 8px;
    border-top: 1px solid var(--line);
    line-height: 34px;
  }
  .say {
    display: flex;
    flex-wrap: wrap;
    gap: 0 8px;
    align-items: baseline;
  }
  .message {
    flex: 1 1 200px;
  }
  .skip {
    display: inline-flex;
    gap: 8px;
    align-items: center;
    width: fit-content;
  }
  .skip input {
    width: 16px;
    height: 16px;
  }
  @container rules (max-width: 560px) {
    .sentence,
    .told {
      padding-left: 6px;
    }
    .switch span {
      position: absolute;
      clip-path: inset(50%);
    }
    .line {
      flex-wrap: wrap;
      gap: 0 8px;
    }
    .word {
      min-width: 0;
    }
  }
`;
