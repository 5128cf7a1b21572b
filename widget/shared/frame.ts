import { css } from "lit";

/** What the frames of both screens share: `root`, what stands `alone` in it, and the header, `top`, with its `brand`. */
export const frameStyles = css`
  :host {
    display: block;
  }
  .root {
    position: relative;
    height: 100%;
    overflow: hidden;
    background: var(--ground);
    color: var(--ink);
  }
  .alone {
    height: 100%;
    overflow: auto;
    display: grid;
    place-items: center;
    padding: 16px;
  }
  .top {
    display: flex;
    align-items: center;
    padding: 12px 24px;
    min-height: 60px;
    flex: none;
    position: relative;
    z-index: 5;
  }
  .brand {
    width: 34px;
    height: 34px;
    border-radius: 10px;
    background: var(--accent);
    color: var(--on-accent);
    display: grid;
    place-items: center;
    flex: none;
  }
`;
