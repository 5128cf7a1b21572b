/** The settings of the mailbox whose letters are taken, and what they come to. */
import { ConfigError, type Setting, secret, text } from "./setting.ts";

/** What is done in the mailbox with a letter that was taken. */
export type WhenTaken =
  | { readonly do: "leave" }
  | { readonly do: "seen" }
  | { readonly do: "delete" }
  /** Into another folder of it, which is made when it is not there. */
  | { readonly do: "move"; readonly folder: string };

/** A mailbox and how to log in to it. The connection is always encrypted and the server's certificate verified. */
export type ImapConfig = {
  readonly host: string;
  readonly port: number;
  /** From the first byte, or by STARTTLS, without which nothing is sent. */
  readonly tls: "atOnce" | "startTls";
  readonly user: string;
  readonly password: string;
  readonly folder: string;
  readonly whenTaken: WhenTaken;
  /** PEM; absent: the authorities everybody trusts. */
  readonly ca?: string;
};

/** In the order of the README's table. */
export const imapSettings = {
  imapUrl: {
    name: "IMAP_URL",
    about:
      "Mailbox whose letters are taken, with its user: `imaps://claims%40shop.example@imap.shop.example`. `imap://`: by STARTTLS.",
    default: "",
    allowed:
      "imaps://user@host or imap://user@host, without a password; @ in the user is written %40",
    secret: true,
    parse: (value) => (value === "" || addressOf(value) !== null ? value : undefined),
  } as Setting<string>,
  imapPassword: secret("IMAP_PASSWORD", "Its password.", 1),
  imapPasswordFile: text("IMAP_PASSWORD_FILE", "File with its password, instead."),
  imapFolder: text("IMAP_FOLDER", "Its folder.", "INBOX"),
  imapTaken: {
    name: "IMAP_TAKEN",
    about:
      "What is done with a letter that was taken: `leave`, `seen`, `delete`, or `move:Callcard` into that folder.",
    default: "seen",
    allowed: "leave, seen, delete or move: and a folder",
    parse: whenTakenOf,
  } as Setting<WhenTaken>,
  imapTlsCa: text("IMAP_TLS_CA", "File with the certificate authority of the mail server (PEM)."),
} as const;

/**
 * @param read gives a setting's value, @param file the text of a file, "" when there is none.
 * @returns null when no mailbox is set. @throws ConfigError
 */
export function imapOf(
  read: <T>(setting: Setting<T>) => T,
  file: (path: string) => string,
): ImapConfig | null {
  const address = addressOf(read(imapSettings.imapUrl));
  if (address === null) return null;
  const folder = read(imapSettings.imapFolder);
  const whenTaken = read(imapSettings.imapTaken);
  if (whenTaken.do === "move" && whenTaken.folder === folder)
    throw new ConfigError(
      imapSettings.imapTaken.name,
      `move:${folder}`,
      `another folder than ${imapSettings.imapFolder.name}`,
    );
  const caFile = read(imapSettings.imapTlsCa);
  const ca = caFile === "" ? "" : file(caFile);
  if (caFile !== "" && ca === "")
    throw new ConfigError(imapSettings.imapTlsCa.name, caFile, "a readable PEM file");
  return {
    ...address,
    ...{ password: passwordOf(read, file), folder, whenTaken },
    ...(ca === "" ? {} : { ca }),
  };
}

function passwordOf(read: <T>(setting: Setting<T>) => T, file: (path: string) => string): string {
  const { imapPassword, imapPasswordFile } = imapSettings;
  const password = read(imapPassword);
  const path = read(imapPasswordFile);
  if (path === "") {
    if (password === "")
      throw new ConfigError(
        imapPassword.name,
        "",
        `the mailbox's password when IMAP_URL is set (or ${imapPasswordFile.name})`,
      );
    return password;
  }
  if (password !== "")
    throw new ConfigError(imapPasswordFile.name, path, `empty when ${imapPassword.name} is set`);
  // An editor ends the file with a new line, which is no part of the password.
  const kept = file(path).replace(/\r?\n$/, "");
  if (kept === "" || /[\r\n\0]/.test(kept))
    throw new ConfigError(imapPasswordFile.name, path, "a readable file of one line");
  return kept;
}

function addressOf(value: string): Pick<ImapConfig, "host" | "port" | "tls" | "user"> | null {
  if (!URL.canParse(value)) return null;
  const { protocol, hostname, port, username, password, pathname, search, hash } = new URL(value);
  if (protocol !== "imaps:" && protocol !== "imap:") return null;
  if (hostname === "" || username === "" || password !== "") return null;
  if (!["", "/"].includes(pathname) || search !== "" || hash !== "") return null;
  const tls = protocol === "imaps:" ? "atOnce" : "startTls";
  try {
    return {
      // An address of IPv6 stands in brackets in a URL alone.
      host: hostname.replace(/^\[|\]$/g, ""),
      port: port === "" ? (tls === "atOnce" ? 993 : 143) : Number(port),
      ...{ tls, user: decodeURIComponent(username) },
    };
  } catch {
    // A stray % in the user.
    return null;
  }
}

function whenTakenOf(value: string): WhenTaken | undefined {
  if (value === "leave") return { do: "leave" };
  if (value === "seen") return { do: "seen" };
  if (value === "delete") return { do: "delete" };
  const [, folder = ""] = /^move:\s*(\S[^\r\n\0]*)$/.exec(value) ?? [];
  return folder === "" ? undefined : { do: "move", folder: folder.trim() };
}
