import type { Bank, CallOptions, SessionCaller } from './bank.ts';
import { request } from './request.ts';

/**
 * `DELETE /session/{id}`: ends the session whose token the caller has.
 * @throws BunqError; `BUNQ_TOKEN_REJECTED` when it has ended already
 */
export async function deleteSession(
  bank: Bank,
  caller: SessionCaller,
  { sessionId }: { sessionId: number },
  options?: CallOptions,
): Promise<void> {
  const { sessionToken: token, serverPublicKeyPem } = caller;
  await request(bank, { method: 'DELETE', path: `session/${sessionId}`, token, serverPublicKeyPem }, options, () => undefined);
}
