/**
 * The look every part shares: tokens (inherited from `<callcard-desk>` through all shadow roots) and plain elements.
 *
 * One spacing scale (4, 8, 12, 16, 24, 32, 48), one type scale (12, 13, 15, 18, 22, 32), one accent. Sizes are px because a
 * host page may give `rem` any meaning.
 */
import { css } from "lit";

/** Custom properties; only `<callcard-desk>` carries them. */
export const tokens = css`
  :host {
    color-scheme: light dark;
    --accent: var(--callcard-accent, light-dark(#0a6a4c, #66d1a6));
    --on-accent: var(--callcard-on-accent, light-dark(#ffffff, #04281b));
    --accent-soft: light-dark(#e2efe8, #1c3229);
    --accent-ink: var(--callcard-accent-ink, light-dark(#085a40, #7fdcb6));
    --ground: light-dark(#f4f3ee, #141412);
    --surface: light-dark(#fffefb, #1d1c1a);
    --raised: light-dark(#ffffff, #262522);
    --sunken: light-dark(#f0eee7, #191816);
    --line: light-dark(#e3e0d6, #33312c);
    --line-strong: light-dark(#8d897d, #757166);
    --ink: light-dark(#1c1b18, #efede5);
    --ink-2: light-dark(#4b4942, #c6c2b6);
    --ink-3: light-dark(#67645a, #a19d91);
    --ring: light-dark(#0a6a4c, #0c6b4c);
    --on-ring: #ffffff;
    --warn: light-dark(#8a4b00, #f0b25e);
    --warn-soft: light-dark(#fbeed8, #37290f);
    --bad: light-dark(#a5281b, #ff9c8e);
    --bad-soft: light-dark(#fae6e2, #3c1d18);
    --cool: light-dark(#2b5573, #93c2e3);
    --cool-soft: light-dark(#e4eef5, #1c2d39);
    --shadow: light-dark(0 1px 2px rgb(40 36 20 / 0.06), 0 1px 2px rgb(0 0 0 / 0.4));
    --shadow-high: 0 12px 40px light-dark(rgb(40 36 20 / 0.18), rgb(0 0 0 / 0.6));
    --radius: var(--callcard-radius, 12px);
    --radius-s: calc(var(--radius) * 0.6);
    --font: var(
      --callcard-font,
      "Segoe UI Variable Text",
      "Segoe UI",
      -apple-system,
      BlinkMacSystemFont,
      Roboto,
      "Noto Sans",
      Ubuntu,
      Cantarell,
      "Liberation Sans",
      Arial,
      sans-serif
    );
    --tap: 36px;
  }
  .root[data-theme="light"] {
    color-scheme: light;
  }
  .root[data-theme="dark"] {
    color-scheme: dark;
  }
  @media (pointer: coarse) {
    :host {
      --tap: 44px;
    }
  }
`;

