import { z } from 'zod';
import { ENDPOINTS } from './router.ts';

export const ANY_ENDPOINT = '*';

/** `/v1/…`, and other names of the path's parameters, mean the same endpoint. */
function knownEndpoint(given: string): string | undefined {
  const plain = (endpoint: string) => endpoint.replace(/^(\w+) \/v1\//, '$1 /').replace(/\{[^}]*\}/g, '{}');
  return given === ANY_ENDPOINT ? given : ENDPOINTS.find((endpoint) => plain(endpoint) === plain(given));
}

/** Whether one of those named is the endpoint, or stands for all. */
export const isAmong = (endpoint: string, named: readonly string[]): boolean =>
  named.some((one) => one === ANY_ENDPOINT || one === endpoint);

/** `POST /session-server`, `GET /user/{userID}/oauth-client`, or `*` for all: one that the bank has. */
export const endpointSchema = z.string().transform((given, context) => {
  const endpoint = knownEndpoint(given);
  if (endpoint === undefined)
    context.addIssue({ code: 'custom', message: `The bank has no endpoint "${given}". It has: *, ${ENDPOINTS.join(', ')}.` });
  return endpoint ?? given;
});
