/**
 * Every setting of the server, with its unit and default, parsed once. A wrong value stops the start with one line
 * that names the setting, what came and what is allowed.
 *
 * Settings come from the environment, over `.env`, over the defaults. Several PBXs come from a YAML file.
 */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseEnv } from "node:util";
import { type CountryCode, isSupportedCountry } from "libphonenumber-js/max";
import { parse as parseYaml } from "yaml";
import { type ImapConfig, imapOf, imapSettings } from "./imap-config.ts";
import { ConfigError, type Setting, choice, secret, text, token, url, whole } from "./setting.ts";

export { ConfigError };

/** One Asterisk and how to log in to it. */
export type PbxConfig = {
  /** Part of every call's id; letters, digits, `_`. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly secret: string;
  readonly tls: false | { readonly rejectUnauthorized: boolean; readonly ca?: string };
  /** With what its dialplan asks who calls; absent: it may not ask. */
  readonly token?: string;
};

/** The whole configuration, validated. */
export type Config = {
  readonly host: string;
  readonly port: number;
  /** Where browsers reach the server; decides cookies' `Secure` and the allowed origin. "" = as the request says. */
  readonly publicUrl: string;
  readonly dataDir: string;
  /** "" = the embedded PostgreSQL in `dataDir`. */
  readonly databaseUrl: string;
  /** "" = one process. */
  readonly redisUrl: string;
  /** The YAML file that lists the PBXs, absolute; "" = none. Its list may change while the server runs. */
  readonly configFile: string;
  /** Empty = the simulated PBX with the sample shop. */
  readonly pbxs: readonly PbxConfig[];
  /** Of the one PBX that is not listed in a file, also the simulated one; "" = its dialplan may not ask. */
  readonly pbxToken: string;
  readonly defaultRegion: CountryCode;
  /** The shop's IANA zone: whose day it is in reports, and by whose clock people are called of whom nothing is known. */
  readonly timeZone: string;
  /** CSV files of number ranges and their regions, as regulators publish them. */
  readonly numberRanges: readonly string[];
  readonly extensionPattern: RegExp;
  readonly dialContext: string;
  readonly dialFormat: "e164" | "plain" | "national";
  readonly identifyDeadlineMs: number;
  /** 0 = members are not paused after a call. */
  readonly wrapUpPauseSeconds: number;
  /** "" = made at the first start and printed once. */
  readonly adminPassword: string;
  /** "" = CRM-signed tokens are refused. */
  readonly crmTokenSecret: string;
  /** The mailbox whose letters are taken; null: none. */
  readonly imap: ImapConfig | null;
  /** Origins of CRM pages that may embed the widget. */
  readonly crmOrigins: readonly string[];
  /** How many reverse proxies stand in front (their X-Forwarded-For is believed). */
  readonly trustedProxies: number;
  /** How screens may connect; `any`: by websocket, or by plain requests where that does not work. */
  readonly socketTransports: "any" | "websocket";
  /** How long a clean stop may take. */
  readonly stopWithinSeconds: number;
  readonly logLevel: "fatal" | "error" | "warn" | "info" | "debug" | "trace" | "silent";
};

