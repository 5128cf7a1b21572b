import { expect, test } from "vitest";
import { capabilitiesOf } from "../../server/asterisk/capabilities.ts";

test.each([
  ["22.10.1", "11.0.0", true, true],
  ["21.0.0", "10.0.0", true, true],
  ["20.5.0", "9.0.0", true, true],
  ["20.4.3", "9.0.0", false, true],
  ["19.8.1", "8.0.0", false, true],
  ["19.2.1", "8.0.0", false, false],
  ["18.20.0", "7.0.3", true, true],
  ["18.10.0", "7.0.3", false, false],
  ["16.28.0~dfsg-0+deb11u4", "5.0.2", false, true],
  ["16.24.1", "5.0.2", false, false],
  ["certified-18.9-cert8", "7.0.3", true, false],
  ["certified/18.9-cert7", "7.0.3", false, false],
])(
  "Asterisk %s with greeting %s: moves waiting callers %s, withdraws callers %s",
  (version, protocol, immediatePriority, withdrawCaller) => {
    expect(capabilitiesOf(version, protocol, true)).toEqual({
      version,
      immediatePriority,
      withdrawCaller,
      deviceStateList: true,
    });
  },
);

test("Without a version the greeting tells the branch, and what is not certain counts as absent", () => {
  expect(capabilitiesOf("", "11.0.0", false)).toEqual({
    version: "22",
    immediatePriority: true,
    withdrawCaller: true,
    deviceStateList: false,
  });
  expect(capabilitiesOf("", "7.0.3", false)).toMatchObject({
    version: "18",
    immediatePriority: false,
    withdrawCaller: false,
  });
  expect(capabilitiesOf("GIT-master-abcdef", "12.0.0", false)).toMatchObject({
    version: "GIT-master-abcdef",
    immediatePriority: true,
  });
  expect(capabilitiesOf("", "", false)).toMatchObject({ version: "", immediatePriority: false });
});
