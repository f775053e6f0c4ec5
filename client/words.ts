/** How sentences name several things. */

const MOST_NAMED = 5;

/** `a, b, c and 7 more`. */
export const several = (names: readonly string[], most = MOST_NAMED): string =>
  names.length <= most ? names.join(', ') : `${names.slice(0, most).join(', ')} and ${names.length - most} more`;

/** The word that goes with one of them, or with many. */
export const verb = ({ length }: readonly unknown[], one: string, many: string) => (length === 1 ? one : many);
