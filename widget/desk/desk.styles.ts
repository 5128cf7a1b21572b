import { css } from "lit";
import { frameStyles } from "../shared/frame.ts";

const own = css`
  :host {
    height: 100%;
    min-height: 420px;
  }
  :host([layout="full"]) {
    height: var(--callcard-height, 100dvh);
    min-height: 0;
  }
  .root {
    container: desk / inline-size;
  }
  .alone > callcard-login,
  .alone > callcard-device {
    width: 100%;
  }
  .desk {
    display: flex;
    flex-direction: column;
    height: 100%;
  }
  .top {
    gap: 10px 16px;
  }
  .queues {
    display: flex;
    gap: 4px 16px;
    min-width: 0;
    flex: 1 1 0;
    overflow: hidden;
    font-size: 14px;
    color: var(--ink-3);
    padding-left: 16px;
    margin-left: 4px;
    border-left: 1px solid var(--line);
  }
  .queues li {
    display: flex;
    gap: 6px;
    align-items: baseline;
    white-space: nowrap;
    min-width: 0;
  }
  .queues bdi {
    overflow: hidden;
    text-overflow: ellipsis;
  }
  .queues strong {
    font-weight: 650;
  }
  .queues .busy {
    color: var(--ink);
  }
  .demo {
    flex: none;
  }
  callcard-dial {
    flex: 0 1 230px;
    min-width: 150px;
  }
  callcard-menu {
    flex: none;
  }
  .line {
    flex: none;
    padding: 0 24px 12px;
  }
  .columns {
    flex: 1;
    min-height: 0;
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 12px;
    padding: 0 24px 24px;
  }
  .columns.two {
    grid-template-columns: minmax(0, 1fr) 380px;
  }
  .pane {
    overflow: auto;
    padding: 28px 32px 40px;
    background: var(--surface);
    border: 1px solid var(--line);
    border-radius: calc(var(--radius) * 1.2);
    box-shadow: var(--shadow);
    outline-offset: -2px;
    scrollbar-width: thin;
  }
  .pane > callcard-card {
    max-width: 1040px;
  }
  .pane > callcard-today {
    max-width: 1200px;
  }
  .pane:focus-visible {
    outline: 2px solid var(--accent);
  }
  .offered {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 8px 12px;
    margin-bottom: 20px;
    padding: 8px 8px 8px 16px;
    border-radius: var(--radius);
    background: var(--cool-soft);
    color: var(--cool);
  }
  .offered span {
    flex: 1 1 160px;
    min-width: 0;
    font-weight: 550;
  }
  .back {
    margin: -12px 0 8px -14px;
  }
  aside {
    display: flex;
    flex-direction: column;
    gap: 8px;
    overflow: auto;
    scrollbar-width: thin;
    padding: 1px;
  }
  .later {
    display: grid;
    place-items: center;
    min-height: 120px;
    padding: 20px;
    text-align: center;
    border: 1px dashed var(--line);
    border-radius: var(--radius);
    color: var(--ink-3);
    font-size: 14px;
  }
  .bars {
    position: absolute;
    left: 24px;
    right: 24px;
    bottom: 20px;
    z-index: 30;
    display: grid;
    justify-items: center;
    gap: 8px;
    pointer-events: none;
  }
  .bars .notice {
    pointer-events: auto;
    box-shadow: var(--shadow-high);
    border: 1px solid currentColor;
    max-width: 640px;
  }
  @container desk (max-width: 899px) {
    .top {
      gap: 0 12px;
      padding: 8px 12px 10px;
      flex-wrap: wrap;
    }
    .queues,
    callcard-dial {
      margin-top: 8px;
    }
    .queues {
      order: 5;
      flex: 1 1 100%;
      border: 0;
      margin-left: 0;
      padding: 0;
    }
    .brand {
      display: none;
    }
    /* State and menu above, what can be done below: the height is the same in every state. */
    .top::after {
      content: "";
      flex-basis: 100%;
      order: 2;
    }
    .demo,
    callcard-menu {
      order: 2;
    }
    callcard-dial {
      order: 4;
      flex: 1 1 100px;
      min-width: 0;
    }
    .line {
      padding: 0 12px 10px;
    }
    .columns,
    .columns.two {
      display: flex;
      flex-direction: column;
      gap: 10px;
      overflow: auto;
      padding: 0 12px 72px;
    }
    .pane {
      flex: 1 0 auto;
      overflow: visible;
      padding: 18px 16px 24px;
    }
    /* Above the card: a line while the call lasts, the form when it is what there is to do. */
    aside {
      order: -1;
      overflow: visible;
    }
    .later {
      display: none;
    }
    .bars {
      left: 12px;
      right: 12px;
      bottom: 12px;
    }
  }
  @container desk (max-width: 520px) {
    .demo {
      display: none;
    }
  }
`;

/** The screen's frame. Widths are the element's own, so a panel in a wide window is still narrow. */
export const deskStyles = [frameStyles, own];
