import { css } from "lit";

/** Orders in a list. */
export const ordersStyles = css`
  .order .number.link {
    color: var(--ink);
    min-height: 24px;
  }
  .order .number.link:hover {
    color: var(--accent-ink);
  }
  .rows > li {
    padding: 10px 0;
    border-top: 1px solid var(--line);
  }
  .rows > li:first-child {
    border-top: 0;
  }
  .order {
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto;
    gap: 2px 16px;
    align-items: baseline;
  }
  .order .sum {
    font-weight: 600;
    text-align: right;
    white-space: nowrap;
  }
  .order .head {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 4px 10px;
    min-width: 0;
  }
  .order .number {
    font-weight: 600;
    overflow-wrap: anywhere;
  }
  .order .items,
  .order .when {
    font-size: 13px;
    color: var(--ink-3);
  }
  .order .when {
    text-align: right;
    white-space: nowrap;
  }
  .order .items {
    overflow-wrap: anywhere;
    display: -webkit-box;
    -webkit-box-orient: vertical;
    -webkit-line-clamp: 2;
    overflow: hidden;
  }
`;
