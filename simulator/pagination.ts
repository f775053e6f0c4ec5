import { type Answer, BadParameter } from './answers.ts';
import type { Bank } from './bank.ts';
import type { Request } from './route.ts';

const COUNT_DEFAULT = 10;
const COUNT_MAX = 200;

interface Paging {
  readonly count: number;
  readonly olderId: number | null;
  readonly newerId: number | null;
}

function readNumber(query: URLSearchParams, name: string): number | null {
  const text = query.get(name);
  if (text === null) return null;
  if (!/^\d{1,15}$/.test(text)) throw new BadParameter(`Invalid value for parameter "${name}".`);
  return Number(text);
}

function readPaging(query: URLSearchParams): Paging {
  const count = readNumber(query, 'count') ?? COUNT_DEFAULT;
  if (count < 1 || count > COUNT_MAX) throw new BadParameter(`The "count" must be between 1 and ${COUNT_MAX}.`);
  const olderId = readNumber(query, 'older_id');
  const newerId = readNumber(query, 'newer_id');
  if (olderId !== null && newerId !== null) throw new BadParameter('Only one of "older_id" and "newer_id" can be given.');
  return { count, olderId, newerId };
}

/** The page's items, newest first: the newest ones, those just older than `older_id`, or those just newer than `newer_id`. */
function pageOf<T extends { readonly id: number }>(items: readonly T[], { count, olderId, newerId }: Paging): T[] {
  const newestFirst = items.toSorted((a, b) => b.id - a.id);
  if (newerId !== null) return newestFirst.filter(({ id }) => id > newerId).slice(-count);
  return newestFirst.filter(({ id }) => olderId === null || id < olderId).slice(0, count);
}

/** A list with its `Pagination`, whose three members are always there. */
export function answerList<T extends { readonly id: number }>(
  bank: Bank,
  request: Request,
  items: readonly T[],
  show: (item: T) => object,
): Answer {
  const paging = readPaging(request.query);
  const page = pageOf(items, paging);
  const ids = items.map(({ id }) => id);
  const newest = page[0]?.id ?? paging.newerId ?? bank.store.lastId;
  const oldest = page.at(-1)?.id ?? paging.olderId ?? 0;
  const count = request.query.has('count') ? `&count=${paging.count}` : '';
  const hasNewer = page.length > 0 && ids.some((id) => id > newest);
  const newer = `${request.path}?newer_id=${newest}${count}`;
  return {
    status: 200,
    body: {
      Response: page.map(show),
      Pagination: {
        future_url: hasNewer ? null : newer,
        newer_url: hasNewer ? newer : null,
        older_url: ids.some((id) => id < oldest) ? `${request.path}?older_id=${oldest}${count}` : null,
      },
    },
  };
}
