/** Everything around campaigns on a real PBX: the running server, its operators, its trunk, and a shop that tells orders and takes results. */
import type { CampaignSettings } from "../../server/campaigns/model.ts";
import type {
  CampaignBody,
  CampaignCheck,
  CampaignTemplate,
  ContactFound,
  ContactsBody,
} from "../../server/campaigns/rest.ts";
import type { Storage } from "../../server/storage/database.ts";
import { everyDay } from "../campaigns/samples.ts";
import type { Lab } from "../support/lab.ts";
import { seatOperators } from "../support/operators.ts";
import { openScreens } from "./floor.ts";
import { eventually } from "./house.ts";
import { type Receiver, type ServerProcess, orderOf, startReceiver, startServer } from "./shop.ts";

const PBX = "lab";
/** What people who are called see. */
export const CALLER_ID = "+73830000600";

/** One shop whose orders call their customers. */
export type CampaignHouse = {
  readonly server: ServerProcess;
  readonly receiver: Receiver;
  readonly floor: ReturnType<typeof openScreens>;
  /** Waits until the server and its PBX know of each other. */
  ready(): Promise<void>;
  /** A campaign for new orders of a source, as an admin makes it: the template, what it lacks, checked, saved, started. @returns its id. */
  begin(
    source: string,
    own: Pick<CampaignSettings, "queue"> & Partial<CampaignSettings>,
  ): Promise<string>;
  pause(campaignId: string): Promise<void>;
  resume(campaignId: string): Promise<void>;
  /** Tells orders of these numbers, the same ones changed when `own` says so. */
  order(
    source: string,
    phones: readonly string[],
    own?: Parameters<typeof orderOf>[2],
  ): Promise<void>;
  /** Everybody of a campaign by their phone in E.164. */
  contacts(campaignId: string): Promise<ReadonlyMap<string, ContactFound>>;
  close(): Promise<void>;
};

/** Opens one on a migrated, empty database. Operators sit at these extensions and end every talk as "confirmed". */
export async function openCampaignHouse(of: {
  readonly lab: Lab;
  readonly database: Pick<Storage, "db"> & { readonly url: string };
  /** Where the server finds Asterisk's AMI; straight unless told. */
  readonly amiPort?: number;
  readonly extensions: readonly string[];
  readonly sources: readonly string[];
  readonly trunk: { readonly lines: number; readonly callsPerSecond: number };
}): Promise<CampaignHouse> {
  await using parts = new AsyncDisposableStack();
  const { lab, database } = of;
  const receiver = await startReceiver();
  parts.defer(() => receiver.close());
  const operators = await seatOperators(database, PBX, of.extensions);
  const server = await startServer({
    ...{ databaseUrl: database.url, pbx: PBX },
    ami: { port: of.amiPort ?? lab.amiPort, username: lab.username, secret: lab.secret },
  });
  parts.defer(() => server.close());
  const floor = openScreens(server.url, operators, () => "confirmed");
  parts.defer(() => floor.close());
  const house = { server, receiver, floor };
  await ready(server);
  for (const source of of.sources)
    await server.ask("PUT", `/api/v1/order-sources/${source}`, {
      ...{ resultsUrl: receiver.url, resultsSecret: receiver.secret },
    });
  await server.ask("PUT", `/api/v1/trunks/${PBX}/city`, {
    ...{ dial: "PJSIP/{number}@pstn", format: "e164", enabled: true, ...of.trunk },
  });
  const opened = parts.move();
  return {
    ...house,
    ready: () => ready(server),
    async begin(source, own) {
      const { templates } = await server.ask<{ templates: CampaignTemplate[] }>(
        "GET",
        "/api/v1/campaigns/templates?language=ru",
      );
      const template = templates.find(({ id }) => id === "confirmOrders")!.settings;
      const settings: CampaignSettings = {
        ...template,
        ...{ name: `Заказы: ${source}`, pbx: PBX, trunks: ["city"], mode: "progressive" },
        trigger: { type: "orderPlaced", sources: [source] },
        callerId: { number: CALLER_ID, name: "Магазин" },
        ...{ ringSeconds: 15, hours: everyDay("00:00", "24:00") },
        exclude: { talkedWithinHours: null, openClaim: false, withoutConsent: false },
        ...own,
      };
      const check = await server.ask<CampaignCheck>("POST", "/api/v1/campaigns/check", {
        settings,
      });
      if (check.problems.length > 0) throw new Error(JSON.stringify(check.problems));
      const { id } = await server.ask<CampaignBody>("POST", "/api/v1/campaigns", { settings });
      await server.ask("POST", `/api/v1/campaigns/${id}/start`);
      return id;
    },
    pause: async (id) => void (await server.ask("POST", `/api/v1/campaigns/${id}/pause`)),
    resume: async (id) => void (await server.ask("POST", `/api/v1/campaigns/${id}/start`)),
    async order(source, phones, own) {
      const orders = phones.map((phone) => orderOf(source, phone, own));
      const told = await server.tell<{ refused: number }>("/api/v1/orders", orders);
      if (told.refused > 0) throw new Error(JSON.stringify(told));
    },
    async contacts(id) {
      const { contacts } = await server.ask<ContactsBody>(
        "GET",
        `/api/v1/campaigns/${id}/contacts?limit=200`,
      );
      return new Map(contacts.map((contact) => [`+${contact.phone.replace(/\D/g, "")}`, contact]));
    },
    close: () => opened.disposeAsync(),
  };
}

async function ready(server: ServerProcess): Promise<void> {
  await eventually(async () => {
    const answer = await fetch(`${server.url}/readyz`);
    const { parts } = (await answer.json()) as { parts: { name: string; ok: boolean }[] };
    return parts.some(({ name, ok }) => name === `pbx ${PBX}` && ok);
  });
}

/** The nth number of a family of numbers. */
export function phoneOf(beginning: string, person: number): string {
  return `${beginning}${String(person).padStart(12 - beginning.length, "0")}`;
}
