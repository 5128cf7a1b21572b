/** The console's HTTP requests about PBXs. None rejects. */
import type { PbxsReport } from "../../../server/asterisk/pbx-routes.ts";
import type { Answered, Send } from "../request.ts";

export class PbxsApi {
  readonly #send: Send;

  constructor(send: Send) {
    this.#send = send;
  }

  all(): Promise<Answered<PbxsReport>> {
    return this.#send("GET", "pbxs");
  }
}
