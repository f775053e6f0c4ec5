import { exchangeAuthorizationCode } from '../bunq/access-token.ts';
import type { Sealed } from '../sealing/sealed.ts';
import { activity } from './context.ts';
import type { Dependencies } from './dependencies.ts';

export interface ExchangeInput {
  code: Sealed<'authorization-code'>;
  redirectUrl: string;
  clientId: string;
  /** The provider's: sealed for its connection, and opened on behalf of its users' connections too. */
  clientSecret: Sealed<'client-secret'>;
}

export const accessTokenActivities = (dependencies: Dependencies) => ({
  /** Twice: refused, as a code is good once; so it has one attempt. The access token is used as an API key, and sealed as one. */
  exchangeAuthorizationCode: activity(
    dependencies,
    async ({ bank, fencedOnce, open, openOfProvider, seal }, input: ExchangeInput): Promise<{ accessToken: Sealed<'api-key'> }> => {
      const { redirectUrl, clientId } = input;
      const code = await open('authorization-code', input.code);
      const clientSecret = await openOfProvider('client-secret', input.clientSecret);
      const { accessToken } = await exchangeAuthorizationCode(bank, { code, redirectUrl, clientId, clientSecret }, fencedOnce);
      return { accessToken: await seal('api-key', accessToken) };
    },
  ),
});
