import { exchangeAuthorizationCode } from '../bunq/access-token.ts';
import type { Sealed } from '../sealing/sealed.ts';
import { activity } from './context.ts';
import type { Dependencies } from './dependencies.ts';

export interface ExchangeInput {
  code: Sealed<'authorization-code'>;
  /** By the clock of who brought the code. */
  broughtAtMs: number;
  redirectUrl: string;
  clientId: string;
  /** The provider's: sealed for its connection, and opened on behalf of its users' connections too. */
  clientSecret: Sealed<'client-secret'>;
}

export const accessTokenActivities = (dependencies: Dependencies) => ({
  /** Twice: refused, as a code is good once, and the access token may be ended for it; so it has one attempt, whatever an operator does. The access token is used as an API key, and sealed as one. */
  exchangeAuthorizationCode: activity(
    dependencies,
    async ({ bank, fencedUnused, open, openOfProvider, seal }, input: ExchangeInput): Promise<{ accessToken: Sealed<'api-key'> }> => {
      const { redirectUrl, clientId, broughtAtMs } = input;
      const code = await open('authorization-code', input.code);
      const clientSecret = await openOfProvider('client-secret', input.clientSecret);
      const grant = { code, redirectUrl, clientId, clientSecret };
      const { accessToken } = await exchangeAuthorizationCode(bank, grant, fencedUnused(broughtAtMs));
      return { accessToken: await seal('api-key', accessToken) };
    },
  ),
});
