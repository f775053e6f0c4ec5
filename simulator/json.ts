/** Compact JSON as PHP's `json_encode` writes it: ASCII with `\u` escapes, `/` written `\/`. */
export function phpJson(value: unknown): string {
  const text = JSON.stringify(value).replaceAll('/', '\\/');
  if (Buffer.byteLength(text) === text.length) return text; // ASCII, as most is
  return text.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
