/** What a campaign's refusal is over HTTP. */
import { ApiError } from "../http/errors.ts";
import { CampaignError, type Campaigns } from "./campaigns.ts";
import type { Campaign } from "./model.ts";

type Reply = {
  code(status: 422): { send(body: object): unknown };
};

/** Answers a refused campaign with everything that is wrong with it. */
export async function refusing<T>(reply: Reply, deed: () => Promise<T>): Promise<T> {
  try {
    return await deed();
  } catch (error) {
    if (!(error instanceof CampaignError) || error.code !== "campaignRefused")
      throw asApiError(error);
    const { message, checked, code } = error;
    const field = `body.settings${(checked.problems[0]?.path ?? "").replaceAll("/", ".")}`;
    return reply.code(422).send({ error: { code, message, field }, ...checked }) as T;
  }
}

/** @throws ApiError 404 */
export async function foundCampaign(
  campaigns: Pick<Campaigns, "body">,
  id: string,
): Promise<Campaign> {
  try {
    return await campaigns.body(id);
  } catch (error) {
    throw asApiError(error);
  }
}

/** A campaign's refusal as HTTP says it. */
export function asApiError(error: unknown): unknown {
  if (!(error instanceof CampaignError)) return error;
  const status = error.code === "noSuchCampaign" ? 404 : 409;
  const code = status === 404 ? "notFound" : error.code;
  return new ApiError(status, code, error.message, { cause: error });
}
