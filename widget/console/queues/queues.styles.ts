import { css } from "lit";

export const queuesStyles = css`
  :host {
    display: block;
  }
  .queues {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(min(420px, 100%), 1fr));
    gap: 16px;
    align-items: start;
  }
  :host > .notice,
  .notice {
    margin-bottom: 12px;
  }
  .queue {
    padding: 20px 12px 12px 24px;
    min-width: 0;
  }
  .queue header {
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto;
    align-items: baseline;
    gap: 2px 12px;
    padding-right: 12px;
    margin-bottom: 10px;
  }
  .queue h2 {
    font-size: 22px;
    font-weight: 650;
    letter-spacing: -0.01em;
    color: var(--ink);
  }
  .members {
    grid-row: 2;
    display: flex;
    flex-wrap: wrap;
    gap: 2px 12px;
    font-size: 13px;
    color: var(--ink-3);
  }
  .members .ready {
    color: var(--accent-ink);
    font-weight: 600;
  }
  .waiting {
    font-size: 13px;
    color: var(--ink-3);
  }
  .on-pbx {
    border-top: 1px solid var(--line);
    padding-top: 12px;
  }
  .on-pbx h3 {
    font-size: 16px;
    font-weight: 650;
    color: var(--ink);
  }
  .preferring {
    font-size: 13px;
    font-weight: 600;
    color: var(--ink-2);
    padding: 8px 12px 2px 0;
  }
  .queue .notice {
    margin: 0 12px 8px 0;
  }
  .nobody,
  .empty {
    color: var(--ink-3);
    padding: 4px 0 10px;
  }
  li {
    padding: 4px 0 8px;
    position: relative;
  }
  li + li {
    border-top: 1px solid var(--line);
  }
  .caller {
    display: grid;
    grid-template-columns: 24px minmax(0, 1fr) auto auto;
    gap: 8px;
    align-items: center;
  }
  .position {
    font-size: 15px;
    font-weight: 650;
    color: var(--ink-3);
  }
  li:first-child .position {
    color: var(--accent-ink);
  }
  .who {
    display: grid;
    gap: 1px;
    padding: 6px 8px;
    margin-left: -8px;
    border-radius: var(--radius-s);
    min-width: 0;
  }
  .who:hover {
    background: var(--sunken);
  }
  .name {
    display: flex;
    flex-wrap: wrap;
    align-items: baseline;
    gap: 0 10px;
    font-weight: 600;
  }
  .tier {
    font-size: 13px;
    font-weight: 550;
    color: var(--ink-2);
    white-space: nowrap;
  }
  .tier::before {
    content: "";
    display: inline-block;
    width: 8px;
    height: 8px;
    border-radius: 50%;
    margin-right: 5px;
    background: var(--line-strong);
  }
  .tier[data-tier="gold"]::before {
    background: #d09a1e;
  }
  .tier[data-tier="platinum"]::before {
    background: #7d93a8;
  }
  .tier[data-tier="bronze"]::before {
    background: #b06f3c;
  }
  .tier.vip::before {
    background: var(--accent);
  }
  .rule {
    display: flex;
    flex-wrap: wrap;
    gap: 0 10px;
    font-size: 13px;
    color: var(--ink-3);
  }
  .mark {
    display: inline-flex;
    align-items: center;
    gap: 3px;
    color: var(--ink-2);
    font-weight: 550;
  }
  .mark svg.i {
    width: 14px;
    height: 14px;
  }
  .mark.ring {
    color: var(--accent-ink);
  }
  .mark.guard {
    color: var(--warn);
  }
  .mark.goes {
    color: var(--cool);
  }
  .wait {
    font-size: 18px;
    font-weight: 600;
  }
  .menu {
    position: relative;
  }
  .menu .btn:disabled {
    background: none;
    border-color: transparent;
  }
  .claim {
    appearance: none;
    display: block;
    width: calc(100% - 84px);
    height: 3px;
    margin: 4px 52px 0 32px;
    border: 0;
    border-radius: 2px;
    overflow: hidden;
    background: var(--sunken);
  }
  .claim::-webkit-progress-bar {
    background: none;
  }
  .claim::-webkit-progress-value {
    background: var(--line-strong);
  }
  .claim::-moz-progress-bar {
    background: var(--line-strong);
  }
  li:first-child .claim::-webkit-progress-value {
    background: var(--accent);
  }
  li:first-child .claim::-moz-progress-bar {
    background: var(--accent);
  }
  callcard-console-why {
    display: block;
    margin: 10px 52px 4px 32px;
  }
`;
