import type { ActionCode } from '../../workflows/codes.ts';
import type { WantedCredential } from '../../workflows/state.ts';
import type { TestConnection } from '../support/connection.ts';
import { lendSigner, newApiKey, providerCertificate, sealedApiKey } from '../support/credentials.ts';
import { startKeeper } from '../support/keeper.ts';
import { DAY, HOUR, MINUTE } from '../support/virtual-time.ts';

/** What waits for a person and is resumed: in vain, after the cause was mended, and with new input. The other codes: refusals, parked-renewals. */

const keeper = await startKeeper('test');

afterEach(() => keeper.finish());

const URL = 'https://acme.example/callback';
const REFUSED = { kind: 'status', status: 403, description: 'Not for you.', times: null } as const;

interface Case {
  readonly code: ActionCode;
  /** Until it waits for a person. */
  begin(connection: TestConnection): Promise<void>;
  /** What a person mends elsewhere before `resume`; absent: there is nothing but new input. */
  mend?(connection: TestConnection): void;
  /** What a person gives with `resume`. */
  input(connection: TestConnection): Promise<WantedCredential>;
}

async function onboardedAndRefused(connection: TestConnection, status: 400 | 403): Promise<void> {
  await connection.onboard();
  await connection.becomes('ACTIVE');
  await keeper.time.pass(HOUR);
  connection.simulator.fault({ ...REFUSED, endpoint: 'POST /session-server', status, ...(status === 400 && { description: undefined }) });
  await connection.renew();
}

const missingSigner = ({ egress }: TestConnection) => `file:/not yet there for ${egress}.pem`;

const CASES: Case[] = [
  {
    code: 'SIGNER_REFUSED',
    begin: async (acme) => acme.onboard({ credential: { ...(await providerCertificate()), signer: missingSigner(acme) } }),
    mend: (acme) => lendSigner(missingSigner(acme), 'My App'),
    input: () => providerCertificate(),
  },
  {
    code: 'SEALED_VALUE_REJECTED',
    begin: async (acme) =>
      acme.onboard({ credential: await sealedApiKey('provider.test.somebody-else', await newApiKey(acme.simulator.apiUrl)) }),
    input: async (acme) => sealedApiKey(acme.workflowId, await newApiKey(acme.simulator.apiUrl)),
  },
  {
    code: 'OAUTH_CLIENT_REFUSED',
    begin: async (acme) => {
      acme.simulator.fault({ ...REFUSED, endpoint: 'POST /user/{userID}/oauth-client' });
      await acme.onboard({ callbackUrls: [URL] });
    },
    mend: ({ simulator }) => simulator.clearFaults(),
    input: async (acme) => {
      acme.simulator.clearFaults();
      return providerCertificate();
    },
  },
  {
    code: 'BANK_REFUSED',
    begin: (acme) => onboardedAndRefused(acme, 403),
    mend: ({ simulator }) => simulator.clearFaults(),
    input: async (acme) => {
      acme.simulator.clearFaults();
      return providerCertificate();
    },
  },
  {
    code: 'REPAIR_LOOP',
    begin: (acme) => onboardedAndRefused(acme, 400),
    mend: ({ simulator }) => simulator.clearFaults(),
    input: async (acme) => {
      acme.simulator.clearFaults();
      return providerCertificate();
    },
  },
];

const byCode = CASES.map((one) => [one.code, one] as const);

async function waitsForAPerson(connection: TestConnection, { code, begin }: Case): Promise<string> {
  await begin(connection);
  const { action } = await connection.becomes('ACTION_REQUIRED', HOUR);
  expect(action).toMatchObject({ code, remedy: expect.stringContaining('bunq-keeper resume acme') });
  return action!.seen.at;
}

const recovered = (code: ActionCode) => ({ action: null, lastError: null, recovered: { from: 'ACTION_REQUIRED', code } });

test.each(byCode)('%s: resumed without new input it is tried at once, and waits again while nothing has changed', async (code, one) => {
  const acme = await keeper.connection('acme', { firstSessionLifetimeMs: 30 * DAY });
  const firstAt = await waitsForAPerson(acme, one);
  await acme.resume();
  const { action } = await acme.becomes('ACTION_REQUIRED', HOUR);
  expect(action!.code).toBe(code);
  expect(Date.parse(action!.seen.at)).toBeGreaterThan(Date.parse(firstAt));
  if (!one.mend) return;
  one.mend(acme);
  await acme.resume();
  expect(await acme.becomes('ACTIVE', 5 * MINUTE)).toMatchObject(recovered(code));
  expect(acme.bankHolds()).toMatchObject({ installations: 1, oauthClients: 1 });
});

test.each(byCode)('%s: resumed with new input it goes on with that', async (code, one) => {
  const acme = await keeper.connection('acme', { firstSessionLifetimeMs: 30 * DAY });
  await waitsForAPerson(acme, one);
  const credential = await one.input(acme);
  await acme.resume(credential);
  expect(await acme.becomes('ACTIVE', 5 * MINUTE)).toMatchObject(recovered(code));
  expect((await acme.state()).wanted.credential).toEqual(credential);
  await keeper.time.pass(DAY);
  expect(await acme.status()).toMatchObject({ state: 'ACTIVE' });
});
