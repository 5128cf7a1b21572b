import { css } from "lit";

export const liveStyles = css`
  :host {
    display: block;
    container: live / inline-size;
  }
  section {
    padding: 18px 22px 20px;
    display: grid;
    gap: 12px;
  }
  header {
    display: flex;
    flex-wrap: wrap;
    gap: 6px 12px;
    align-items: center;
  }
  h2 {
    font-size: 20px;
    font-weight: 650;
    letter-spacing: -0.01em;
  }
  h2 a {
    color: var(--ink);
    text-decoration-color: var(--line-strong);
  }
  .badge.running {
    background: var(--accent-soft);
    color: var(--accent-ink);
    border-color: transparent;
  }
  .badge.paused {
    background: var(--warn-soft);
    color: var(--warn);
    border-color: transparent;
  }
  .deeds {
    display: flex;
    gap: 8px;
    margin-left: auto;
  }
  h3 {
    font-size: 13px;
    font-weight: 600;
    color: var(--ink-3);
  }
  .columns {
    display: grid;
    grid-template-columns: minmax(0, 1.15fr) minmax(0, 1fr) minmax(0, 1.25fr);
    gap: 16px 32px;
    align-items: start;
  }
  .part {
    display: grid;
    gap: 6px;
    align-content: start;
    min-width: 0;
  }
  .part p + h3,
  .part .btn + h3 {
    margin-top: 8px;
  }
  .flow {
    display: grid;
    gap: 0;
  }
  .flow > div {
    display: flex;
    justify-content: space-between;
    align-items: baseline;
    gap: 12px;
    padding: 4px 0;
    border-bottom: 1px solid var(--line);
  }
  .flow dt {
    color: var(--ink-2);
  }
  .flow dd {
    font-size: 18px;
    font-weight: 650;
  }
  .flow .none dd {
    color: var(--ink-3);
    font-weight: 500;
  }
  .flow .talking:not(.none) dd {
    color: var(--accent-ink);
  }
  .flow .waiting:not(.none) dd {
    color: var(--warn);
  }
  .operators {
    display: flex;
    flex-wrap: wrap;
    gap: 2px 14px;
  }
  .operators .ready {
    color: var(--accent-ink);
    font-weight: 600;
  }
  table {
    border-collapse: collapse;
    width: 100%;
    font-size: 14px;
  }
  th,
  td {
    padding: 4px 0 4px 10px;
    text-align: right;
    font-weight: 400;
    border-bottom: 1px solid var(--line);
  }
  thead th {
    font-size: 13px;
    color: var(--ink-3);
    vertical-align: bottom;
  }
  tr > :first-child {
    text-align: left;
    padding-left: 0;
  }
  tbody td {
    font-weight: 600;
  }
  td .of {
    display: inline-block;
    min-width: 28px;
    color: var(--ink-3);
    font-weight: 400;
    font-size: 13px;
  }
  td.none {
    color: var(--ink-3);
    font-weight: 400;
  }
  td.over {
    color: var(--bad);
  }
  .btn.ledger {
    width: fit-content;
    margin-left: -14px;
    font-size: 13px;
    color: var(--accent-ink);
  }
  .outcomes {
    display: flex;
    flex-wrap: wrap;
    gap: 6px;
    font-size: 13px;
  }
  .outcomes li {
    padding: 2px 10px;
    border-radius: 99px;
    background: var(--sunken);
    color: var(--ink-2);
  }
  .outcomes b {
    color: var(--ink);
    font-weight: 650;
    padding-left: 2px;
  }
  .outcomes .talked {
    background: var(--accent-soft);
    color: var(--accent-ink);
  }
  .outcomes .talked b {
    color: inherit;
  }
  @container live (max-width: 980px) {
    .columns {
      grid-template-columns: minmax(0, 1fr) minmax(0, 1fr);
    }
    .wide {
      grid-column: 1 / -1;
    }
  }
  @container live (max-width: 560px) {
    section {
      padding: 14px 14px 16px;
    }
    .columns {
      grid-template-columns: minmax(0, 1fr);
    }
    .deeds {
      margin-left: 0;
      width: 100%;
    }
    .deeds .btn {
      flex: 1;
    }
    th,
    td {
      padding-left: 6px;
    }
    td .of {
      min-width: 0;
    }
  }
`;
