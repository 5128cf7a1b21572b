import { css } from "lit";

/** The order that is talked about. Its frame is the same before and after its details are there, so that nothing jumps. */
export const orderStyles = css`
  :host {
    display: block;
  }
  section {
    display: grid;
    gap: 12px;
  }
  .head {
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto;
    gap: 2px 16px;
    align-items: baseline;
  }
  .head h2 {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 4px 10px;
    font-size: 18px;
    font-weight: 650;
    color: var(--ink);
    min-width: 0;
  }
  .head .sum {
    font-size: 18px;
    font-weight: 650;
    white-space: nowrap;
    text-align: right;
  }
  /* Lines of their own: beside the heading they would squeeze it. */
  .head .when,
  .payment {
    grid-column: 1 / -1;
    font-size: 13px;
    color: var(--ink-3);
  }
  .payment strong {
    font-weight: 600;
  }
  .payment .paid {
    color: var(--accent-ink);
  }
  .payment .open {
    color: var(--warn);
  }
  .payment .back {
    color: var(--bad);
  }
  .rest {
    display: flex;
    justify-content: space-between;
    gap: 12px;
    font-size: 14px;
    color: var(--ink-2);
  }
  .lines {
    max-height: 340px;
    overflow: auto;
    scrollbar-width: thin;
    border-block: 1px solid var(--line);
  }
  .lines li {
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto minmax(76px, auto);
    gap: 2px 12px;
    align-items: center;
    min-height: 42px;
    padding: 4px 0;
    border-top: 1px solid var(--line);
  }
  .lines li:first-child {
    border-top: 0;
  }
  .lines .name small {
    font-size: 12px;
    color: var(--ink-3);
    white-space: nowrap;
  }
  .lines .name .none {
    color: var(--bad);
  }
  .lines .cost {
    text-align: right;
    white-space: nowrap;
  }
  .lines .changed {
    font-weight: 600;
  }
  .lines .out .name bdi,
  .lines .out .cost {
    text-decoration: line-through;
    color: var(--ink-3);
  }
  .count {
    display: inline-flex;
    align-items: center;
    white-space: nowrap;
    color: var(--ink-2);
  }
  .count button {
    width: 30px;
    height: 30px;
    border-radius: 8px;
    text-align: center;
    font-size: 18px;
    line-height: 1;
    color: var(--ink-2);
  }
  .count button:hover:not(:disabled) {
    background: var(--sunken);
    color: var(--ink);
  }
  .count input {
    width: 46px;
    min-height: 30px;
    padding: 2px 4px;
    text-align: center;
    appearance: textfield;
  }
  /* The steps stand beside it; their room is the number's. */
  .count input::-webkit-inner-spin-button {
    appearance: none;
    margin: 0;
  }
  .change {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 8px 12px;
    padding: 10px 12px;
    border-radius: var(--radius-s);
    background: var(--accent-soft);
  }
  .change p {
    flex: 1 1 160px;
    font-weight: 550;
  }
  .deeds {
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
    min-height: var(--tap);
  }
  .told {
    display: grid;
    gap: 6px;
  }
  .told:not(:has(.notice)) {
    display: none;
  }
  .told .notice {
    flex-wrap: wrap;
  }
  .told .notice > span {
    flex: 1 1 200px;
    min-width: 0;
  }
  .told bdi {
    font-weight: 600;
  }
  .going {
    display: grid;
    gap: 2px;
    font-size: 14px;
  }
  .going dt {
    font-size: 13px;
    color: var(--ink-3);
  }
  .going div {
    display: grid;
    grid-template-columns: 96px minmax(0, 1fr);
    gap: 4px 12px;
    align-items: baseline;
  }
  .going dd {
    margin: 0;
  }
  .going summary {
    font-size: 13px;
    color: var(--ink-3);
    cursor: pointer;
  }
  .steps li {
    display: inline;
  }
  .steps li + li::before {
    content: " → ";
    color: var(--ink-3);
  }
  .box {
    display: grid;
    gap: 12px;
    padding: 14px;
    border: 1px solid var(--line);
    border-radius: var(--radius-s);
    background: var(--sunken);
  }
  .box h3 {
    font-size: 15px;
    font-weight: 600;
  }
  .row {
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
    align-items: center;
  }
  .found {
    max-height: 260px;
    overflow: auto;
    scrollbar-width: thin;
  }
  .found button {
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto;
    gap: 0 12px;
    width: 100%;
    padding: 7px 10px;
    border-radius: var(--radius-s);
  }
  .found button:hover {
    background: var(--accent-soft);
  }
  .found small {
    font-size: 12px;
    color: var(--ink-3);
  }
  .link {
    color: var(--ink-2);
    text-decoration: underline;
    text-underline-offset: 3px;
    min-height: 24px;
    font-size: 13px;
  }
  .problem {
    color: var(--bad);
    font-size: 14px;
  }
  @container card (max-width: 460px) {
    .lines li {
      grid-template-columns: minmax(0, 1fr) auto;
    }
    .lines .name {
      grid-column: 1 / -1;
    }
    .going div {
      grid-template-columns: minmax(0, 1fr);
      gap: 0;
    }
  }
`;
