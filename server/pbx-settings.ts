/**
 * The list of PBXs, read again while the server runs: when its file changes and when somebody says so (SIGHUP). Only that list may change; of
 * any other setting that is another one by now it is said that it needs a restart. A file that cannot be used changes nothing.
 */
import { type FSWatcher, watch } from "node:fs";
import { dirname } from "node:path";
import { type Config, type PbxConfig, changedSettings } from "./config.ts";

export type PbxSettingsOptions = {
  /** As the server was started with. */
  readonly config: Config;
  /** Reads everything anew. @throws ConfigError, or what the file system says. */
  readonly read: () => Config;
  readonly apply: (pbxs: readonly PbxConfig[]) => Promise<void>;
  readonly log: {
    info(fields: object, message: string): void;
    warn(fields: object, message: string): void;
  };
  /** Editors write a file in several steps: looked at so long after the first; default 300. */
  readonly gatherMs?: number;
};

/** How the last reading went. */
export type PbxSettingsState = {
  readonly file: string;
  /** Epoch ms of the last reading that could be used. */
  readonly readAtMs: number;
  /** Why the file cannot be used as it is now, with its name and the key; "" when it can. */
  readonly problem: string;
  /** Names of settings that changed and hold after a restart. */
  readonly needRestart: readonly string[];
};

/** Reads the list again until {@link PbxSettings.close}. */
export class PbxSettings {
  readonly #options: PbxSettingsOptions;
  #state: PbxSettingsState;
  #watcher: FSWatcher | null = null;
  #timer: NodeJS.Timeout | null = null;
  #reading: Promise<void> = Promise.resolve();
  #applied: string;

  constructor(options: PbxSettingsOptions) {
    this.#options = options;
    const { configFile, pbxs } = options.config;
    this.#applied = JSON.stringify(pbxs);
    this.#state = { file: configFile, readAtMs: Date.now(), problem: "", needRestart: [] };
  }

  /** Begins to watch the file, when there is one. */
  open(): void {
    const { file } = this.#state;
    if (file === "" || this.#watcher !== null) return;
    try {
      // The folder: editors and configuration managers put another file in its place, of which a watch on the file would not hear.
      this.#watcher = watch(dirname(file), { persistent: false }, () => {
        this.#timer ??= setTimeout(() => {
          this.#timer = null;
          void this.readAgain();
        }, this.#options.gatherMs ?? 300);
      });
      this.#watcher.on("error", (error) => this.#notWatched(error));
    } catch (error) {
      this.#notWatched(error);
    }
  }

  state(): PbxSettingsState {
    return this.#state;
  }

  /** Never fails: what is wrong is told by {@link state} and the log. Resolves when what changed holds. */
  readAgain(): Promise<void> {
    this.#reading = this.#reading.then(() => this.#readAgain());
    return this.#reading;
  }

  close(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#watcher?.close();
    this.#watcher = null;
    return this.#reading;
  }

  async #readAgain(): Promise<void> {
    const { apply, config, log, read } = this.#options;
    const { file } = this.#state;
    if (file === "") return;
    let fresh: Config;
    try {
      fresh = read();
      if (fresh.configFile !== file) fresh = { ...fresh, pbxs: config.pbxs };
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      if (problem !== this.#state.problem)
        log.warn({ file, problem }, "the PBXs stay as they are: their file cannot be used");
      this.#state = { ...this.#state, problem };
      return;
    }
    const needRestart = changedSettings(config, fresh);
    if (needRestart.join() !== this.#state.needRestart.join() && needRestart.length > 0)
      log.warn({ settings: needRestart }, "changed settings hold after a restart");
    this.#state = { file, readAtMs: Date.now(), problem: "", needRestart };
    const text = JSON.stringify(fresh.pbxs);
    if (text === this.#applied) return;
    this.#applied = text;
    log.info({ pbxs: fresh.pbxs.map(({ name }) => name) }, "the list of PBXs changed");
    await apply(fresh.pbxs);
  }

  #notWatched(error: unknown): void {
    const { file } = this.#state;
    this.#options.log.warn(
      { err: error, file },
      "the file of PBXs cannot be watched: after a change send SIGHUP",
    );
  }
}
