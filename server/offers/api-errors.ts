/** What a refused rule or threshold is over HTTP. */
import { Refusal } from "../desk/replies.ts";
import { ApiError } from "../http/errors.ts";
import { RuleError } from "./rule-book.ts";
import { StandingsError } from "./standings/keeper.ts";

type Reply = { code(status: 422): { send(body: object): unknown } };

/** Answers a refused rule or refused thresholds with everything that is wrong with them. */
export async function refusing<T>(reply: Reply, deed: () => Promise<T>): Promise<T> {
  try {
    return await deed();
  } catch (error) {
    const isRefused =
      (error instanceof RuleError && error.code === "ruleRefused") ||
      (error instanceof StandingsError && error.code === "standingsRefused");
    if (!isRefused) throw asApiError(error);
    const { message, checked, code } = error;
    const field = `body.settings${(checked.problems[0]?.path ?? "").replaceAll("/", ".")}`;
    return reply.code(422).send({ error: { code, message, field }, ...checked }) as T;
  }
}

/** A refusal as HTTP says it; anything else as it is. */
export function asApiError(error: unknown): unknown {
  if (error instanceof RuleError)
    return error.code === "noSuchRule"
      ? new ApiError(404, "notFound", error.message, { cause: error })
      : new ApiError(409, error.code, error.message, { cause: error });
  if (error instanceof StandingsError)
    return new ApiError(409, error.code, error.message, { cause: error });
  if (error instanceof Refusal && error.code === "notFound")
    return new ApiError(404, "notFound", error.message, { cause: error });
  if (error instanceof Refusal && error.code === "invalid")
    return new ApiError(400, "invalid", error.message, { cause: error });
  return error;
}
