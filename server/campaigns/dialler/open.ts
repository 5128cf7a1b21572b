/**
 * Everything that dials, wired on one page: for each PBX its telephone, the lease without which nobody is dialled, and the dialler; and what
 * operators' screens see of it all.
 */
import type { CountryCode } from "libphonenumber-js/max";
import type { Logger } from "pino";
import type { PbxLink } from "../../asterisk/link.ts";
import type { LiveCalls } from "../../calls/live.ts";
import { ownPhone } from "../../desk/dial.ts";
import type { DeskCampaigns } from "../../desk/ports.ts";
import type { Metrics } from "../../http/metrics.ts";
import type { Database } from "../../storage/database.ts";
import { openLease } from "../../storage/lease.ts";
import { DeskSide } from "../desk-side.ts";
import type { AttemptStore, CampaignBook, DiallerView } from "../ports.ts";
import { Dialler, type DiallerTuning } from "./dialler.ts";
import type { Seat } from "./operators.ts";
import { AsteriskTelephone } from "./telephone.ts";

export type DiallersOptions = {
  readonly links: readonly Pick<PbxLink, "name" | "status" | "listen" | "onStatus" | "action">[];
  readonly calls: LiveCalls;
  readonly campaigns: CampaignBook;
  /** On connections of their own: what happened to a call is written however many wait. */
  readonly attempts: AttemptStore;
  readonly db: Database;
  readonly databaseUrl: string;
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
  /** What the console shows, of campaigns that are not ended. */
  views(): readonly DiallerView[];
  /** Begins to listen and to dial; before the PBXs are connected, so that nothing is missed. */
  open(): Promise<void>;
  /** Dials nothing more and writes what is left; calls that run go on. */
  close(): Promise<void>;
  expose(metrics: Metrics): void;
};

/** Makes one for each PBX. Nothing is asked of anybody before {@link Diallers.open}. */
export function createDiallers(options: DiallersOptions): Diallers {
  const { attempts, calls, campaigns, databaseUrl, db, dialContext, links, region, seats } =
    options;
  const log = options.log.child({ part: "dialler" });
  const side = new DeskSide({ db, calls, log });
  const opened: { close(): Promise<void> | void }[] = [];
  let diallers: readonly Dialler[] = [];

  const doNotCall = async (phone: string, reason: string): Promise<void> => {
    await db
      .insertInto("do_not_call")
      .values({ phone, reason, added_by: "dialler" })
      .onConflict((conflict) => conflict.column("phone").doNothing())
      .execute();
  };

  function openOne(pbx: DiallersOptions["links"][number]): Dialler {
    const telephone = new AsteriskTelephone({
      ...{ pbx, calls, region },
      onFailure: (error, doing) => log.warn({ err: error, pbx: pbx.name, doing }, "telephone"),
    });
    const lease = openLease({ databaseUrl, name: `dialler ${pbx.name}` });
    const dialler = new Dialler({
      ...{ telephone, calls, campaigns, attempts, lease, seats, doNotCall, log },
      ownPhone: (extension, members) => ownPhone(extension, members, dialContext),
      prepare: async (attempt) => void (await side.prepare(pbx.name, attempt)),
      ...(options.tuning === undefined ? {} : { tuning: options.tuning }),
    });
    telephone.open();
    dialler.open();
    opened.push(dialler, telephone, lease);
    return dialler;
  }

  return {
    desk: side,
    views: () => diallers.flatMap((dialler) => dialler.views()),
    async open() {
      diallers = links.map(openOne);
      await side.open(diallers);
    },
    async close() {
      side.close();
      for (const part of opened.splice(0)) await part.close();
    },
    expose(metrics) {
      for (const { name } of links) {
        const of = () => diallers.find(({ pbx }) => pbx === name);
        metrics.exposeCounters("callcard_dialler_", () => ({ ...of()?.counters() }), { pbx: name });
        metrics.exposeGauges("callcard_dialler_", () => ({ ...of()?.gauges() }), { pbx: name });
      }
    },
  };
}
