/** What is learned from orders, wired: the learner, and what is seen of it. */
import type { Logger } from "pino";
import type { App } from "../../http/app.ts";
import type { Metrics } from "../../http/metrics.ts";
import type { Storage } from "../../storage/database.ts";
import { Learner } from "./learner.ts";
import { learningRoutes } from "./routes.ts";

/** What the rest of the server gives. */
export type LearningOptions = {
  readonly storage: Pick<Storage, "pool" | "db">;
  readonly databaseUrl: string;
  readonly log: Logger;
};

/** Learning, under way. */
export type LearningPart = {
  routes(app: App, metrics: Metrics): Promise<void>;
  /** Begins to learn; every process may, one at a time does. */
  open(): void;
  close(): Promise<void>;
};

/** Connects to nothing until it is opened or asked. */
export function openLearning({ storage, databaseUrl, log }: LearningOptions): LearningPart {
  const learner = new Learner({ databaseUrl, log: log.child({ part: "learning" }) });
  return {
    async routes(app, metrics) {
      await learningRoutes(app, { db: storage.db, learner });
      metrics.exposeCounters("callcard_learning_", () => learner.counters());
      metrics.exposeGauges("callcard_learning_", () => learner.gauges());
    },
    open: () => learner.open(),
    close: () => learner.close(),
  };
}
