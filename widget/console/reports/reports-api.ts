/** The console's HTTP requests about what came of offers and of talks. None rejects. */
import type { RatingReport, ReportKey } from "../../../server/followups/ratings/rest.ts";
import type { HeldReport, ReportBy, ReportRow } from "../../../server/offers/loop/report.ts";
import type { Answered, Send } from "../request.ts";

/** From a moment, and up to but not with another; ISO. */
export type Stretch = { readonly from: string; readonly to: string };

export class ReportsApi {
  readonly #send: Send;

  constructor(send: Send) {
    this.#send = send;
  }

  offers(stretch: Stretch, by: ReportBy): Promise<Answered<{ rows: readonly ReportRow[] }>> {
    const query = new URLSearchParams({ ...stretch, by });
    return this.#send("GET", `offers/report?${query.toString()}`);
  }
  held(stretch: Stretch): Promise<Answered<HeldReport>> {
    return this.#send("GET", `offers/held?${new URLSearchParams(stretch).toString()}`);
  }
  ratings(stretch: Stretch, by: ReportKey): Promise<Answered<RatingReport>> {
    const query = new URLSearchParams({ ...stretch, by });
    return this.#send("GET", `ratings/report?${query.toString()}`);
  }
}
