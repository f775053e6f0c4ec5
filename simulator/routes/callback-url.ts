import { z } from 'zod';
import { answer, answerId, readBody, requireItem } from '../answers.ts';
import { bunqTime } from '../clock.ts';
import type { CallbackUrl } from '../entities.ts';
import { answerList } from '../pagination.ts';
import type { Route, SessionCall } from '../route.ts';
import { requireOwnClient } from './oauth-client.ts';

const LOCAL_HOSTS = ['localhost', '127.0.0.1', '[::1]'];

/** HTTPS, or HTTP on this machine. */
export function isWebAddress(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || (protocol === 'http:' && LOCAL_HOSTS.includes(hostname));
}

const bodySchema = z.object({ url: z.string().max(2048).refine(isWebAddress, 'is not a https URL') });

function ownUrls(call: SessionCall): CallbackUrl[] {
  const client = requireOwnClient(call, call.id('oauth-clientID'));
  return call.bank.store.all('callbackUrls').filter(({ oauthClientId }) => oauthClientId === client.id);
}

function requireOwnUrl(call: SessionCall): CallbackUrl {
  const urls = ownUrls(call);
  return requireItem('OauthCallbackUrl', call.id('itemId'), urls);
}

const showUrl = ({ id, url, createdAtMs, updatedAtMs }: CallbackUrl): object => ({
  OauthCallbackUrl: { id, created: bunqTime(createdAtMs), updated: bunqTime(updatedAtMs), url },
});

/** The same URL twice is two callback URLs. */
function create(call: SessionCall) {
  const client = requireOwnClient(call, call.id('oauth-clientID'));
  const { url } = readBody(bodySchema, call.body);
  const { store } = call.bank;
  const created = store.put('callbackUrls', {
    id: store.nextId(),
    oauthClientId: client.id,
    url,
    createdAtMs: call.nowMs,
    updatedAtMs: call.nowMs,
  });
  return answerId(created.id);
}

function list(call: SessionCall) {
  return answerList(call.bank, call.request, ownUrls(call), showUrl);
}

function read(call: SessionCall) {
  return answer(showUrl(requireOwnUrl(call)));
}

function update(call: SessionCall) {
  const known = requireOwnUrl(call);
  const { url } = readBody(bodySchema, call.body);
  call.bank.store.put('callbackUrls', { ...known, url, updatedAtMs: call.nowMs });
  return answerId(known.id);
}

function remove(call: SessionCall) {
  call.bank.store.remove('callbackUrls', requireOwnUrl(call).id);
  return call.bank.settings.emptyObjectOnDelete ? { status: 200, body: {} } : answer();
}

const PATH = '/user/{userID}/oauth-client/{oauth-clientID}/callback-url';

export const callbackUrlRoutes: readonly Route[] = [
  { method: 'POST', path: PATH, token: 'session', perform: create },
  { method: 'GET', path: PATH, token: 'session', perform: list },
  { method: 'GET', path: `${PATH}/{itemId}`, token: 'session', perform: read },
  { method: 'PUT', path: `${PATH}/{itemId}`, token: 'session', perform: update },
  { method: 'DELETE', path: `${PATH}/{itemId}`, token: 'session', perform: remove },
];
