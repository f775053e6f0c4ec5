import { z } from 'zod';
import { accept, findConnection, refuse } from './authorization.ts';
import type { Bank } from './bank.ts';
import { findEndUser, listEndUsers } from './end-users.ts';

const authorizeSchema = z.strictObject({
  /** The long one, hex. */
  clientId: z.string(),
  redirectUri: z.string(),
  state: z.string().optional(),
  /** Who consents, by its id; default: the first of the end users. */
  user: z.number().int().optional(),
  deny: z.boolean().default(false),
});

export type Authorize = z.input<typeof authorizeSchema>;

/** What the authorization page does, without a browser. @throws ZodError; RangeError */
export function authorize(bank: Bank, options: Authorize): string {
  const { clientId, redirectUri, state = null, user: userId, deny } = authorizeSchema.parse(options);
  const connection = findConnection(bank, { clientId, redirectUri, state });
  if (connection === null) throw new RangeError('Connection not found');
  if (deny) return refuse(connection, 'access_denied');
  const user = userId === undefined ? listEndUsers(bank)[0] : findEndUser(bank, userId);
  if (user === undefined) throw new RangeError(`The bank has no end user ${userId}.`);
  return accept(bank, connection, user);
}
