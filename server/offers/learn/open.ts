/** What is learned from orders, wired: the learner, the hints that come of it, and what is seen of both. */
import type { Logger } from "pino";
import type { App } from "../../http/app.ts";
import type { Metrics } from "../../http/metrics.ts";
import type { Storage } from "../../storage/database.ts";
import type { HintSource } from "../model.ts";
import { openHints } from "./hints.ts";
import { Learner } from "./learner.ts";
import { learningRoutes } from "./routes.ts";

/** What the rest of the server gives. */
export type LearningOptions = {
  readonly storage: Pick<Storage, "pool" | "db">;
  readonly databaseUrl: string;
  readonly log: Logger;
};

/** Learning, and what it is for. */
export type LearningPart = {
  readonly hints: HintSource;
  routes(app: App, metrics: Metrics): Promise<void>;
  /** Begins to learn; every process may, one at a time does. */
  open(): void;
  close(): Promise<void>;
};

/** Connects to nothing until it is opened or asked. */
export function openLearning({ storage, databaseUrl, log }: LearningOptions): LearningPart {
  const learner = new Learner({ databaseUrl, log: log.child({ part: "learning" }) });
  return {
    hints: openHints(storage),
    async routes(app, metrics) {
      await learningRoutes(app, { db: storage.db, learner });
      metrics.exposeCounters("callcard_learning_", () => learner.counters());
      metrics.exposeGauges("callcard_learning_", () => learner.gauges());
    },
    open: () => learner.open(),
    close: () => learner.close(),
  };
}
