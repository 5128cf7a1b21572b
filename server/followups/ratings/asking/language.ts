/** Which language somebody is written to in. Pure. */

export const LANGUAGES = ["ru", "uk", "en"] as const;
export type Language = (typeof LANGUAGES)[number];

/** @param tag `uk`, `ru-RU`, `UK`; null for one that is not ours. */
export function languageOf(tag: string): Language | null {
  const main = /^\s*([a-z]+)/i.exec(tag)?.[1]?.toLowerCase();
  return LANGUAGES.find((one) => one === main) ?? null;
}

/** Of a browser's `Accept-Language`, the most wanted of ours. */
export function acceptedLanguage(header: string): Language | null {
  const wanted = header
    .slice(0, 1000)
    .split(",")
    .map((part) => {
      const [tag = "", ...rest] = part.split(";");
      const quality = Number(/^\s*q=([\d.]+)\s*$/i.exec(rest.join(";"))?.[1] ?? 1);
      return { language: languageOf(tag), quality: Number.isNaN(quality) ? 0 : quality };
    })
    .filter(({ language, quality }) => language !== null && quality > 0)
    // Of equals the first: the order is the person's.
    .toSorted((one, other) => other.quality - one.quality);
  return wanted[0]?.language ?? null;
}

/** Of whom nothing is known but the phone: what most people there read. @param phone E.164 */
export function languageOfPhone(phone: string): Language {
  if (phone.startsWith("+380")) return "uk";
  return phone.startsWith("+7") || phone.startsWith("+375") ? "ru" : "en";
}
