import { z } from 'zod';
import { answer, answerId, readBody, requireItem } from '../answers.ts';
import { bunqTime } from '../clock.ts';
import type { NotificationFilter } from '../entities.ts';
import { answerList } from '../pagination.ts';
import type { Route, SessionCall } from '../route.ts';
import { isWebAddress } from './callback-url.ts';
import { requireOwnUser } from './user.ts';

const bodySchema = z.object({
  notification_filters: z.array(
    z.object({
      category: z.string().regex(/^[A-Z_]{1,64}$/, 'is not a category'),
      notification_target: z.string().max(2048).refine(isWebAddress, 'is not a https URL'),
    }),
  ),
});

function ownFilters(call: SessionCall): NotificationFilter[] {
  requireOwnUser(call);
  return call.bank.store.all('notificationFilters').filter(({ userId }) => userId === call.user.id);
}

const showFilter = ({ id, category, url, createdAtMs }: NotificationFilter): object => ({
  NotificationFilterUrl: { id, created: bunqTime(createdAtMs), updated: bunqTime(createdAtMs), category, notification_target: url },
});

/** The filters that are given replace all that were there. */
function replace(call: SessionCall) {
  const before = ownFilters(call);
  const { notification_filters } = readBody(bodySchema, call.body);
  const { store } = call.bank;
  for (const { id } of before) store.remove('notificationFilters', id);
  const ids = notification_filters.map(({ category, notification_target: url }) => {
    return store.put('notificationFilters', { id: store.nextId(), userId: call.user.id, category, url, createdAtMs: call.nowMs }).id;
  });
  return answerId(ids.at(-1) ?? store.nextId());
}

function list(call: SessionCall) {
  return answerList(call.bank, call.request, ownFilters(call), showFilter);
}

function read(call: SessionCall) {
  return answer(showFilter(requireItem('NotificationFilterUrl', call.id('itemId'), ownFilters(call))));
}

const PATH = '/user/{userID}/notification-filter-url';

export const notificationFilterRoutes: readonly Route[] = [
  { method: 'POST', path: PATH, token: 'session', perform: replace },
  { method: 'GET', path: PATH, token: 'session', perform: list },
  { method: 'GET', path: `${PATH}/{itemId}`, token: 'session', perform: read },
];
