import { css } from "lit";

/** What to say about an order. */
export const offersStyles = css`
  :host {
    display: block;
    min-width: 0;
  }
  /* Room for the first offers, so that nothing below moves when they come. */
  section {
    display: grid;
    align-content: start;
    gap: 8px;
    min-height: 340px;
  }
  .head {
    display: flex;
    flex-wrap: wrap;
    justify-content: space-between;
    gap: 2px 12px;
  }
  li {
    display: grid;
    gap: 4px;
    padding: 10px 0 12px;
    border-top: 1px solid var(--line);
  }
  li:first-child {
    border-top: 0;
  }
  .what {
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto;
    gap: 2px 12px;
    align-items: baseline;
  }
  .name {
    font-weight: 600;
  }
  .price {
    font-weight: 600;
    text-align: right;
    white-space: nowrap;
  }
  .price s,
  .meta {
    font-weight: 400;
    font-size: 13px;
    color: var(--ink-3);
  }
  .kind {
    font-size: 12px;
    font-weight: 600;
    color: var(--cool);
  }
  .kind.needed {
    color: var(--warn);
  }
  .because {
    font-size: 14px;
    color: var(--ink-2);
  }
  .saying {
    font-size: 14px;
    padding-left: 10px;
    border-left: 3px solid var(--cool);
  }
  .answers {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 6px;
    padding-top: 4px;
  }
  .answers .btn {
    min-height: 30px;
    padding: 3px 10px;
    font-size: 13px;
  }
  .take {
    background: var(--accent-soft);
    border-color: transparent;
    color: var(--accent-ink);
  }
  .answers .icon {
    width: 30px;
    padding: 0;
  }
  .said {
    display: flex;
    gap: 6px;
    align-items: center;
    font-size: 13px;
    color: var(--ink-3);
  }
  .said.accepted {
    color: var(--accent-ink);
  }
  .skeleton {
    display: grid;
    gap: 14px;
    padding-top: 10px;
  }
  .skeleton i {
    height: 16px;
    border-radius: 6px;
    background: var(--sunken);
  }
  .skeleton i:nth-child(3n) {
    width: 55%;
  }
  .nothing {
    color: var(--ink-3);
  }
  .problem {
    color: var(--bad);
    font-size: 13px;
  }
  @container card (max-width: 659px) {
    section {
      min-height: 180px;
    }
  }
`;
