/** A real Chromium for tests: Debian's, headless, without its own background traffic. */
import { type Browser, type BrowserContext, type Page, chromium } from "playwright-core";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Starts one; `CHROMIUM` names another program than Debian's. */
export function openChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
    headless: true,
    args: FLAGS,
  });
}

/** A fresh profile, as of a person in Novosibirsk unless said otherwise. */
export function profile(
  browser: Browser,
  options: {
    locale?: string;
    colorScheme?: "light" | "dark";
    width?: number;
    height?: number;
  } = {},
): Promise<BrowserContext> {
  return browser.newContext({
    locale: options.locale ?? "ru-RU",
    timezoneId: "Asia/Novosibirsk",
    colorScheme: options.colorScheme ?? "light",
    viewport: { width: options.width ?? 1440, height: options.height ?? 900 },
  });
}

/** What a page complained about; a test ends by expecting this to be empty. */
export function complaintsOf(page: Page): string[] {
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  return complaints;
}
