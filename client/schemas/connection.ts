import { z } from 'zod';
import { ACTION_CODES, type FailureCode, STEP_NAMES } from '../../workflows/codes.ts';
import type { KnownStatus } from '../known-status.ts';
import { LIFECYCLE_STATES } from '../lifecycle-states.ts';

/** What is printed of connections. */

export const schema1 = z.literal(1).describe('of this shape; fields may be added to it, none is taken away');
export const time = (of: string) => z.iso.datetime().describe(`${of}; ISO 8601, UTC`);
export const connectionName = z.string().describe('of the connection; an end user’s is PROVIDER/USER');

/** A list that grows: a reader takes what it does not know for a failure of a kind unknown to it. */
const failureCode = z
  .string()
  .describe('docs/errors.md has each; there may be more in later versions') as unknown as z.ZodType<FailureCode>;

const seen = z.object({
  code: failureCode,
  endpoint: z.string().nullable(),
  status: z.number().int().nullable().describe('HTTP'),
  text: z.string().nullable().describe("the bank's words, cut to 200 characters"),
  responseId: z.string().nullable().describe("the bank's, to quote when it is asked"),
  at: time('when it was seen'),
});

const state = z.enum(LIFECYCLE_STATES);

const certificate = z.object({
  subject: z.string(),
  authorizationNumber: z.string().nullable(),
  roles: z.array(z.string()),
  expiresAt: time('when it expires'),
});

export const status = z.object({
  schema: schema1,
  name: connectionName,
  environment: z.string(),
  egress: z.string().describe('the name of the public address that its bank calls leave by'),
  workflowId: z.string(),
  runId: z.string(),
  state,
  since: time('since when it is in this state'),
  steps: z.array(
    z.object({
      name: z.enum(STEP_NAMES),
      status: z.enum(['pending', 'running', 'retrying', 'waiting', 'done', 'skipped']),
      at: time('when it was last done').nullable(),
    }),
  ),
  certificate: certificate.nullable().describe('of a PSD2 provider'),
  formerCertificate: certificate
    .nullable()
    .exactOptional()
    .describe('of a PSD2 provider: the one whose session is served while `certificate` is being proven; null while there is none'),
  session: z
    .object({
      openedAt: time('when it was opened'),
      expiresAt: time('when it expires'),
      renewAt: time('when a successor is opened'),
      userId: z.number().int(),
    })
    .nullable()
    .describe('null while there is no valid one'),
  oauthClient: z.object({ id: z.number().int(), clientId: z.string().nullable(), callbackUrls: z.array(z.string()) }).nullable(),
  action: z
    .object({
      code: z.enum(ACTION_CODES),
      seen: seen.extend({ times: z.number().int(), since: time('when it was first seen') }),
      remedy: z.string().describe('a sentence that ends in one command'),
    })
    .nullable()
    .describe('what waits for a person'),
  lastError: seen.nullable(),
  recovered: z
    .object({
      from: state,
      code: z.union([z.enum(ACTION_CODES), failureCode]).nullable(),
      since: time('since when it had been so'),
      at: time('when it recovered'),
    })
    .exactOptional()
    .describe('what it last recovered from'),
  authorization: z
    .object({
      status: z.enum(['asked', 'pending', 'connected', 'denied', 'failed', 'expired']),
      askedAt: time('when the link was made'),
      expiresAt: time('until when it is good'),
    })
    .nullable()
    .exactOptional()
    .describe('of an end user: its latest link; null when none was made'),
  consentedAt: time('when the access in use was granted').nullable().exactOptional().describe('of an end user; null before it granted any'),
  revoked: z
    .object({ since: time('since when the bank refuses its access token'), confirmedAt: time('when it did so again').nullable() })
    .exactOptional()
    .describe('of an end user'),
  worker: z.literal(false).exactOptional().describe('no worker answered: this is what was last published, at `asOf`'),
  asOf: time('when it was published').exactOptional(),
  egressWorker: z.literal(false).exactOptional().describe('no worker takes the bank calls of its egress: it is not renewed until one does'),
  closed: z
    .enum(['TERMINATED', 'FAILED', 'TIMED_OUT', 'CANCELLED'])
    .exactOptional()
    .describe('the workflow is closed, other than by `disconnect`: `resume` starts it from its last state'),
}) satisfies z.ZodType<KnownStatus>;

export const listed = status.extend({
  next: z.string().exactOptional().describe('of the last line with --limit, where there are more: what --after is to be given'),
});

export const massRenewal = z.object({
  schema: schema1,
  connections: z.number().int().describe('that were to be renewed'),
  renewed: z.number().int(),
  waiting: z.number().int().describe('for a slot of their address: they were asked, and go on by themselves'),
  unasked: z.number().int(),
  closed: z.number().int().describe('ended meanwhile'),
  waitForPerson: z.array(connectionName).readonly().describe('no session is opened before somebody has done something'),
  failed: z.array(connectionName).readonly().describe('they could not be asked'),
});

export const disconnected = status.extend({
  leftOpen: z
    .array(z.object({ sessionId: z.number().int(), expiresAt: time('when it ends by itself') }))
    .describe('sessions that could not be closed at the bank'),
});

export const session = z.object({
  schema: schema1,
  name: connectionName,
  sessionId: z.number().int(),
  openedAt: time('when it was opened'),
  expiresAt: time('when it expires'),
  renewAt: time('when a successor is opened'),
  userId: z.number().int(),
  token: z.string().exactOptional().describe('with --reveal: a secret'),
});

export const oauthClient = z.object({
  schema: schema1,
  name: connectionName,
  id: z.number().int(),
  clientId: z.string().nullable().describe('null before it was read'),
  callbackUrls: z.array(z.string()),
  clientSecret: z.string().exactOptional().describe('with --reveal: a secret'),
});

export const authorizationLink = z.object({
  schema: schema1,
  name: connectionName,
  authorizationUrl: z.url().describe("for the end user's browser alone: a secret until it is used"),
  expiresAt: time('until when it is good'),
});

const answered = ['pending', 'connected', 'denied', 'failed', 'expired'] as const;

export const completedAuthorization = z.object({
  schema: schema1,
  name: connectionName,
  outcome: z.enum([...answered, 'repeated', 'unknown']),
  first: z.enum(answered).exactOptional().describe('of a link that was used before: what came of it then'),
});
