/** A request's log: as cheap as nothing until a line is written, because most requests write one or none. */
import type { FastifyBaseLogger, FastifyLogFn } from "fastify";
import type { Bindings, ChildLoggerOptions, Level, Logger } from "pino";

const NOTHING: FastifyLogFn = () => undefined;

/** Says what a child of `parent` with these bindings would say; the child itself, whose bindings are text, is made with its first line. */
export class RequestLog implements FastifyBaseLogger {
  readonly #parent: Logger;
  readonly #bindings: Bindings;
  #own: Logger | null = null;

  constructor(parent: Logger, bindings: Bindings) {
    this.#parent = parent;
    this.#bindings = bindings;
  }

  get level(): string {
    return this.#parent.level;
  }

  child(bindings: Bindings, options?: ChildLoggerOptions): FastifyBaseLogger {
    if (options !== undefined) return this.#made().child(bindings, options);
    return new RequestLog(this.#parent, { ...this.#bindings, ...bindings });
  }

  get fatal(): FastifyLogFn {
    return this.#at("fatal");
  }

  get error(): FastifyLogFn {
    return this.#at("error");
  }

  get warn(): FastifyLogFn {
    return this.#at("warn");
  }

  get info(): FastifyLogFn {
    return this.#at("info");
  }

  get debug(): FastifyLogFn {
    return this.#at("debug");
  }

  get trace(): FastifyLogFn {
    return this.#at("trace");
  }

  get silent(): FastifyLogFn {
    return NOTHING;
  }

  #at(level: Level): FastifyLogFn {
    if (!this.#parent.isLevelEnabled(level)) return NOTHING;
    const own = this.#made();
    return own[level].bind(own);
  }

  #made(): Logger {
    return (this.#own ??= this.#parent.child(this.#bindings));
  }
}
