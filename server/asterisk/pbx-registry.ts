/** The PBXs of the configuration as one process has them: one link for each, made and ended while the server runs. */
import type { PbxConfig } from "../config.ts";
import type { LinkTuning } from "./link.ts";
import { PbxLink } from "./link.ts";
import type { Ending, Pbxs } from "./pbxs.ts";

export type PbxRegistryOptions = {
  readonly log: {
    info(fields: object, message: string): void;
    error(fields: object, message: string): void;
  };
  readonly tuning?: LinkTuning;
};

/** What one `each` asked for. */
type Begin = (pbx: PbxLink) => Ending | void;

type Entry = {
  readonly link: PbxLink;
  readonly config: PbxConfig;
  /** In the order of their beginning. */
  readonly endings: Map<Begin, Ending>;
};

/**
 * {@link PbxRegistry.set} says which PBXs there are. One that is new is told to everybody before it is connected; one that is gone is
 * disconnected, not listed any more, and then everything begun for it is ended, last begun first.
 */
export class PbxRegistry implements Pbxs<PbxLink> {
  readonly #options: PbxRegistryOptions;
  readonly #begins = new Set<Begin>();
  /** In the order of the configuration. */
  #entries: readonly Entry[] = [];
  #configs: readonly PbxConfig[] = [];
  /** One change after the other. */
  #changing: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: PbxRegistryOptions) {
    this.#options = options;
  }

  all(): readonly PbxLink[] {
    return this.#entries.map(({ link }) => link);
  }

  get(name: string): PbxLink | undefined {
    return this.#entries.find(({ link }) => link.name === name)?.link;
  }

  /** The settings that hold now; the same list until they change. */
  configs(): readonly PbxConfig[] {
    return this.#configs;
  }

  each(begin: Begin): () => Promise<void> {
    // Wrapped, so that the same function may be given twice.
    const own: Begin = (pbx) => begin(pbx);
    this.#begins.add(own);
    for (const entry of this.#entries) this.#begin(entry, own);
    return async () => {
      this.#begins.delete(own);
      for (const entry of this.#entries.toReversed()) await this.#end(entry, own);
    };
  }

  /**
   * Makes the PBXs these. A PBX whose way of connecting changed is ended and begun anew; any other change of its settings holds at once.
   * Never fails: what goes wrong with one PBX is logged and keeps no other from coming or going. Resolves when all endings are through.
   */
  set(configs: readonly PbxConfig[]): Promise<void> {
    this.#changing = this.#changing.then(() => this.#set(configs));
    return this.#changing;
  }

  /** Disconnects all and changes nothing more; what was begun is ended by those who began it. May be called twice. */
  close(): Promise<void> {
    this.#closed = true;
    for (const { link } of this.#entries) link.stop();
    return this.#changing;
  }

  async #set(configs: readonly PbxConfig[]): Promise<void> {
    if (this.#closed) return;
    const wanted = new Map(configs.map((config) => [config.name, config]));
    const kept = new Map<string, Entry>();
    const gone: Entry[] = [];
    for (const entry of this.#entries) {
      const config = wanted.get(entry.link.name);
      if (config && connectsAlike(entry.config, config))
        kept.set(config.name, { ...entry, config });
      else gone.push(entry);
    }
    this.#configs = configs;
    this.#entries = configs.flatMap(({ name }) => kept.get(name) ?? []);
    // All at once: one whose ending takes long does not keep the others connected.
    await Promise.all(gone.map((entry) => this.#remove(entry)));
    for (const config of configs) {
      if (kept.has(config.name) || this.#closed) continue;
      const entry = { link: new PbxLink(config, this.#options.tuning), config, endings: new Map() };
      kept.set(config.name, entry);
      this.#entries = configs.flatMap(({ name }) => kept.get(name) ?? []);
      for (const begin of this.#begins) this.#begin(entry, begin);
      this.#options.log.info({ pbx: config.name }, "a PBX was added");
      entry.link.start();
    }
  }

  async #remove(entry: Entry): Promise<void> {
    entry.link.stop();
    for (const begin of [...entry.endings.keys()].toReversed()) await this.#end(entry, begin);
    this.#options.log.info({ pbx: entry.link.name }, "a PBX was removed");
  }

  #begin({ link, endings }: Entry, begin: Begin): void {
    try {
      const ending = begin(link);
      if (ending) endings.set(begin, ending);
    } catch (error) {
      this.#options.log.error({ err: error, pbx: link.name }, "a part could not begin with a PBX");
    }
  }

  async #end({ link, endings }: Entry, begin: Begin): Promise<void> {
    const ending = endings.get(begin);
    endings.delete(begin);
    try {
      await ending?.();
    } catch (error) {
      this.#options.log.error({ err: error, pbx: link.name }, "a part could not end with a PBX");
    }
  }
}

/** Whether both settings make the same connection; the token of the dialplan is none of it. */
function connectsAlike(one: PbxConfig, other: PbxConfig): boolean {
  const wire = ({ token: _token, ...rest }: PbxConfig) =>
    JSON.stringify(Object.entries(rest).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  return wire(one) === wire(other);
}
