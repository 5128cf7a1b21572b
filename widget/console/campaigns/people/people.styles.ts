import { css } from "lit";

export const peopleStyles = css`
  :host {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 14px;
    container: people / inline-size;
  }
  section,
  search {
    display: grid;
    gap: 8px;
    padding: 16px 20px 18px;
    align-content: start;
    min-width: 0;
  }
  h2 {
    font-size: 17px;
    font-weight: 650;
    color: var(--ink);
    letter-spacing: -0.01em;
  }
  .hint {
    font-size: 14px;
    color: var(--ink-3);
    max-width: 68ch;
  }
  .unknown {
    border-color: var(--warn);
  }
  search label {
    max-width: 480px;
  }
  .plan {
    display: grid;
    grid-template-columns: repeat(3, minmax(0, 1fr));
    gap: 14px;
    align-items: start;
  }
  li {
    display: grid;
    gap: 2px;
    padding: 8px 0;
    border-top: 1px solid var(--line);
  }
  li:first-child {
    border-top: 0;
    padding-top: 0;
  }
  .who {
    display: flex;
    flex-wrap: wrap;
    gap: 0 10px;
    align-items: baseline;
  }
  .name {
    font-weight: 600;
  }
  .who .muted,
  .when {
    font-size: 13px;
    color: var(--ink-3);
  }
  .when {
    display: flex;
    flex-wrap: wrap;
    gap: 0 10px;
  }
  .why {
    font-size: 14px;
    color: var(--ink-2);
  }
  .more {
    justify-self: start;
  }
  .tries {
    display: flex;
    flex-wrap: wrap;
    gap: 2px 14px;
    font-size: 14px;
  }
  @container people (max-width: 860px) {
    .plan {
      grid-template-columns: minmax(0, 1fr);
    }
  }
`;
