import proto from '@temporalio/proto';

/**
 * Histories as protobuf JSON, as `temporal workflow show --output json` writes them. The SDK's own conversion works with one
 * installed version of protobufjs only.
 */

const { History } = proto.temporal.api.history.v1;

type History = proto.temporal.api.history.v1.IHistory;

const TIME = /Time$/;
const DURATION = /(Timeout|Backoff|Interval|Duration|Ttl)$/;

export function historyToJson(history: History): { events: object[] } {
  const plain = History.toObject(History.fromObject(history), { enums: String, longs: String, bytes: String });
  return converted(plain, (value, name) => {
    if (typeof value !== 'object' || value === null) return value;
    const { seconds = 0, nanos = 0 } = value as { seconds?: string | number; nanos?: number };
    if (TIME.test(name)) return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}${fraction(nanos)}Z`;
    return DURATION.test(name) ? `${seconds}${fraction(nanos)}s` : value;
  }) as { events: object[] };
}

export function historyFromJson(json: unknown): History {
  return History.fromObject(
    converted(json, (value, name) => {
      if (typeof value !== 'string') return value;
      const nanos = Number((/\.(\d+)/.exec(value)?.[1] ?? '').padEnd(9, '0'));
      if (TIME.test(name)) return { seconds: Math.floor(Date.parse(value) / 1000), nanos };
      return DURATION.test(name) ? { seconds: Number.parseInt(value, 10), nanos } : value;
    }) as object,
  );
}

const fraction = (nanos: number) => (nanos === 0 ? '' : `.${String(nanos).padStart(9, '0')}`);

/** Each value by its field's name, the outermost first. */
function converted(value: unknown, convert: (value: unknown, name: string) => unknown, name = ''): unknown {
  const now = convert(value, name);
  if (now !== value || now === null || typeof now !== 'object') return now;
  if (Array.isArray(now)) return now.map((item) => converted(item, convert));
  return Object.fromEntries(Object.entries(now).map(([inner, its]) => [inner, converted(its, convert, inner)]));
}