/** Every setting, in the order of the README's table. */
export const settings = {
  host: text(
    "HOST",
    "Address to listen on. `0.0.0.0` for all; then put HTTPS in front.",
    "127.0.0.1",
  ),
  port: whole("PORT", "TCP port to listen on; 0 takes a free one.", 3000, 0, 65535),
  publicUrl: {
    ...url(
      "PUBLIC_URL",
      "Where browsers reach the server, for example `https://callcard.example`.",
      ["http:", "https:"],
    ),
    secret: undefined,
  } as unknown as Setting<string>,
  dataDir: text("DATA_DIR", "The only directory the server writes to.", "data"),
  databaseUrl: url(
    "DATABASE_URL",
    "PostgreSQL 15 or later. Empty: an embedded one in `DATA_DIR`.",
    ["postgres:", "postgresql:"],
  ),
  redisUrl: url("REDIS_URL", "redis 7 or later, when several processes serve one contact centre.", [
    "redis:",
    "rediss:",
  ]),
  config: text("CALLCARD_CONFIG", "YAML file that lists several PBXs; then `AMI_*` must be empty."),
  pbxName: {
    name: "PBX_NAME",
    about: "Name of the PBX; part of every call's id.",
    default: "main",
    allowed: "1 to 20 letters, digits or _",
    parse: (value) => (/^\w{1,20}$/.test(value) ? value : undefined),
  } as Setting<string>,
  amiHost: text("AMI_HOST", "Host of Asterisk's manager interface. Empty: a simulated PBX."),
  amiPort: whole("AMI_PORT", "Its TCP port.", 5038, 1, 65535),
  amiUsername: text("AMI_USERNAME", "Manager user (see `asterisk-config/`).", "callcard"),
  amiSecret: { ...text("AMI_SECRET", "Its secret."), secret: true } as Setting<string>,
  amiTls: choice(
    "AMI_TLS",
    "`on`: TLS with a verified certificate; `insecure`: TLS, any certificate.",
    "off",
    ["off", "on", "insecure"],
  ),
  amiTlsCa: text("AMI_TLS_CA", "File with the certificate authority of the PBX (PEM)."),
  pbxToken: token(
    "PBX_TOKEN",
    "Token with which the dialplan asks who calls (see `asterisk-config/`), 24 characters or more. Empty: it may not ask.",
    24,
  ),
  defaultRegion: {
    name: "DEFAULT_REGION",
    about: "Country of numbers that come without a country code (ISO 3166).",
    default: "RU",
    allowed: "a two-letter country code such as RU, UA, KZ",
    parse: (value) =>
      isSupportedCountry(value.toUpperCase()) ? (value.toUpperCase() as CountryCode) : undefined,
  } as Setting<CountryCode>,
  timeZone: {
    name: "TIME_ZONE",
    about: "The shop's own zone, `Asia/Novosibirsk`. Empty: this machine's.",
    default: "",
    allowed: "the name of a time zone, such as Europe/Kyiv",
    parse: (value) => {
      try {
        return new Intl.DateTimeFormat(
          "en",
          value === "" ? {} : { timeZone: value },
        ).resolvedOptions().timeZone;
      } catch {
        return undefined;
      }
    },
  } as Setting<string>,
  numberRanges: {
    name: "NUMBER_RANGES",
    about:
      "CSV files, separated by commas, in which the regulator says which region a Russian mobile number was given out in.",
    default: "",
    allowed: "paths of files, separated by commas",
    parse: (value) =>
      value
        .split(",")
        .map((one) => one.trim())
        .filter((one) => one !== ""),
  } as Setting<readonly string[]>,
  extensionPattern: {
    name: "EXTENSION_PATTERN",
    about: "Which device names are operators' extensions (regular expression for the whole name).",
    default: "[0-9]{2,6}",
    allowed: "a regular expression",
    parse: (value) => {
      try {
        return value === "" ? undefined : new RegExp(`^(?:${value})$`);
      } catch {
        return undefined;
      }
    },
  } as Setting<RegExp>,
  dialContext: text("DIAL_CONTEXT", "Dialplan context for click-to-call.", "from-internal"),
  dialFormat: choice(
    "DIAL_FORMAT",
    "How the PBX wants an outside number: `+79130000001`, `79130000001` or `89130000001`.",
    "plain",
    ["e164", "plain", "national"],
  ),
  identifyDeadlineMs: whole(
    "IDENTIFY_DEADLINE_MS",
    "Milliseconds a look-up of a caller may take before the card opens without it.",
    300,
    20,
    5000,
  ),
  wrapUpPauseSeconds: whole(
    "WRAP_UP_PAUSE_SECONDS",
    "Seconds an operator is kept from new calls after a queue call, unless the wrap-up is saved first. 0: the queue's own wrap-up time alone.",
    0,
    0,
    3600,
  ),
  adminPassword: secret(
    "ADMIN_PASSWORD",
    "Password of `admin` at the first start. Empty: made and printed once.",
    8,
  ),
  crmTokenSecret: secret(
    "CRM_TOKEN_SECRET",
    "Secret with which a CRM signs operators' tokens (HS256).",
    32,
  ),
  crmOrigins: {
    name: "CRM_ORIGINS",
    about: "Origins of CRM pages that embed the widget, separated by commas.",
    default: "",
    allowed: "origins such as https://crm.example, separated by commas",
    parse: (value) => {
      const origins = value
        .split(",")
        .map((one) => one.trim())
        .filter((one) => one !== "");
      return origins.every((one) => URL.canParse(one) && new URL(one).origin === one)
        ? origins
        : undefined;
    },
  } as Setting<readonly string[]>,
  ...imapSettings,
  trustedProxies: whole("TRUSTED_PROXIES", "How many reverse proxies stand in front.", 0, 0, 10),
  socketTransports: choice(
    "SOCKET_TRANSPORTS",
    "`websocket`: screens connect by websocket alone, so that a balancer need not be sticky.",
    "any",
    ["any", "websocket"],
  ),
  stopWithinSeconds: whole(
    "STOP_WITHIN_SECONDS",
    "Seconds a stopping process has to finish what is in hand.",
    20,
    1,
    600,
  ),
  logLevel: choice(
    "LOG_LEVEL",
    "Least weight of what is logged (JSON, to standard error). On a terminal `warn` unless set.",
    "info",
    ["fatal", "error", "warn", "info", "debug", "trace", "silent"],
  ),
} as const;

