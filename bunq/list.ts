import type { z } from 'zod';
import type { Bank, CallOptions } from './bank.ts';
import { type Item, olderId, ShapeError, shaped } from './envelope.ts';
import { type BankCall, request } from './request.ts';

/** bunq's own limit. */
const PAGE_SIZE = 200;
/** 10,000 items: beyond what any list here holds, and an end for a list that goes round in circles. */
const MOST_PAGES = 50;

/**
 * All items of one type in a list, newest first, page by page. Of the bank's link to the next page only the id is used.
 * `beforeSend` is asked before every page.
 * @throws BunqError
 */
export function listAll<Schema extends z.ZodType>(
  bank: Bank,
  call: Pick<BankCall, 'path' | 'token' | 'serverPublicKeyPem'>,
  typeName: string,
  schema: Schema,
  options?: CallOptions,
): Promise<z.output<Schema>[]> {
  const values = (items: Item[]) => items.filter(([name]) => name === typeName).map((item) => shaped(item, schema));
  return listPages(bank, call, values, options);
}

/** The same, where `read` makes the results of each page's items. */
export async function listPages<Result>(
  bank: Bank,
  call: Pick<BankCall, 'path' | 'token' | 'serverPublicKeyPem'>,
  read: (items: Item[]) => Result[],
  options?: CallOptions,
): Promise<Result[]> {
  const all: Result[] = [];
  let query = `count=${PAGE_SIZE}`;
  for (let page = 1; ; page++) {
    const older = await request(bank, { ...call, method: 'GET', path: `${call.path}?${query}` }, options, (items, { bytes }) => {
      all.push(...read(items));
      const next = items.length > 0 ? olderId(bytes) : null;
      if (next !== null && page === MOST_PAGES) throw new ShapeError(`the list does not end within ${MOST_PAGES} pages of ${PAGE_SIZE}`);
      return next;
    });
    if (older === null) return all;
    query = `count=${PAGE_SIZE}&older_id=${older}`;
  }
}
