import { css } from "lit";
import { frameStyles } from "../shared/frame.ts";

const own = css`
  :host {
    height: var(--callcard-height, 100dvh);
  }
  .root {
    container: console / inline-size;
  }
  .alone > callcard-console-login {
    width: 100%;
  }
  .message {
    display: grid;
    gap: 12px;
    max-width: 480px;
  }
  .message h1 {
    font-size: 26px;
    line-height: 1.2;
    letter-spacing: -0.02em;
  }
  .row {
    display: flex;
    gap: 8px;
    flex-wrap: wrap;
  }
  a.btn {
    text-decoration: none;
  }
  .console {
    display: flex;
    flex-direction: column;
    height: 100%;
  }
  .top {
    gap: 16px;
  }
  .places {
    display: flex;
    /* What does not fit into one row makes a second: a place that is out of sight is not found. */
    flex-wrap: wrap;
    gap: 2px 4px;
    flex: 1;
    min-width: 0;
    padding: 3px;
  }
  .places a {
    display: inline-flex;
    align-items: center;
    gap: 8px;
    min-height: var(--tap);
    padding: 6px 14px;
    border-radius: var(--radius-s);
    color: var(--ink-2);
    text-decoration: none;
    font-weight: 550;
    white-space: nowrap;
  }
  .places a:hover {
    background: var(--sunken);
    color: var(--ink);
  }
  .places a[aria-current] {
    background: var(--accent-soft);
    color: var(--accent-ink);
  }
  .count {
    font-size: 13px;
    font-weight: 650;
  }
  .pane {
    flex: 1;
    min-height: 0;
    overflow: auto;
    padding: 16px 24px 80px;
    scrollbar-width: thin;
  }
  .bars {
    position: absolute;
    left: 16px;
    right: 16px;
    bottom: 16px;
    z-index: 30;
    display: grid;
    justify-items: center;
    gap: 8px;
    pointer-events: none;
  }
  .bars > * {
    pointer-events: auto;
    box-shadow: var(--shadow-high);
    max-width: 640px;
  }
  .toast {
    display: flex;
    align-items: center;
    gap: 8px;
    padding: 4px 6px 4px 16px;
    min-height: 44px;
    background: var(--raised);
    border: 1px solid var(--line);
    border-radius: var(--radius);
    font-size: 14px;
  }
  .toast .btn:not(.icon) {
    color: var(--accent-ink);
  }
  @container console (max-width: 1439px) {
    .top {
      gap: 12px;
    }
    .places {
      gap: 2px;
    }
    .places a {
      padding: 6px 9px;
      gap: 6px;
      font-size: 15px;
    }
  }
  @container console (max-width: 700px) {
    .top {
      padding: 8px 12px;
      gap: 6px;
    }
    .brand {
      display: none;
    }
    .places {
      gap: 0;
      flex-wrap: nowrap;
      overflow-x: auto;
      scrollbar-width: none;
    }
    .places a {
      padding: 6px 7px;
      gap: 4px;
      font-size: 13px;
    }
    .pane {
      padding: 8px 12px 80px;
    }
  }
`;

/** The console's frame. */
export const consoleStyles = [frameStyles, own];
