/**
 * Everything that dials, wired on one page: for each PBX its telephone, the lease without which nobody is dialled, and the dialler; and what
 * operators' screens see of it all.
 */
import type { CountryCode } from "libphonenumber-js/max";
import type { Logger } from "pino";
import type { Pbx } from "../../asterisk/model.ts";
import type { Pbxs } from "../../asterisk/pbxs.ts";
import type { LiveCalls } from "../../calls/live.ts";
import { ownPhone } from "../../desk/dial.ts";
import type { DeskCampaigns } from "../../desk/ports.ts";
import type { Metrics } from "../../http/metrics.ts";
import type { Asks } from "../../storage/asks.ts";
import type { Bus } from "../../storage/bus.ts";
import type { Database } from "../../storage/database.ts";
import type { Leases } from "../../storage/leases.ts";
import { DeskSide } from "../desk-side.ts";
import type { AttemptStore, CampaignBook } from "../ports.ts";
import { Dialler, type DiallerTuning } from "./dialler.ts";
import type { Seat } from "./operators.ts";
import { SharedViews } from "./shared-views.ts";
import { AsteriskTelephone } from "./telephone.ts";

export type DiallersOptions = {
  readonly pbxs: Pbxs;
  readonly calls: LiveCalls;
  readonly campaigns: CampaignBook;
  /** On connections of their own: what happened to a call is written however many wait. */
  readonly attempts: AttemptStore;
  readonly db: Database;
  /** Whoever holds a PBX's dials there. */
  readonly leases: Leases;
  /** The way to the other processes. */
  readonly bus: Bus;
  readonly asks: Asks;
  /** Who sits where; the desk tells. */
  readonly seats: () => Iterable<Seat>;
  /** Where FreePBX's members are called through. */
  readonly dialContext: string;
  /** Country of the trunks. */
  readonly region: CountryCode;
  readonly log: Logger;
  readonly tuning?: Partial<DiallerTuning>;
};

/** All diallers of one process. */
export type Diallers = {
  /** What the desk asks of campaigns. */
  readonly desk: DeskCampaigns;
  /** What the console shows, of campaigns that are not ended, whichever process dials; and PBXs on which none does. */
  look(): ReturnType<SharedViews["look"]>;
  /** Begins to listen and to dial; before the PBXs are connected, so that nothing is missed. */
  open(): Promise<void>;
  /** Dials nothing more and writes what is left; calls that run go on. */
  close(): Promise<void>;
  expose(metrics: Metrics): void;
};

/** Makes one for each PBX. Nothing is asked of anybody before {@link Diallers.open}. */
export function createDiallers(options: DiallersOptions): Diallers {
  const { attempts, calls, campaigns, db, dialContext, leases, pbxs, region, seats } = options;
  const log = options.log.child({ part: "dialler" });
  const side = new DeskSide({ db, calls, log });
  side.share({ bus: options.bus, asks: options.asks, leaseOf: (pbx) => leases.of(pbx) });
  const diallers = new Map<string, Dialler>();
  const views = new SharedViews({
    ...{ bus: options.bus, leaseOf: (pbx) => leases.of(pbx) },
    diallers: () => diallers.values(),
  });
  let stopFollowing = () => Promise.resolve();

  const doNotCall = async (phone: string, reason: string): Promise<void> => {
    await db
      .insertInto("do_not_call")
      .values({ phone, reason, added_by: "dialler" })
      .onConflict((conflict) => conflict.column("phone").doNothing())
      .execute();
  };

  function openOne(pbx: Pbx): () => Promise<void> {
    const telephone = new AsteriskTelephone({
      ...{ pbx, calls, region },
      onFailure: (error, doing) => log.warn({ err: error, pbx: pbx.name, doing }, "telephone"),
    });
    const lease = leases.of(pbx.name);
    const dialler = new Dialler({
      ...{ telephone, calls, campaigns, attempts, lease, seats, doNotCall, log },
      ownPhone: (extension, members) => ownPhone(extension, members, dialContext),
      prepare: async (attempt) => void (await side.prepare(pbx.name, attempt)),
      ...(options.tuning === undefined ? {} : { tuning: options.tuning }),
    });
    telephone.open();
    dialler.open();
    diallers.set(pbx.name, dialler);
    const release = side.follow(dialler);
    return async () => {
      release();
      if (diallers.get(pbx.name) === dialler) diallers.delete(pbx.name);
      await dialler.close();
      telephone.close();
    };
  }

  return {
    desk: side,
    look: () => views.look(),
    async open() {
      stopFollowing = pbxs.each(openOne);
      await side.open();
    },
    async close() {
      side.close();
      views.close();
      await stopFollowing();
    },
    expose(metrics) {
      pbxs.each(({ name }) => {
        const of = () => diallers.get(name);
        const hide = [
          metrics.exposeCounters("callcard_dialler_", () => ({ ...of()?.counters() }), {
            pbx: name,
          }),
          metrics.exposeGauges("callcard_dialler_", () => ({ ...of()?.gauges() }), { pbx: name }),
        ];
        return () => {
          for (const one of hide) one();
        };
      });
    },
  };
}
