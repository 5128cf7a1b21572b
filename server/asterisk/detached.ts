/**
 * Texts cut loose from the packet they came in.
 */

/** V8 copies a shorter part of a text anyway. */
const copiedAnywayChars = 13;

/**
 * The same text in memory of its own. V8 makes a part of a text a view on the whole, so one kept channel name would keep the 64 kB
 * packet it was read from.
 */
export function detached(part: string): string {
  return part.length < copiedAnywayChars ? part : ` ${part}`.slice(1);
}
