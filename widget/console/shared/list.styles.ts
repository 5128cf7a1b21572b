import { css } from "lit";

/** A list of things that wait for somebody: which of them, each in a panel with its facts and its deeds. */
export const listStyles = css`
  ul.list {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 10px;
  }
  li.panel {
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto;
    gap: 4px 20px;
    padding: 12px 18px;
    align-items: center;
  }
  li.panel > .whole {
    grid-column: 1 / -1;
  }
  li.late {
    border-color: var(--warn);
  }
  .who {
    display: flex;
    flex-wrap: wrap;
    gap: 2px 10px;
    align-items: center;
  }
  .facts {
    display: flex;
    flex-wrap: wrap;
    gap: 0 16px;
    font-size: 14px;
    color: var(--ink-3);
  }
  .facts .bad {
    color: var(--bad);
  }
  .badge.bad {
    background: var(--bad-soft);
    color: var(--bad);
    border-color: transparent;
  }
  .badge.warn {
    background: var(--warn-soft);
    color: var(--warn);
    border-color: transparent;
  }
  .badge.good {
    background: var(--accent-soft);
    color: var(--accent-ink);
    border-color: transparent;
  }
  .deeds {
    display: flex;
    flex-wrap: wrap;
    gap: 6px;
    justify-content: flex-end;
  }
  .deeds select {
    width: auto;
    max-width: 200px;
    font-size: 14px;
  }
  .views {
    display: flex;
    flex-wrap: wrap;
    gap: 4px;
    align-items: center;
  }
  .views .btn[aria-pressed="true"] {
    background: var(--accent-soft);
    border-color: transparent;
    color: var(--accent-ink);
  }
  .filters {
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
    align-items: end;
  }
  .filters select,
  .filters input {
    width: auto;
    max-width: 100%;
    font-size: 14px;
  }
  .filters input[type="search"] {
    width: min(320px, 100%);
  }
  .more {
    justify-self: start;
  }
  h2 {
    font-size: 17px;
    font-weight: 650;
    letter-spacing: -0.01em;
    color: var(--ink);
  }
  .lead {
    color: var(--ink-2);
    max-width: 72ch;
  }
  @container page (max-width: 700px) {
    li.panel {
      grid-template-columns: minmax(0, 1fr);
      padding: 12px 14px;
    }
    .deeds {
      justify-content: flex-start;
    }
  }
`;