/** Reads `.env` (if any), the environment and the YAML file. @throws ConfigError, or Error for an unreadable file. */
export function loadConfig(
  env: NodeJS.ProcessEnv = process.env,
  directory = process.cwd(),
): Config {
  const fromFile = parseEnv(readOptional(resolve(directory, ".env")));
  const merged: Record<string, string | undefined> = { ...fromFile, ...env };
  const file = merged[settings.config.name] ?? "";
  let yaml: string | null = null;
  if (file !== "") {
    yaml = readOptional(resolve(directory, file));
    if (yaml === "")
      throw new ConfigError(settings.config.name, file, "a readable, non-empty YAML file");
  }
  const config = parseConfig(merged, yaml);
  return {
    ...config,
    configFile: file === "" ? "" : resolve(directory, file),
    dataDir: resolve(directory, config.dataDir),
  };
}

/** Names of the settings that differ, all but the list of PBXs. */
export function changedSettings(before: Config, after: Config): readonly string[] {
  const wordsOf = (value: unknown) =>
    JSON.stringify(value, (_key, one: unknown) => (one instanceof RegExp ? String(one) : one));
  return Object.entries(after).flatMap(([key, value]) => {
    if (key === "pbxs" || wordsOf(value) === wordsOf(before[key as keyof Config])) return [];
    if (key === "configFile") return [settings.config.name];
    return [key in settings ? settings[key as keyof typeof settings].name : key.toUpperCase()];
  });
}

/** The rule without the files: environment and YAML text to configuration. @throws ConfigError */
export function parseConfig(
  env: Readonly<Record<string, string | undefined>>,
  yaml: string | null,
): Config {
  const read = <T>(setting: Setting<T>): T => {
    const came = env[setting.name]?.trim();
    const value = setting.parse(came === undefined || came === "" ? setting.default : came);
    if (value === undefined) {
      throw new ConfigError(setting.name, setting.secret ? null : (came ?? ""), setting.allowed);
    }
    return value;
  };
  // Also those that this configuration does not use: a typo must not wait for the day it matters.
  for (const setting of Object.values(settings)) read<unknown>(setting);
  const amiHost = read(settings.amiHost);
  if (amiHost !== "" && yaml !== null) {
    throw new ConfigError(
      settings.amiHost.name,
      amiHost,
      `empty when ${settings.config.name} lists the PBXs`,
    );
  }
  const single = (): PbxConfig => ({
    name: read(settings.pbxName),
    host: amiHost,
    port: read(settings.amiPort),
    username: read(settings.amiUsername),
    secret: required(
      settings.amiSecret,
      read(settings.amiSecret),
      "the manager user's secret when AMI_HOST is set",
    ),
    tls: tlsOf(read(settings.amiTls), read(settings.amiTlsCa)),
    ...tokenOf(read(settings.pbxToken)),
  });
  if (yaml !== null && read(settings.pbxToken) !== "")
    throw new ConfigError(
      settings.pbxToken.name,
      null,
      `empty when ${settings.config.name} lists the PBXs: give each its own token there`,
    );
  return {
    host: read(settings.host),
    port: read(settings.port),
    publicUrl: read(settings.publicUrl).replace(/\/+$/, ""),
    dataDir: read(settings.dataDir),
    databaseUrl: read(settings.databaseUrl),
    redisUrl: read(settings.redisUrl),
    configFile: read(settings.config),
    pbxs: yaml === null ? (amiHost === "" ? [] : [single()]) : pbxsOf(yaml, read),
    pbxToken: read(settings.pbxToken),
    defaultRegion: read(settings.defaultRegion),
    timeZone: read(settings.timeZone),
    numberRanges: read(settings.numberRanges),
    extensionPattern: read(settings.extensionPattern),
    dialContext: read(settings.dialContext),
    dialFormat: read(settings.dialFormat),
    identifyDeadlineMs: read(settings.identifyDeadlineMs),
    wrapUpPauseSeconds: read(settings.wrapUpPauseSeconds),
    adminPassword: read(settings.adminPassword),
    crmTokenSecret: read(settings.crmTokenSecret),
    crmOrigins: read(settings.crmOrigins),
    imap: imapOf(read, readOptional),
    trustedProxies: read(settings.trustedProxies),
    socketTransports: read(settings.socketTransports),
    stopWithinSeconds: read(settings.stopWithinSeconds),
    logLevel: read(settings.logLevel),
  };
}