/** Plain elements inside any part. */
export const base = css`
  :host {
    box-sizing: border-box;
    color: var(--ink);
    font: 400 15px/1.45 var(--font);
    font-variant-numeric: tabular-nums;
    -webkit-text-size-adjust: 100%;
  }
  :host([hidden]),
  [hidden] {
    display: none !important;
  }
  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }
  h1,
  h2,
  h3,
  p,
  ul,
  ol,
  dl,
  dd,
  figure {
    margin: 0;
    padding: 0;
  }
  ul,
  ol {
    list-style: none;
  }
  h2 {
    font-size: 13px;
    line-height: 1.4;
    font-weight: 600;
    color: var(--ink-3);
  }
  bdi,
  .wrap {
    overflow-wrap: anywhere;
  }
  a {
    color: var(--accent-ink);
    text-underline-offset: 3px;
    text-decoration-thickness: 1px;
  }
  .muted {
    color: var(--ink-3);
  }
  .small {
    font-size: 13px;
  }
  .sr {
    position: absolute;
    width: 1px;
    height: 1px;
    margin: -1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  button {
    appearance: none;
    font: inherit;
    color: inherit;
    background: none;
    border: 0;
    margin: 0;
    padding: 0;
    text-align: inherit;
    cursor: pointer;
  }
  button:disabled,
  button[aria-disabled="true"] {
    cursor: default;
  }
  .btn {
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: 8px;
    min-height: var(--tap);
    padding: 6px 14px;
    border-radius: var(--radius-s);
    border: 1px solid var(--line);
    background: var(--raised);
    color: var(--ink);
    font-size: 14px;
    font-weight: 550;
    line-height: 1.25;
    white-space: nowrap;
    transition:
      background 0.12s,
      border-color 0.12s;
  }
  .btn:hover:not(:disabled) {
    border-color: var(--line-strong);
  }
  .btn.primary {
    background: var(--accent);
    border-color: var(--accent);
    color: var(--on-accent);
  }
  .btn.primary:hover:not(:disabled) {
    background: color-mix(in oklab, var(--accent), var(--ink) 14%);
  }
  .btn.quiet {
    background: none;
    border-color: transparent;
    color: var(--ink-2);
  }
  .btn.quiet:hover:not(:disabled) {
    background: var(--sunken);
    color: var(--ink);
  }
  .btn:disabled {
    background: var(--sunken);
    border-color: var(--line);
    color: var(--ink-3);
  }
  .icon {
    padding: 0;
    width: var(--tap);
    flex: none;
  }
  svg.i {
    width: 18px;
    height: 18px;
    flex: none;
    display: block;
  }
  label.field {
    display: grid;
    gap: 4px;
    font-size: 13px;
    font-weight: 550;
    color: var(--ink-2);
  }
  input,
  select,
  textarea {
    font: inherit;
    font-size: 15px;
    font-weight: 400;
    color: var(--ink);
    background: var(--raised);
    border: 1px solid var(--line-strong);
    border-radius: var(--radius-s);
    padding: 6px 10px;
    min-height: var(--tap);
    min-width: 0;
    width: 100%;
  }
  input::placeholder,
  textarea::placeholder {
    color: var(--ink-3);
    opacity: 1;
  }
  input[type="checkbox"],
  input[type="radio"] {
    min-height: 0;
    width: auto;
    accent-color: var(--accent);
  }
  input[type="range"] {
    padding: 0;
    min-height: 24px;
    border: 0;
    background: none;
    accent-color: var(--accent);
  }
  textarea {
    line-height: 1.45;
    resize: vertical;
  }
  :focus-visible {
    outline: 2px solid var(--accent);
    outline-offset: 2px;
  }
  .badge {
    display: inline-flex;
    align-items: center;
    gap: 6px;
    padding: 2px 9px;
    border-radius: 99px;
    font-size: 13px;
    font-weight: 550;
    line-height: 1.45;
    background: var(--sunken);
    color: var(--ink-2);
    border: 1px solid var(--line);
    max-width: 100%;
    overflow-wrap: anywhere;
  }
  .panel {
    background: var(--surface);
    border: 1px solid var(--line);
    border-radius: var(--radius);
    box-shadow: var(--shadow);
  }
  .notice {
    display: flex;
    gap: 10px;
    align-items: flex-start;
    padding: 10px 12px;
    border-radius: var(--radius-s);
    font-size: 14px;
    background: var(--warn-soft);
    color: var(--warn);
  }
  .notice.bad {
    background: var(--bad-soft);
    color: var(--bad);
  }
  .notice.calm {
    background: var(--sunken);
    color: var(--ink-2);
  }
  .notice svg {
    margin-top: 1px;
  }
  kbd {
    font: 600 12px/1 var(--font);
    display: inline-flex;
    align-items: center;
    justify-content: center;
    min-width: 22px;
    height: 22px;
    padding: 0 6px;
    border-radius: 5px;
    border: 1px solid var(--line);
    border-bottom-width: 2px;
    background: var(--raised);
    color: var(--ink-2);
  }
  @media (prefers-reduced-motion: reduce) {
    *,
    *::before,
    *::after {
      animation: none !important;
      transition: none !important;
    }
  }
`;
