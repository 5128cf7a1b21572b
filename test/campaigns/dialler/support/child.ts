/**
 * The dialler in a process of its own, to be killed: the real one over a real PostgreSQL (`CALLCARD_URL`), with a double of a PBX
 * (`CALLCARD_PBX`, a port).
 */
import { connect, type Socket } from "node:net";
import { AmiError } from "../../../../server/asterisk/model.ts";
import { PgAttemptStore } from "../../../../server/campaigns/attempts/store.ts";
import { Campaigns } from "../../../../server/campaigns/campaigns.ts";
import { Dialler } from "../../../../server/campaigns/dialler/dialler.ts";
import type { SeenExtension } from "../../../../server/campaigns/dialler/operators.ts";
import type { PbxRecord, Progress, Telephone } from "../../../../server/campaigns/ports.ts";
import { localBus } from "../../../../server/storage/bus.ts";
import { openStorage } from "../../../../server/storage/database.ts";
import { openLease } from "../../../../server/storage/lease.ts";
import { vocabulary } from "../../samples.ts";
import { PBX } from "./memory.ts";
import { type Question, type Told, line, lines } from "./wire.ts";

type Asking = { readonly resolve: (is: never) => void; readonly reject: (error: Error) => void };
type Unnumbered = Question extends infer Q ? (Q extends Question ? Omit<Q, "n"> : never) : never;

/** Keeps connecting. Answers that a cut swallowed are never known. */
class WireTelephone implements Telephone {
  readonly pbx = PBX;
  readonly extensions = new Map<string, SeenExtension>();
  readonly #port: number;
  readonly #asking = new Map<number, Asking>();
  readonly #progress = new Set<(progress: Progress) => void>();
  readonly #synchronised = new Set<() => void>();
  readonly #queues = new Set<(pbx: string) => void>();
  #socket: Socket | null = null;
  #isUp = false;
  #n = 0;

  constructor(port: number) {
    this.#port = port;
    this.#connect();
  }

  up = () => this.#isUp;
  async dial({ attempt }: Parameters<Telephone["dial"]>[0]) {
    await this.#ask({ ask: "dial", id: attempt.id, phone: attempt.phone });
  }
  hangUp = (id: string) => this.#ask<boolean>({ ask: "hangUp", id });
  async alive(ids: readonly string[]) {
    return new Set(await this.#ask<string[]>({ ask: "alive", ids }));
  }
  record = (id: string) => this.#ask<PbxRecord>({ ask: "record", id });
  settled = () => undefined;
  onProgress(listener: (progress: Progress) => void) {
    this.#progress.add(listener);
    return () => void this.#progress.delete(listener);
  }
  onSynchronised(listener: () => void) {
    this.#synchronised.add(listener);
    return () => void this.#synchronised.delete(listener);
  }
  onQueues(listener: (pbx: string) => void) {
    this.#queues.add(listener);
    return () => void this.#queues.delete(listener);
  }

  #ask<T>(question: Unnumbered): Promise<T> {
    const n = (this.#n += 1);
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    if (!this.#isUp) return Promise.reject(new AmiError("disconnected", question.ask, "away"));
    this.#asking.set(n, { resolve, reject });
    this.#socket!.write(line({ ...question, n }));
    return promise;
  }

  #connect(): void {
    const socket = connect(this.#port, "127.0.0.1");
    this.#socket = socket;
    socket.on("error", () => undefined);
    socket.on(
      "data",
      lines((told: Told) => this.#hear(told)),
    );
    socket.on("close", () => {
      this.#isUp = false;
      for (const [n, { reject }] of this.#asking) {
        this.#asking.delete(n);
        reject(new AmiError("disconnected", "ask", "the connection was cut"));
      }
      setTimeout(() => this.#connect(), 50);
    });
  }

  #hear(told: Told): void {
    switch (told.tell) {
      case "answer": {
        const asking = this.#asking.get(told.n);
        this.#asking.delete(told.n);
        if (told.refused === undefined) asking?.resolve(told.is as never);
        else asking?.reject(new AmiError("refused", "ask", told.refused));
        return;
      }
      case "snapshot":
        for (const extension of told.extensions)
          this.extensions.set(extension.extension, extension);
        this.#isUp = true;
        for (const progress of told.living) this.#tell(progress);
        for (const listener of this.#synchronised) listener();
        return;
      case "extension":
        this.extensions.set(told.extension.extension, told.extension);
        for (const listener of this.#queues) listener(PBX);
        return;
      case "progress":
      default:
        this.#tell(told.progress);
    }
  }

  #tell(progress: Progress): void {
    for (const listener of this.#progress) listener(progress);
  }
}

const url = process.env["CALLCARD_URL"]!;
const storage = openStorage(url);
const fail = (error: unknown) => console.error(error);
const log = {
  info: () => undefined,
  warn: (fields: object, message: string) => console.error(message, fields),
  error: (fields: object, message: string) => console.error(message, fields),
};
const bus = localBus(fail);
const campaigns = new Campaigns({
  ...{ db: storage.db, bus, onError: () => undefined, lookMs: 500 },
  vocabulary: async () => vocabulary,
});
campaigns.load().catch(() => undefined);
const telephone = new WireTelephone(Number(process.env["CALLCARD_PBX"]));
const dialler = new Dialler({
  ...{ telephone, campaigns, log },
  attempts: new PgAttemptStore({ db: storage.db, bus, timeZone: "Europe/Moscow" }),
  lease: openLease({ databaseUrl: url, name: `dialler ${PBX}`, everyMs: 200, deadlineMs: 1000 }),
  calls: {
    queues: () => [],
    extensions: () => [...telephone.extensions.values()],
    onQueues: (listener) => telephone.onQueues(listener),
    onFact: () => () => undefined,
  },
  seats: () => [],
  ownPhone: (extension) => `PJSIP/${extension}`,
  prepare: async () => undefined,
  doNotCall: async () => undefined,
  tuning: { everyMs: 200, gapMs: 20, settleEveryMs: 3000, settleAfterMs: 500 },
});
dialler.open();
process.send?.("open");
