/**
 * What an Asterisk can do, told from its version.
 */
import type { PbxCapabilities } from "./model.ts";

/** Before anything is known. */
export const nothingKnown: PbxCapabilities = {
  version: "",
  immediatePriority: false,
  withdrawCaller: false,
  deviceStateList: false,
};

/** Major version of Asterisk by the major version of its manager greeting. */
const majorByProtocol: Readonly<Record<string, number>> = {
  "5": 16,
  "6": 17,
  "7": 18,
  "8": 19,
  "9": 20,
  "10": 21,
  "11": 22,
  "12": 23,
};

type Version = { readonly major: number; readonly minor: number };

function parse(version: string, protocolVersion: string): Version | null {
  const numbers = /(\d+)\.(\d+)/.exec(version);
  if (numbers) return { major: Number(numbers[1]), minor: Number(numbers[2]) };
  // A build from source control has no number, and reading it may be forbidden; the greeting at least gives the branch.
  const major = majorByProtocol[protocolVersion.split(".")[0] ?? ""];
  return major === undefined ? null : { major, minor: 0 };
}

/** From which minor version of a branch something exists: any branch at or above `always`, or a listed branch from its minor. */
function since(
  version: Version | null,
  always: number,
  branches: Readonly<Record<number, number>>,
): boolean {
  if (!version) return false;
  if (version.major >= always) return true;
  const minor = branches[version.major];
  return minor !== undefined && version.minor >= minor;
}

/**
 * Capabilities of an Asterisk. `version` is CoreSettings' AsteriskVersion ("" when it was refused), `protocolVersion` the
 * greeting's. What is not certain counts as absent.
 */
export function capabilitiesOf(
  version: string,
  protocolVersion: string,
  deviceStateList: boolean,
): PbxCapabilities {
  const parsed = parse(version, protocolVersion);
  const certified = /certified.*18\.9-cert(\d+)/.exec(version);
  const immediatePriority = certified
    ? Number(certified[1]) >= 8
    : since(parsed, 21, { 18: 20, 20: 5 });
  const major = majorByProtocol[protocolVersion.split(".")[0] ?? ""];
  return {
    version: version || (major === undefined ? "" : String(major)),
    immediatePriority,
    withdrawCaller: since(parsed, 20, { 16: 25, 18: 11, 19: 3 }),
    deviceStateList,
  };
}
