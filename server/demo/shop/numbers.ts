/**
 * Phone numbers for the sample shop: valid by every library's plan, yet nobody's.
 *
 * None of the three countries keeps a range for fiction, so these are taken where nobody is connected: mobile codes that no
 * operator uses (Russia 943, Ukraine 79, Kazakhstan 764), and city numbers whose first digit is 0, which no exchange gives out.
 */

export type DemoCountry = "RU" | "UA" | "KZ";

const mobilePrefixes: Readonly<Record<DemoCountry, string>> = {
  RU: "+7943000",
  UA: "+38079000",
  KZ: "+7764000",
};

/** The nth mobile number of a country, 0 to 9999. */
export function demoMobile(country: DemoCountry, n: number): string {
  return `${mobilePrefixes[country]}${four(n)}`;
}

/** The nth city number of an area code such as `+7383` or `+38044`, 0 to 9999. */
export function demoLandline(areaCode: string, n: number): string {
  return `${areaCode}000${four(n)}`;
}

function four(n: number): string {
  if (!Number.isInteger(n) || n < 0 || n > 9999)
    throw new RangeError(`demo number out of range: ${n}`);
  return String(n).padStart(4, "0");
}

/**
 * The ways in which trunks write one caller id; the first is E.164 itself. All of them mean the same phone.
 */
export function writtenForms(e164: string): readonly string[] {
  const digits = e164.slice(1);
  if (digits.startsWith("380")) {
    return [e164, digits, `0${digits.slice(3)}`, `00${digits}`, `810${digits}`];
  }
  const national = digits.slice(1);
  return [
    e164,
    digits,
    `8${national}`,
    national,
    `00${digits}`,
    `+7 (${national.slice(0, 3)}) ${national.slice(3)}`,
  ];
}
