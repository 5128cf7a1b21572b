import { css } from "lit";

/** How the badge of an order's stage looks, wherever orders are shown. */
export const stageStyles = css`
  .stage {
    font-size: 12px;
    padding: 1px 8px;
  }
  .stage.open {
    background: var(--cool-soft);
    border-color: transparent;
    color: var(--cool);
  }
  .stage.moving {
    background: var(--accent-soft);
    border-color: transparent;
    color: var(--accent-ink);
  }
  .stage.back {
    background: var(--bad-soft);
    border-color: transparent;
    color: var(--bad);
  }
`;
