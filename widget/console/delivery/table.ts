/** The table of zones and weights as fields: services, their zones, and in each the prices by weight. */
import { css, html, nothing, type TemplateResult } from "lit";
import type { TableSettings } from "../../../server/delivery/settings.ts";
import { icon } from "../../shared/icons.ts";
import { toMajor, toMinor } from "../shared/money.ts";
import type { ConsoleWords } from "../words.ts";
import { listOf, newService, newZone, type Service, type Zone } from "./carrier.ts";

const MODES = ["door", "pickup", "locker", "post"] as const;
const PLACES = ["countries", "postalPrefixes", "regions", "cities"] as const;

export const tableStyles = css`
  .service,
  .zone {
    display: grid;
    gap: 10px;
    padding: 12px 14px;
    border: 1px solid var(--line);
    border-radius: var(--radius-s);
    min-width: 0;
  }
  .zone {
    background: var(--sunken);
  }
  .service > legend,
  .zone > legend {
    padding: 0 6px;
    font-size: 14px;
    font-weight: 600;
    color: var(--ink-2);
  }
  .fields {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(min(150px, 100%), 1fr));
    gap: 10px;
    align-items: end;
  }
  .bands {
    display: grid;
    gap: 6px;
  }
  .bands li {
    display: flex;
    flex-wrap: wrap;
    gap: 6px;
    align-items: center;
    font-size: 14px;
  }
  .bands input {
    width: 110px;
  }
  .tools {
    display: flex;
    flex-wrap: wrap;
    gap: 6px;
  }
`;

/** All of it. @param set Told the whole table after every change. */
export function tableFields(
  words: ConsoleWords,
  table: TableSettings,
  set: (table: TableSettings) => void,
): TemplateResult {
  const { t } = words;
  const put = (services: Service[]): void => set({ ...table, services });
  return html`<div class="fields">
      ${text(
        t("dl_currency"),
        table.currency,
        (typed) => set({ ...table, currency: typed.trim().toUpperCase() }),
        { most: 3, required: true },
      )}
    </div>
    ${table.services.map((service, index) =>
      serviceFields(words, table, service, {
        set: (next) => put(table.services.with(index, next)),
        remove: table.services.length > 1 ? () => put(table.services.toSpliced(index, 1)) : null,
      }),
    )}
    <div class="tools">
      <button class="btn" type="button" @click=${() => put([...table.services, newService()])}>
        ${icon("plus")}${t("dl_addService")}
      </button>
    </div>`;
}

type Deeds<One> = { readonly set: (next: One) => void; readonly remove: (() => void) | null };

function serviceFields(
  words: ConsoleWords,
  table: TableSettings,
  service: Service,
  { remove, set }: Deeds<Service>,
): TemplateResult {
  const { t, locale } = words;
  const optional = (name: "maxGrams" | "maxMm" | "cashPercent" | "insurancePercent", scale = 1) =>
    number(t(`dl_${name}`), service[name] === undefined ? null : service[name] / scale, (value) =>
      set(withOr(service, name, value === null ? undefined : value * scale)),
    );
  const put = (zones: Zone[]): void => set({ ...service, zones });
  return html`<fieldset class="service">
    <legend>${service.name || t("dl_service")}</legend>
    <div class="fields">
      ${text(t("dl_serviceName"), service.name, (name) => set({ ...service, name }), { most: 100, required: true })}
      <label class="field"
        >${t("dl_mode")}<select
          @change=${(event: Event) =>
            set({ ...service, mode: (event.target as HTMLSelectElement).value as Service["mode"] })}
        >
          ${MODES.map(
            (mode) =>
              html`<option value=${mode} ?selected=${mode === service.mode}>
                ${locale.t(`mode_${mode}`)}
              </option>`,
          )}
        </select></label
      >
      ${optional("maxGrams", 1000)} ${optional("maxMm", 10)} ${optional("cashPercent")}
      ${optional("insurancePercent")}
    </div>
    ${service.zones.map((zone, index) =>
      zoneFields(words, table.currency, zone, {
        set: (next) => put(service.zones.with(index, next)),
        remove: service.zones.length > 1 ? () => put(service.zones.toSpliced(index, 1)) : null,
      }),
    )}
    <div class="tools">
      <button class="btn" type="button" @click=${() => put([...service.zones, newZone()])}>
        ${icon("plus")}${t("dl_addZone")}
      </button>
      ${
        remove
          ? html`<button class="btn quiet" type="button" @click=${remove}>
              ${t("dl_removeService", { name: service.name })}
            </button>`
          : nothing
      }
    </div>
  </fieldset>`;
}

