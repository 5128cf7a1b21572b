import { css, html, LitElement, unsafeCSS, type PropertyValues, type TemplateResult } from "lit";
import UPlot from "uplot";
import uplotStyles from "uplot/dist/uPlot.min.css?inline";
import { base } from "../../shared/styles.ts";

/** One line, or one group of bars. */
export type Series = {
  readonly name: string;
  readonly values: readonly (number | null)[];
  /** The policy it belongs to; policies differ by colour. */
  readonly colour: number;
  readonly dashed?: boolean;
};
export type ChartData = {
  readonly x: readonly number[];
  /** Names of the places on the x axis, for bars. */
  readonly names?: readonly string[];
  readonly series: readonly Series[];
  readonly percent: boolean;
};

const HEIGHT = 260;
const COLOURS = ["--ink-3", "--accent", "--cool", "--warn"] as const;

/** `<callcard-console-chart>`: lines or bars by uPlot. Properties: `data`, `label` (what it shows, for who does not see it). */
export class ConsoleChart extends LitElement {
  static override properties = { data: { attribute: false }, label: {} };
  static override styles = [
    base,
    unsafeCSS(uplotStyles),
    css`
      :host {
        display: block;
        min-width: 0;
      }
      .uplot {
        font-family: var(--font);
      }
      .legend {
        display: flex;
        flex-wrap: wrap;
        gap: 4px 16px;
        font-size: 13px;
        color: var(--ink-2);
        margin-top: 4px;
      }
      .legend li {
        display: flex;
        gap: 7px;
        align-items: center;
      }
      .legend i {
        width: 18px;
        border-top: 3px solid var(--ink-3);
      }
      .legend i.c1 {
        border-color: var(--accent);
      }
      .legend i.c2 {
        border-color: var(--cool);
      }
      .legend i.c3 {
        border-color: var(--warn);
      }
      .legend i.dashed {
        border-top-style: dashed;
      }
    `,
  ];

  declare data: ChartData;
  declare label: string;
  #plot: UPlot | null = null;
  readonly #scheme = matchMedia("(prefers-color-scheme: dark)");
  readonly #draw = (): void => this.#make();
  readonly #width = new ResizeObserver(() => {
    const width = this.#stage()?.clientWidth ?? 0;
    if (width > 0 && this.#plot && this.#plot.width !== width)
      this.#plot.setSize({ width, height: HEIGHT });
  });

  override connectedCallback(): void {
    super.connectedCallback();
    this.#scheme.addEventListener("change", this.#draw);
    this.#width.observe(this);
    if (this.hasUpdated) this.#make();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#scheme.removeEventListener("change", this.#draw);
    this.#width.disconnect();
    this.#plot?.destroy();
    this.#plot = null;
  }

  override render(): TemplateResult {
    return html`<div class="stage" role="img" aria-label=${this.label}></div>
      <ul class="legend" aria-hidden="true">
        ${this.data.series.map(
          ({ name, colour, dashed }) =>
            html`<li><i class="c${colour} ${dashed ? "dashed" : ""}"></i>${name}</li>`,
        )}
      </ul>`;
  }

  override updated(changed: PropertyValues<this>): void {
    if (changed.has("data")) this.#make();
  }

  #stage(): HTMLElement | null {
    return this.renderRoot.querySelector<HTMLElement>(".stage");
  }

  #make(): void {
    const stage = this.#stage();
    if (!stage) return;
    this.#plot?.destroy();
    this.#plot = new UPlot(this.#options(stage), this.#values(), stage);
  }

  #values(): UPlot.AlignedData {
    const { x, series } = this.data;
    return [[...x], ...series.map(({ values }) => [...values])] as UPlot.AlignedData;
  }

  #options(stage: HTMLElement): UPlot.Options {
    const { series, percent, names } = this.data;
    const bars = names !== undefined;
    const colour = (name: string): string => resolve(stage, name);
    const font = `12px ${getComputedStyle(this).fontFamily}`;
    const axis = {
      stroke: colour("--ink-3"),
      grid: { stroke: colour("--line"), width: 1 },
      ticks: { show: false },
      font,
    };
    return {
      width: Math.max(200, stage.clientWidth),
      height: HEIGHT,
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, points: { show: !bars }, y: false },
      scales: {
        x: bars ? { time: false, range: [-0.6, (names?.length ?? 1) - 0.4] } : { time: false },
        y: { range: (_, __, most) => [0, percent ? 1 : Math.max(1, most * 1.1)] },
      },
      axes: [
        bars
          ? {
              ...axis,
              grid: { show: false },
              splits: names.map((_, at) => at),
              values: (_, splits) => splits.map((at) => names[at] ?? ""),
            }
          : axis,
        {
          ...axis,
          size: 48,
          values: (_, splits) =>
            splits.map((value) => (percent ? `${Math.round(value * 100)} %` : String(value))),
        },
      ],
      series: [
        {},
        ...series.map(({ name, colour: at, dashed }, index): UPlot.Series => {
          const stroke = colour(COLOURS[at % COLOURS.length]!);
          return {
            label: name,
            stroke,
            width: 2,
            points: { show: false },
            ...(dashed ? { dash: [6, 5] } : {}),
            ...(bars ? { fill: stroke, paths: barsAt(index, series.length) } : {}),
          };
        }),
      ],
    };
  }
}

/** Bars of several series side by side. */
function barsAt(index: number, count: number): UPlot.Series.PathBuilder {
  const draw = UPlot.paths.bars!({
    size: [0.7 / count, 40],
    disp: {
      x0: {
        unit: 1,
        values: (plot) => [...plot.data[0]].map((x) => x - 0.35 + (0.7 / count) * index),
      },
      size: { unit: 1, values: (plot) => [...plot.data[0]].map(() => (0.7 / count) * 0.86) },
    },
  });
  return draw;
}

/** A token as the canvas wants it: the very colour, light or dark. */
function resolve(stage: HTMLElement, name: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  stage.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
