import type { Case } from '../case.ts';
import { authorization } from './authorization.ts';
import { callbackUrls } from './callback-url.ts';
import { credential } from './credential.ts';
import { device } from './device.ts';
import { envelopes } from './envelopes.ts';
import { errors } from './errors.ts';
import { installation } from './installation.ts';
import { oauthClients } from './oauth-client.ts';
import { pagination } from './pagination.ts';
import { rateLimits } from './rate-limits.ts';
import { requests } from './requests.ts';
import { session } from './session.ts';
import { signatures } from './signatures.ts';
import { time } from './time.ts';
import { tokens } from './tokens.ts';
import { users } from './users.ts';

/** All cases by area, in the order in which they are tried. */
export const AREAS: Readonly<Record<string, readonly Case[]>> = {
  installation,
  credential,
  device,
  session,
  'oauth-client': oauthClients,
  'callback-url': callbackUrls,
  users,
  envelopes,
  signatures,
  requests,
  tokens,
  pagination,
  errors,
  authorization,
  'rate limits': rateLimits,
  time,
};
