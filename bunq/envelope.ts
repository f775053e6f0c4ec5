import { z } from 'zod';

/** `{"Response":[{"TypeName":{…}}, …]}`: other members and types that we do not know pass. */
const responseSchema = z.looseObject({ Response: z.array(z.record(z.string(), z.unknown())).nullish() });

const errorSchema = z.looseObject({
  Error: z.array(z.looseObject({ error_description: z.string().nullish(), error_description_translated: z.string().nullish() })),
});

const paginationSchema = z.looseObject({ Pagination: z.looseObject({ older_url: z.string().nullish() }).nullish() });

/** One item of `Response`: what it is and what is in it. */
export type Item = readonly [typeName: string, value: unknown];

/** An answer that was verified and is not what it should be; the text names the place, never a value. */
export class ShapeError extends Error {
  override readonly name = 'ShapeError';
}

/** The items of a success; none for `{}`, which is what some deletions answer. @throws ShapeError */
export function responseItems(bytes: Uint8Array): Item[] {
  const parsed = responseSchema.safeParse(parseJson(bytes));
  if (!parsed.success) throw new ShapeError('the answer is no object with an array "Response"');
  return (parsed.data.Response ?? []).flatMap((item) => Object.entries(item));
}

/** The value of the first item of one of these types, found by name: its position says nothing. @throws ShapeError */
export function itemOf<Schema extends z.ZodType>(items: readonly Item[], typeNames: readonly string[], schema: Schema): z.output<Schema> {
  const found = items.find(([typeName]) => typeNames.includes(typeName));
  if (!found) throw new ShapeError(`the answer holds no ${typeNames.join(' or ')}`);
  return shaped(found, schema);
}

/** @throws ShapeError, naming the place and what zod calls the problem */
export function shaped<Schema extends z.ZodType>([typeName, value]: Item, schema: Schema): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new ShapeError(`${[typeName, ...(issue?.path ?? [])].join('.')} is missing or wrong (${issue?.code ?? 'unknown'})`);
}

/** The id after which the next, older page starts; null on the last page. */
export function olderId(bytes: Uint8Array): string | null {
  const olderUrl = paginationSchema.safeParse(parseJson(bytes)).data?.Pagination?.older_url;
  return olderUrl ? (/[?&]older_id=(\d+)(&|$)/.exec(olderUrl)?.[1] ?? null) : null;
}

/** The bank's explanation in an answer that is no success; null when it gives none (HTML of a gateway, an empty body). */
export function errorText(bytes: Uint8Array): string | null {
  const first = errorSchema.safeParse(jsonOf(bytes)).data?.Error[0];
  return first?.error_description ?? first?.error_description_translated ?? null;
}

/** Null for what is not JSON. */
export function jsonOf(bytes: Uint8Array): unknown {
  try {
    return parseJson(bytes);
  } catch {
    return null;
  }
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new ShapeError('the answer is not JSON'); // JSON.parse's own message quotes the text
  }
}

/** What a creation answers with. */
export const idSchema = z.looseObject({ id: z.int() });
