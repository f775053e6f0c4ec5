import type { z } from 'zod';
import * as connection from './connection.ts';
import * as tools from './tools.ts';

/** What `--json` prints, by name: docs/json.md tells which command prints which. */
export const OUTPUTS = {
  status: connection.status,
  listed: connection.listed,
  'mass-renewal': connection.massRenewal,
  disconnected: connection.disconnected,
  session: connection.session,
  'oauth-client': connection.oauthClient,
  'authorization-link': connection.authorizationLink,
  'completed-authorization': connection.completedAuthorization,
  'bank-answer': tools.bankAnswer,
  findings: tools.findings,
  capacity: tools.capacity,
  certificates: tools.certificates,
  'pseudo-certificate': tools.pseudoCertificate,
  'new-sealing-keys': tools.newSealingKeys,
  'added-sealing-key': tools.addedSealingKey,
  'promoted-sealing-key': tools.promotedSealingKey,
  'removed-sealing-key': tools.removedSealingKey,
  resealed: tools.resealed,
  'sealing-keys': tools.sealingKeys,
  simulator: tools.simulator,
} as const;

export type OutputName = keyof typeof OUTPUTS;

/** As a reader sees it. */
export type Output<Name extends OutputName> = z.output<(typeof OUTPUTS)[Name]>;

/** Anything that `--json` may print. */
export type JsonOutput = Output<OutputName>;
