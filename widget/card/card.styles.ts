import { css } from "lit";

/** The card's own look. Columns follow the card's width, not the window's. */
export const cardStyles = css`
  :host {
    display: block;
    container: card / inline-size;
  }
  article {
    display: grid;
    gap: 20px;
  }
  header {
    display: flex;
    flex-wrap: wrap;
    gap: 16px 32px;
    justify-content: space-between;
    align-items: flex-start;
  }
  .status {
    display: flex;
    flex-wrap: wrap;
    gap: 2px 14px;
    min-height: 24px;
    font-size: 14px;
    color: var(--ink-3);
  }
  .status strong {
    font-weight: 650;
    color: var(--ink-2);
    overflow-wrap: anywhere;
  }
  .status.ringing strong,
  .status.talking strong {
    color: var(--accent-ink);
  }
  .status.onHold strong {
    color: var(--warn);
  }
  .status .from {
    color: var(--cool);
  }
  .person {
    flex: 1 1 300px;
    min-width: 0;
    display: grid;
    /* A long tier in a wide font is cut, not the card made wider. */
    grid-template-columns: minmax(0, 1fr);
    gap: 10px;
  }
  h1 {
    font-size: 32px;
    line-height: 1.14;
    font-weight: 650;
    letter-spacing: -0.022em;
    overflow-wrap: anywhere;
    display: -webkit-box;
    -webkit-box-orient: vertical;
    -webkit-line-clamp: 3;
    overflow: hidden;
  }
  .badges {
    display: flex;
    flex-wrap: wrap;
    gap: 6px;
    align-items: center;
  }
  .badges > li {
    min-width: 0;
  }
  .tier::before {
    content: "";
    width: 8px;
    height: 8px;
    border-radius: 50%;
    background: var(--metal, var(--ink-3));
    flex: none;
  }
  .tier.gold {
    --metal: #d1a12a;
  }
  .tier.silver {
    --metal: #a3aab2;
  }
  .tier.bronze {
    --metal: #b9773f;
  }
  .tier.platinum {
    --metal: #7d93a8;
  }
  .tier > span {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
    max-width: 34ch;
  }
  .vip {
    background: var(--ink);
    border-color: var(--ink);
    color: var(--surface);
    letter-spacing: 0.04em;
    font-weight: 650;
  }
  .badges .first {
    background: var(--accent-soft);
    border-color: transparent;
    color: var(--accent-ink);
  }
  .place {
    flex: 0 1 auto;
    min-width: 180px;
    max-width: min(100%, 320px);
    display: grid;
    gap: 4px;
    justify-items: start;
  }
  .place .number {
    font-size: 18px;
    font-weight: 600;
  }
  .place .local {
    font-size: 15px;
    color: var(--ink-2);
    display: -webkit-box;
    -webkit-box-orient: vertical;
    -webkit-line-clamp: 3;
    overflow: hidden;
  }
  .place .local strong {
    font-weight: 650;
    color: var(--ink);
  }
  .campaign {
    display: grid;
    grid-template-columns: auto minmax(0, 1fr);
    gap: 2px 12px;
    align-items: center;
    padding: 12px 16px;
    border-radius: var(--radius);
    background: var(--cool-soft);
    color: var(--cool);
  }
  .campaign > svg {
    grid-row: span 2;
    width: 24px;
    height: 24px;
  }
  .campaign p,
  .campaign .data {
    grid-column: 2;
  }
  .campaign .what strong {
    font-weight: 650;
    margin-right: 8px;
  }
  .campaign .why {
    color: var(--ink);
  }
  .campaign .data {
    display: flex;
    flex-wrap: wrap;
    gap: 4px 24px;
    margin-top: 6px;
    color: var(--ink);
  }
  .campaign .data div {
    min-width: 0;
  }
  .campaign dt {
    color: var(--ink-2);
  }
  .script {
    display: grid;
    gap: 8px;
  }
  .script h2 {
    margin: 0;
  }
  .script button {
    display: inline-flex;
    align-items: center;
    gap: 6px;
    min-height: 28px;
    font-weight: 600;
  }
  .script button:hover {
    color: var(--ink);
  }
  .say {
    max-height: 42vh;
    overflow: auto;
    scrollbar-width: thin;
    padding: 14px 18px;
    border-left: 3px solid var(--cool);
    border-radius: 0 var(--radius-s) var(--radius-s) 0;
    background: var(--sunken);
    font-size: 17px;
    line-height: 1.6;
  }
  .say {
    max-width: 800px;
  }
  .say bdi {
    display: block;
    white-space: pre-line;
    max-width: 68ch;
  }
  .about .order .number {
    font-size: 17px;
  }
  .about .order .sum {
    font-size: 17px;
  }
  .lines {
    grid-column: 1 / -1;
    grid-row: 3;
    margin-top: 4px;
  }
  .lines li {
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto minmax(64px, auto);
    gap: 2px 14px;
    padding: 3px 0;
  }
  .lines li > :last-child {
    text-align: right;
    white-space: nowrap;
  }
  .lines .quantity {
    color: var(--ink-3);
    white-space: nowrap;
  }
  .about .when {
    grid-column: 1 / -1;
    text-align: left;
  }
  .priority {
    display: grid;
    gap: 4px;
    padding-left: 14px;
    border-left: 3px solid var(--accent);
  }
  .priority .message {
    font-weight: 550;
  }
  .priority .why {
    display: flex;
    align-items: center;
    gap: 6px;
    font-size: 14px;
    color: var(--ink-3);
  }
  .facts {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(150px, 1fr));
    gap: 12px 24px;
    padding: 14px 0;
    border-block: 1px solid var(--line);
  }
  /* One line each, so that nothing below moves when their values come. */
  .facts.wide {
    grid-template-columns: repeat(3, minmax(0, 1fr));
  }
  .facts.wide dd {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  dt {
    font-size: 13px;
    color: var(--ink-3);
  }
  dd {
    overflow-wrap: anywhere;
  }
  dd strong {
    font-weight: 650;
  }
  dd .muted {
    font-size: 13px;
    margin-left: 6px;
  }
  .unsure {
    background: var(--warn-soft);
    border-color: transparent;
    color: var(--warn);
  }
  .badges .link {
    margin-left: 6px;
  }
  .link {
    color: var(--ink-3);
    text-decoration: underline;
    text-underline-offset: 3px;
    text-decoration-thickness: 1px;
    min-height: 24px;
  }
  .start {
    justify-self: start;
  }
  .hint {
    color: var(--ink-2);
    max-width: 60ch;
  }
  .talk {
    display: grid;
    gap: 24px 36px;
    align-items: start;
  }
  .talk .one {
    min-width: 0;
  }
  .talk .one > .btn {
    margin: 0 0 8px -14px;
  }
  .talk .later {
    min-height: 180px;
  }
  .call-deeds {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 8px 12px;
  }
  .call-deeds .btn svg {
    width: 16px;
    height: 16px;
  }
  .promised {
    font-size: 14px;
    color: var(--cool);
    font-weight: 550;
  }
  .open-claims {
    display: grid;
    gap: 6px;
  }
  .columns {
    display: grid;
    gap: 28px 36px;
    align-items: start;
  }
  .columns > div,
  .columns > div > div {
    display: grid;
    gap: 28px;
    min-width: 0;
  }
  section {
    min-width: 0;
  }
  section > h2 {
    margin-bottom: 6px;
  }
  .past .line {
    display: flex;
    flex-wrap: wrap;
    justify-content: space-between;
    gap: 0 12px;
  }
  .past .missed {
    color: var(--bad);
  }
  .text {
    white-space: pre-line;
    overflow-wrap: anywhere;
    max-height: 12em;
    overflow: auto;
  }
  .meta {
    font-size: 13px;
    color: var(--ink-3);
    overflow-wrap: anywhere;
  }
  .nothing {
    color: var(--ink-3);
    padding: 6px 0;
  }
  .skeleton {
    display: grid;
    gap: 14px;
  }
  .skeleton i {
    height: 18px;
    border-radius: 6px;
    background: var(--sunken);
    animation: breathe 1.4s ease-in-out infinite alternate;
  }
  .skeleton i:nth-child(1) {
    width: 62%;
  }
  .skeleton i:nth-child(3) {
    width: 40%;
  }
  @keyframes breathe {
    to {
      opacity: 0.45;
    }
  }
  @container card (min-width: 660px) {
    .columns,
    .talk {
      grid-template-columns: minmax(0, 1.25fr) minmax(0, 1fr);
    }
    .talk .later {
      min-height: 340px;
    }
    .place {
      justify-items: end;
      text-align: right;
    }
  }
  @container card (max-width: 560px) {
    .facts.wide {
      grid-template-columns: repeat(2, minmax(0, 1fr));
    }
    .facts.wide dd {
      white-space: normal;
    }
  }
  @container card (max-width: 420px) {
    h1 {
      font-size: 25px;
    }
  }
`;
