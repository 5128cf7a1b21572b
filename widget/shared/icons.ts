/** Line icons drawn for Callcard on a 20 by 20 grid; decorative, so always hidden from screen readers. */
import { html, type TemplateResult } from "lit";

const PATHS = {
  phone:
    "M4.2 3.2h2.9l1.5 3.7-1.9 1.5a10.6 10.6 0 0 0 4.9 4.9l1.5-1.9 3.7 1.5v2.9a1.5 1.5 0 0 1-1.6 1.5A13 13 0 0 1 2.7 4.8a1.5 1.5 0 0 1 1.5-1.6Z",
  incoming:
    "M4.2 3.2h2.9l1.5 3.7-1.9 1.5a10.6 10.6 0 0 0 4.9 4.9l1.5-1.9 3.7 1.5v2.9a1.5 1.5 0 0 1-1.6 1.5A13 13 0 0 1 2.7 4.8a1.5 1.5 0 0 1 1.5-1.6ZM17 3l-5 5m0-4v4h4",
  outgoing:
    "M4.2 3.2h2.9l1.5 3.7-1.9 1.5a10.6 10.6 0 0 0 4.9 4.9l1.5-1.9 3.7 1.5v2.9a1.5 1.5 0 0 1-1.6 1.5A13 13 0 0 1 2.7 4.8a1.5 1.5 0 0 1 1.5-1.6ZM12 8l5-5m-4 0h4v4",
  hold: "M7 4.5v11M13 4.5v11",
  check: "m4 10.5 4 4 8-9",
  search: "M9 15a6 6 0 1 0 0-12 6 6 0 0 0 0 12Zm4.5-1.5L17.5 17.5",
  external: "M8 4H4v12h12v-4M11.5 3.5h5v5M16 4l-7 7",
  help: "M7.4 7.5a2.7 2.7 0 1 1 4 2.4c-.9.5-1.4 1-1.4 2M10 14.6v.1M10 18a8 8 0 1 0 0-16 8 8 0 0 0 0 16Z",
  volume: "M3 7.8v4.4h3L10 16V4L6 7.8H3Zm10-.6a4 4 0 0 1 0 5.6m2.3-8a7.4 7.4 0 0 1 0 10.4",
  muted: "M3 7.8v4.4h3L10 16V4L6 7.8H3Zm10 0 4.4 4.4m0-4.4L13 12.2",
  settings:
    "M3 6h7m4 0h3M3 14h3m4 0h7M10 6a2 2 0 1 0 4 0 2 2 0 0 0-4 0ZM6 14a2 2 0 1 0 4 0 2 2 0 0 0-4 0Z",
  clock: "M10 5.5V10l3 2M10 18a8 8 0 1 0 0-16 8 8 0 0 0 0 16Z",
  plus: "M10 4v12M4 10h12",
  close: "m5 5 10 10M15 5 5 15",
  down: "m5.5 8 4.5 4.5L14.5 8",
  warning: "M10 3 1.8 17h16.4L10 3Zm0 5.2v4M10 14.6v.1",
  offline:
    "M3 3l14 14M5 11.6a7 7 0 0 1 2.4-1.6M2.4 8.6A11 11 0 0 1 5.3 6.7m3.8-.9a11 11 0 0 1 8.5 2.8M12.6 10A7 7 0 0 1 15 11.6m-6.8 2.9a3 3 0 0 1 3.6 0M10 17v.1",
  person: "M10 10a3.4 3.4 0 1 0 0-6.8 3.4 3.4 0 0 0 0 6.8Zm-6.6 7a6.6 6.6 0 0 1 13.2 0",
  up: "m5.5 12 4.5-4.5 4.5 4.5",
  more: "M4.5 10h.1M10 10h.1M15.5 10h.1",
  grip: "M7.5 5h.1M12.5 5h.1M7.5 10h.1M12.5 10h.1M7.5 15h.1M12.5 15h.1",
  swap: "M3 7h12m-3-3 3 3-3 3M17 13H5m3-3-3 3 3 3",
} as const;

/** Every icon's name. */
export type IconName = keyof typeof PATHS;

/** One icon in the text's colour. */
export function icon(name: IconName): TemplateResult {
  return html`<svg
    class="i"
    viewBox="0 0 20 20"
    fill="none"
    stroke="currentColor"
    stroke-width="1.6"
    stroke-linecap="round"
    stroke-linejoin="round"
    aria-hidden="true"
  >
    <path d=${PATHS[name]}></path>
  </svg>`;
}
