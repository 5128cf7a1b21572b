/**
 * Properties are tried on the same cases each time, so that `npm test` says the same of the same code. `FAST_CHECK_SEED=<number>`
 * tries others.
 */
import fc from "fast-check";

fc.configureGlobal({ seed: Number(process.env["FAST_CHECK_SEED"] ?? 20_261_122) });
