/** Sums as people type them: whole units of a currency, where the server has minor ones. */

/** How many digits the minor unit has: 2 of RUB, 0 of JPY; 2 of what is no currency. */
export function minorDigits(currency: string): number {
  try {
    const format = new Intl.NumberFormat("en", { style: "currency", currency });
    return format.resolvedOptions().maximumFractionDigits ?? 2;
  } catch {
    return 2;
  }
}

/** Kopecks as roubles. */
export function toMajor(minor: number, currency: string): number {
  return minor / 10 ** minorDigits(currency);
}

/** Roubles as kopecks, whole. */
export function toMinor(major: number, currency: string): number {
  return Math.round(major * 10 ** minorDigits(currency));
}
