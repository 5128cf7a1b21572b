import { expect, test } from "vitest";
import { ConfigError, parseConfig } from "../server/config.ts";

test("without any setting the simulated PBX, the embedded PostgreSQL and port 3000 are used", () => {
  const config = parseConfig({}, null);
  expect(config).toMatchObject({
    port: 3000,
    host: "127.0.0.1",
    databaseUrl: "",
    pbxs: [],
    defaultRegion: "RU",
  });
  expect(config.extensionPattern.test("101")).toBe(true);
  expect(config.extensionPattern.test("trunk101")).toBe(false);
});

test("an empty setting means its default", () => {
  expect(parseConfig({ PORT: "", DEFAULT_REGION: " " }, null)).toMatchObject({
    port: 3000,
    defaultRegion: "RU",
  });
});

test.each([
  [{ PORT: "70000" }, 'PORT: "70000" is not allowed; it must be a whole number from 0 to 65535'],
  [{ PORT: "3000x" }, 'PORT: "3000x" is not allowed; it must be a whole number from 0 to 65535'],
  [
    { DEFAULT_REGION: "Russia" },
    'DEFAULT_REGION: "Russia" is not allowed; it must be a two-letter country code such as RU, UA, KZ',
  ],
  [{ AMI_TLS: "yes" }, 'AMI_TLS: "yes" is not allowed; it must be one of off, on, insecure'],
  [
    { EXTENSION_PATTERN: "[0-9" },
    'EXTENSION_PATTERN: "[0-9" is not allowed; it must be a regular expression',
  ],
  [
    { CRM_ORIGINS: "https://crm.example/path" },
    'CRM_ORIGINS: "https://crm.example/path" is not allowed; it must be origins such as https://crm.example, separated by commas',
  ],
  [
    { AMI_HOST: "10.0.0.1" },
    "AMI_SECRET: empty is not allowed; it must be the manager user's secret when AMI_HOST is set",
  ],
  [
    { PBX_NAME: "main office" },
    'PBX_NAME: "main office" is not allowed; it must be 1 to 20 letters, digits or _',
  ],
])("a wrong value %o is told in one line", (env, line) => {
  expect(() => parseConfig(env, null)).toThrow(expect.objectContaining({ message: line }));
});

test.each([
  { DATABASE_URL: "mysql://root:hunter2@db/shop" },
  { CRM_TOKEN_SECRET: "hunter2" },
  { ADMIN_PASSWORD: "hunter2" },
  { PBX_TOKEN: "hunter2" },
  { PBX_TOKEN: "hunter2,hunter2;${hunter2}!" },
])("a wrong secret is named but never repeated: %o", (env) => {
  const error = (() => {
    try {
      return parseConfig(env, null);
    } catch (caught) {
      return caught;
    }
  })();
  expect(error).toBeInstanceOf(ConfigError);
  expect((error as Error).message).toContain(Object.keys(env)[0]);
  expect((error as Error).message).not.toContain("hunter2");
});

test("several PBXs come from YAML, with the same words and defaults", () => {
  const config = parseConfig(
    { CALLCARD_CONFIG: "pbx.yaml" },
    "pbxs:\n  - {name: msk, host: 10.1.0.1, secret: s}\n  - {name: kyiv, host: 10.2.0.1, secret: s, port: 5039, tls: insecure}\n",
  );
  expect(config.pbxs).toEqual([
    { name: "msk", host: "10.1.0.1", port: 5038, username: "callcard", secret: "s", tls: false },
    {
      name: "kyiv",
      host: "10.2.0.1",
      port: 5039,
      username: "callcard",
      secret: "s",
      tls: { rejectUnauthorized: false },
    },
  ]);
});

test.each([
  ["pbxs: []", "pbx.yaml: pbxs:"],
  ["pbxs:\n - {name: a, host: h}", "pbx.yaml: pbxs[0].secret: empty"],
  ["pbxs:\n - {name: a, host: h, secret: s, tsl: on}", "pbx.yaml: pbxs[0].tsl:"],
  ["pbxs:\n - {name: a, host: h, secret: s, port: ten}", 'pbx.yaml: pbxs[0].port: "ten"'],
  [
    "pbxs:\n - {name: a, host: h, secret: s}\n - {name: a, host: i, secret: s}",
    'pbx.yaml: pbxs: "a"',
  ],
  [
    "pbxs:\n - {name: a, host: h, secret: s, token: short}",
    "pbx.yaml: pbxs[0].token: what was given is not allowed",
  ],
  [
    `pbxs:\n - {name: a, host: h, secret: s, token: ${"t".repeat(24)}}\n - {name: b, host: i, secret: s, token: ${"t".repeat(24)}}`,
    "pbx.yaml: pbxs[].token",
  ],
  ["pbxs: [", "pbx.yaml:"],
])("a wrong PBX file is refused at the place: %s", (yaml, start) => {
  expect(() => parseConfig({ CALLCARD_CONFIG: "pbx.yaml" }, yaml)).toThrow(ConfigError);
  expect(() => parseConfig({ CALLCARD_CONFIG: "pbx.yaml" }, yaml)).toThrow(start);
});

test("each PBX has its dialplan's token; one PBX takes it from PBX_TOKEN", () => {
  const token = "t".repeat(24);
  const listed = parseConfig(
    { CALLCARD_CONFIG: "p.yaml" },
    `pbxs:\n - {name: a, host: h, secret: s, token: ${token}}\n - {name: b, host: i, secret: s}`,
  );
  expect(listed.pbxs.map((pbx) => pbx.token)).toEqual([token, undefined]);
  const single = parseConfig({ AMI_HOST: "h", AMI_SECRET: "s", PBX_TOKEN: token }, null);
  expect(single.pbxs[0]?.token).toBe(token);
  expect(parseConfig({ PBX_TOKEN: token }, null).pbxToken).toBe(token);
  expect(() =>
    parseConfig(
      { CALLCARD_CONFIG: "p.yaml", PBX_TOKEN: token },
      "pbxs:\n - {name: a, host: h, secret: s}",
    ),
  ).toThrow("PBX_TOKEN");
});

test("AMI_HOST and a PBX file together are refused, not guessed about", () => {
  expect(() =>
    parseConfig(
      { CALLCARD_CONFIG: "p.yaml", AMI_HOST: "h" },
      "pbxs:\n - {name: a, host: h, secret: s}",
    ),
  ).toThrow("AMI_HOST");
});
