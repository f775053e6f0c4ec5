import { z } from 'zod';
import { Secret } from '../sealing/secret.ts';
import type { Bank, CallOptions } from './bank.ts';
import { itemOf } from './envelope.ts';
import { request } from './request.ts';

const apiKeySchema = z.looseObject({ api_key: z.string().min(1) });

/**
 * `POST /sandbox-user-person` or `/sandbox-user-company`: a new user of the sandbox, with an API key.
 * @throws BunqError; in production `BUNQ_NOT_FOUND`
 */
export function createSandboxUser(
  bank: Bank,
  { type }: { type: 'person' | 'company' },
  options?: CallOptions,
): Promise<{ apiKey: Secret }> {
  // There is no installation yet, so no key that could verify this answer. The API key opens nothing but play money.
  const call = { method: 'POST', path: `sandbox-user-${type}`, body: {}, serverPublicKeyPem: null } as const;
  return request(bank, call, options, (items) => ({ apiKey: new Secret(itemOf(items, ['ApiKey'], apiKeySchema).api_key) }));
}