/** The YAML file: `pbxs:` is a list with the keys of {@link PbxConfig}, in the words of the `AMI_*` settings. */
function pbxsOf(yaml: string, read: <T>(setting: Setting<T>) => T): readonly PbxConfig[] {
  const file = read(settings.config);
  let document: unknown;
  try {
    document = parseYaml(yaml);
  } catch (cause) {
    throw new ConfigError(file, (cause as Error).message.split("\n")[0] ?? "", "YAML");
  }
  const list = (document as { pbxs?: unknown } | null)?.pbxs;
  if (!Array.isArray(list) || list.length === 0)
    throw new ConfigError(`${file}: pbxs`, typeof list, "a list of PBXs");
  const known: Readonly<Record<string, Setting<unknown>>> = {
    name: settings.pbxName,
    host: settings.amiHost,
    port: settings.amiPort,
    username: settings.amiUsername,
    secret: settings.amiSecret,
    tls: settings.amiTls,
    tlsCa: settings.amiTlsCa,
    token: settings.pbxToken,
  };
  const pbxs = list.map((entry: unknown, index): PbxConfig => {
    const at = (key: string) => `${file}: pbxs[${index}].${key}`;
    if (entry === null || typeof entry !== "object")
      throw new ConfigError(`${file}: pbxs[${index}]`, typeof entry, "a map");
    const fields = entry as Record<string, unknown>;
    const stray = Object.keys(fields).find((key) => !(key in known));
    if (stray !== undefined)
      throw new ConfigError(at(stray), "this key", `one of ${Object.keys(known).join(", ")}`);
    const value = <T>(key: string, setting: Setting<T>): T => {
      // YAML reads an unquoted `on` or `off` as text, `true` and `false` as booleans: people mean the same.
      const given = fields[key];
      if (typeof given === "object" && given !== null) {
        throw new ConfigError(at(key), "a list or map", setting.allowed);
      }
      const came = String((given as string | number | boolean | null) ?? "")
        .replace(/^true$/, "on")
        .replace(/^false$/, "off");
      const parsed = setting.parse(came === "" ? setting.default : came);
      if (parsed === undefined)
        throw new ConfigError(at(key), setting.secret ? null : came, setting.allowed);
      return parsed;
    };
    for (const key of ["name", "host", "secret"] as const) {
      if (!(key in fields)) throw new ConfigError(at(key), "", "given");
    }
    return {
      name: value("name", settings.pbxName),
      host: value("host", settings.amiHost),
      port: value("port", settings.amiPort),
      username: value("username", settings.amiUsername),
      secret: value("secret", settings.amiSecret),
      tls: tlsOf(value("tls", settings.amiTls), value("tlsCa", settings.amiTlsCa)),
      ...tokenOf(value("token", settings.pbxToken)),
    };
  });
  const twice = pbxs.find(
    (pbx, index) => pbxs.findIndex((other) => other.name === pbx.name) !== index,
  );
  if (twice) throw new ConfigError(`${file}: pbxs`, twice.name, "a list of different names");
  const tokens = pbxs.flatMap((pbx) => pbx.token ?? []);
  // A token tells which PBX asks.
  if (new Set(tokens).size < tokens.length)
    throw new ConfigError(`${file}: pbxs[].token`, null, "another one for each PBX");
  return pbxs;
}

function tokenOf(token: string): { readonly token?: string } {
  return token === "" ? {} : { token };
}

function tlsOf(mode: "off" | "on" | "insecure", caFile: string): PbxConfig["tls"] {
  if (mode === "off") return false;
  if (caFile === "") return { rejectUnauthorized: mode === "on" };
  const ca = readOptional(caFile);
  if (ca === "") throw new ConfigError(settings.amiTlsCa.name, caFile, "a readable PEM file");
  return { rejectUnauthorized: mode === "on", ca };
}

function required(setting: Setting<string>, value: string, allowed: string): string {
  if (value === "") throw new ConfigError(setting.name, "", allowed);
  return value;
}

function readOptional(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}
