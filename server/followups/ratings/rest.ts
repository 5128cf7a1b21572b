/** Bodies of `/api/v1/ratings` as the console's screens and integrators use them. */
import type { Answers, Nps } from "./nps.ts";

/** By what answers are told apart. */
export const REPORT_KEYS = ["queue", "operator", "reason", "day"] as const;
export type ReportKey = (typeof REPORT_KEYS)[number];

/** A row of the report, or all of them together. */
export type RatingRow = Answers & {
  /** The queue, the user's id, the disposition's code or the day (`2026-11-23`); "" for none. */
  readonly key: string;
  /** As people call it; for a disposition in the three languages of the console. */
  readonly name: string;
  readonly labels: { readonly ru: string; readonly uk: string; readonly en: string } | null;
  readonly n: number;
  readonly nps: Nps | null;
};

/** `GET /api/v1/ratings/report?by=&from=&to=`: the most answers first, days in order. */
export type RatingReport = {
  readonly by: ReportKey;
  /** ISO. */
  readonly from: string;
  readonly to: string;
  readonly rows: readonly RatingRow[];
  readonly all: RatingRow;
};

/** `POST /api/v1/ratings`. `new` is false when the call was rated before: the first answer stays. */
export type RatingBody = { readonly callId: string; readonly score: number; readonly new: boolean };

/** `POST /api/v1/ratings/tokens`: what goes into a message's link; whoever has it may rate this call, once. */
export type RatingToken = { readonly token: string; readonly expiresAt: string };
