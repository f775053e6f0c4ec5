/** How sentences name several things, and how many, and how long. */

const MOST_NAMED = 5;

/** `a, b, c and 7 more`. */
export const several = (names: readonly string[], most = MOST_NAMED): string =>
  names.length <= most ? names.join(', ') : `${names.slice(0, most).join(', ')} and ${names.length - most} more`;

/** The word that goes with one of them, or with many. */
export const verb = ({ length }: readonly unknown[], one: string, many: string) => (length === 1 ? one : many);

/** `20,000` */
export const whole = (number: number) => number.toLocaleString('en-GB');

/** One digit after the point says enough of what is only reckoned. */
export function daysOf(days: number): string {
  const minutes = days * 24 * 60;
  if (minutes < 60) return `${minutes.toFixed(1)} minutes`;
  return days < 1 ? `${(days * 24).toFixed(1)} hours` : `${days.toFixed(1)} days`;
}