function zoneFields(
  words: ConsoleWords,
  currency: string,
  zone: Zone,
  { remove, set }: Deeds<Zone>,
): TemplateResult {
  const { t } = words;
  const { bands, days, where } = zone;
  const put = (next: Zone["bands"]): void => set({ ...zone, bands: next });
  const heaviest = bands.at(-1)?.upToGrams ?? 0;
  return html`<fieldset class="zone">
    <legend>${zone.name || t("dl_zone")}</legend>
    <div class="fields">
      ${text(t("dl_zoneName"), zone.name, (name) => set({ ...zone, name }), { most: 100 })}
      ${number(t("dl_daysLeast"), days[0] ?? 0, (value) => set({ ...zone, days: [value ?? 0, days[1] ?? 0] }), { required: true })}
      ${number(t("dl_daysMost"), days[1] ?? 0, (value) => set({ ...zone, days: [days[0] ?? 0, value ?? 0] }), { required: true })}
    </div>
    <div class="fields">
      ${PLACES.map((name) =>
        text(t(`dl_where_${name}`), (where[name] ?? []).join(", "), (typed) => {
          const list = listOf(typed).map((one) =>
            name === "countries" || name === "postalPrefixes" ? one.toUpperCase() : one,
          );
          set({ ...zone, where: withOr(where, name, list.length > 0 ? list : undefined) });
        }),
      )}
    </div>
    <p class="muted small">${t("dl_whereHint")}</p>
    <ul class="bands" aria-label=${t("dl_bands")}>
      ${bands.map(
        (band, index) =>
          html`<li>
            ${t("dl_upTo")}
            ${bare(t("dl_upToLabel"), band.upToGrams / 1000, (value) =>
              put(bands.with(index, { ...band, upToGrams: Math.round(value * 1000) })),
            )}
            ${t("dl_kg")}
            ${bare(t("dl_priceLabel"), toMajor(band.priceMinor, currency), (value) =>
              put(bands.with(index, { ...band, priceMinor: toMinor(value, currency) })),
            )}
            ${currency}
            ${
              bands.length > 1
                ? html`<button
                    class="btn quiet icon"
                    type="button"
                    aria-label=${t("dl_removeBand", { kg: band.upToGrams / 1000 })}
                    @click=${() => put(bands.toSpliced(index, 1))}
                  >
                    ${icon("close")}
                  </button>`
                : nothing
            }
          </li>`,
      )}
    </ul>
    <div class="fields">
      ${number(
        t("dl_perKg", { currency }),
        zone.perKgMinor === undefined ? null : toMajor(zone.perKgMinor, currency),
        (value) =>
          set(withOr(zone, "perKgMinor", value === null ? undefined : toMinor(value, currency))),
      )}
    </div>
    <div class="tools">
      <button
        class="btn"
        type="button"
        @click=${() => put([...bands, { upToGrams: heaviest + 1000, priceMinor: bands.at(-1)?.priceMinor ?? 0 }])}
      >
        ${icon("plus")}${t("dl_addBand")}
      </button>
      ${
        remove
          ? html`<button class="btn quiet" type="button" @click=${remove}>
              ${t("dl_removeZone", { name: zone.name })}
            </button>`
          : nothing
      }
    </div>
  </fieldset>`;
}

/** With the value, or without the field at all. */
function withOr<T extends object, K extends keyof T>(from: T, name: K, value: T[K] | undefined): T {
  const { [name]: _before, ...rest } = from;
  return (value === undefined ? rest : { ...rest, [name]: value }) as T;
}

function text(
  label: string,
  value: string,
  put: (typed: string) => void,
  more: { readonly most?: number; readonly required?: boolean } = {},
): TemplateResult {
  return html`<label class="field"
    >${label}<input
      maxlength=${more.most ?? 2000}
      autocomplete="off"
      ?required=${more.required ?? false}
      .value=${value}
      @change=${(event: Event) => put((event.target as HTMLInputElement).value)}
  /></label>`;
}

/** Null: nothing is typed. */
function number(
  label: string,
  value: number | null,
  put: (value: number | null) => void,
  more: { readonly required?: boolean } = {},
): TemplateResult {
  return html`<label class="field"
    >${label}<input
      type="number"
      min="0"
      step="any"
      ?required=${more.required ?? false}
      .value=${value === null ? "" : String(value)}
      @change=${(event: Event) => {
        const typed = (event.target as HTMLInputElement).valueAsNumber;
        put(Number.isNaN(typed) ? null : typed);
      }}
  /></label>`;
}

function bare(label: string, value: number, put: (value: number) => void): TemplateResult {
  return html`<input
    type="number"
    min="0"
    step="any"
    required
    aria-label=${label}
    .value=${String(value)}
    @change=${(event: Event) => {
      const typed = (event.target as HTMLInputElement).valueAsNumber;
      if (!Number.isNaN(typed)) put(typed);
    }}
  />`;
}
