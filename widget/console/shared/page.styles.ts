import { css } from "lit";

/** A place of the console with pages of its own: their links above, a heading, what is open. */
export const pageStyles = css`
  :host {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 16px;
    max-width: 1200px;
    margin-inline: auto;
    container: page / inline-size;
  }
  .links {
    display: flex;
    gap: 2px 4px;
    flex-wrap: wrap;
    align-items: center;
  }
  .links a {
    display: inline-flex;
    align-items: center;
    gap: 8px;
    min-height: var(--tap);
    padding: 4px 12px;
    border-radius: var(--radius-s);
    text-decoration: none;
    color: var(--ink-2);
    font-size: 14px;
    font-weight: 550;
  }
  .links a:hover {
    background: var(--sunken);
  }
  .links a[aria-current] {
    color: var(--accent-ink);
    box-shadow: inset 0 -2px var(--accent);
    border-radius: var(--radius-s) var(--radius-s) 0 0;
  }
  h1 {
    font-size: 26px;
    line-height: 1.2;
    letter-spacing: -0.02em;
    overflow-wrap: anywhere;
  }
  h1:focus {
    outline: none;
  }
`;
