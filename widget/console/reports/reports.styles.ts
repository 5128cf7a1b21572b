import { css } from "lit";

export const reportsStyles = css`
  :host {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 14px;
    max-width: 1100px;
    margin-inline: auto;
    container: reports / inline-size;
  }
  h1 {
    font-size: 26px;
    line-height: 1.2;
    letter-spacing: -0.02em;
  }
  h2 {
    font-size: 17px;
    font-weight: 650;
    letter-spacing: -0.01em;
    color: var(--ink);
  }
  .bar {
    display: flex;
    flex-wrap: wrap;
    gap: 10px 14px;
    align-items: end;
  }
  .bar .field {
    width: auto;
    min-width: 150px;
  }
  section {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 10px;
    padding: 16px 20px 18px;
    min-width: 0;
  }
  header {
    display: flex;
    flex-wrap: wrap;
    gap: 8px 16px;
    align-items: center;
  }
  .by {
    display: flex;
    flex-wrap: wrap;
    min-width: 0;
    gap: 4px 8px;
    align-items: center;
    font-size: 14px;
    color: var(--ink-2);
  }
  .by select {
    width: auto;
    min-width: 0;
    max-width: 100%;
  }
  header .btn {
    margin-left: auto;
  }
  .scroll {
    overflow-x: auto;
  }
  table {
    width: 100%;
    border-collapse: collapse;
    font-size: 14px;
  }
  th,
  td {
    padding: 7px 0 7px 18px;
    text-align: right;
    white-space: nowrap;
    font-weight: 400;
    border-top: 1px solid var(--line);
  }
  thead th {
    border-top: 0;
    font-size: 13px;
    font-weight: 600;
    color: var(--ink-3);
  }
  th:first-child {
    text-align: left;
    padding-left: 0;
    white-space: normal;
    min-width: 160px;
  }
  tbody th {
    font-weight: 550;
  }
  tfoot th,
  tfoot td {
    font-weight: 650;
  }
  .hint {
    font-size: 14px;
    color: var(--ink-3);
    max-width: 72ch;
  }
  .verdict {
    font-size: 16px;
    max-width: 72ch;
  }
  .arms {
    font-size: 14px;
    color: var(--ink-2);
    display: grid;
    gap: 2px;
  }
  @container reports (max-width: 600px) {
    section {
      padding: 14px;
    }
    .bar .field {
      flex: 1;
      min-width: 120px;
    }
  }
`;
