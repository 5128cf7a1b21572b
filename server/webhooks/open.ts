/**
 * Webhooks on their way to those who want to hear: each until its receiver has it, or for three days. Every process sends; what one
 * leaves behind when it dies another goes on with.
 */
import type { Storage } from "../storage/database.ts";
import { openJobQueue, prepareJobs } from "../storage/job-queue.ts";
import {
  INSTALL_JOBS,
  QUEUE_FORGOTTEN_WEBHOOKS,
  WEBHOOK_TASK,
  type WebhookJob,
  goOnAt,
} from "./jobs.ts";
import { Sender, type SenderOptions } from "./sender.ts";

/** What sending works with. */
export type WebhooksOptions = SenderOptions & {
  /** For the queue alone: a pool of 3 is enough. */
  readonly storage: Pick<Storage, "db" | "pool">;
  /** A job taken so long ago was its process's last; default 1 minute. */
  readonly lostAfterMs?: number;
};

/** Sending under way. */
export interface Webhooks {
  /** Ends within a few seconds; what was being sent is sent again, under its id, by whoever opens next. */
  close(): Promise<void>;
}

/** Targets that are sent to at the same time; a slow one holds up nobody but itself. */
const AT_A_TIME = 10;

/** Readies the queue and begins to send. @throws when PostgreSQL cannot be reached now; later it may come and go. */
export async function openWebhooks(options: WebhooksOptions): Promise<Webhooks> {
  const { storage, log, lostAfterMs } = options;
  await prepareJobs(storage.pool, INSTALL_JOBS, QUEUE_FORGOTTEN_WEBHOOKS);
  const sender = new Sender(options);
  const queue = openJobQueue({
    ...{ pool: storage.pool, log, name: "webhooks", atATime: AT_A_TIME },
    ...(lostAfterMs === undefined ? {} : { lostAfterMs }),
    tasks: {
      [WEBHOOK_TASK]: async (job: unknown, helpers) => {
        const { targetId } = job as WebhookJob;
        const atMs = await sender.send(targetId, helpers.abortSignal);
        if (atMs !== null) await goOnAt(storage.db, targetId, atMs);
        queue.wake();
      },
    },
  });
  return {
    close: () => {
      sender.stop();
      return queue.close();
    },
  };
}
