import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPseudoCertificate, type Role } from '../../../bunq/certificates.ts';
import { readOnboarding } from '../../../client/commands/onboard.ts';
import type { OnboardOptions } from '../../../client/keeper.ts';
import { Secret } from '../../../sealing/secret.ts';
import type { Simulator } from '../../../simulator/index.ts';
import { ROOT } from '../../support/build.ts';

/** The three kinds of users that can be onboarded. */
export const WHO = ['provider', 'api-key user', 'sandbox user'] as const;

export type Who = (typeof WHO)[number];

const vector = (name: string) => join(ROOT, 'test/vectors', name);

/** What each is onboarded with; the API key is one that the bank has issued. */
export async function onboardingOf(who: Who, bank: Pick<Simulator, 'apiUrl'>, callbackUrls: string[]): Promise<OnboardOptions> {
  if (who === 'api-key user') return { credential: { type: 'api-key', apiKey: await issuedApiKey(bank) }, callbackUrls, permittedIps: [] };
  if (who === 'sandbox user') return { credential: { type: 'sandbox-user' }, callbackUrls, permittedIps: [] };
  const signer = `file:${vector('pseudo-key.pem')}`;
  return readOnboarding({ certificate: vector('pseudo-cert.pem'), signer, callbackUrl: callbackUrls });
}

/** A provider with a certificate of its own, and so a user of its own at the bank; its files are put into a folder. */
export async function providerOfItsOwn(
  folder: string,
  name: string,
  callbackUrls: string[],
  roles: Role[] = ['PISP', 'AISP'],
): Promise<OnboardOptions> {
  const made = await createPseudoCertificate({ name, roles, now: new Date(), bits: 2048 }); // sooner made than 4096
  const [certificate, key] = ['pem', 'key'].map((ending) => join(folder, `${name}.${ending}`)) as [string, string];
  writeFileSync(certificate, made.certificatePem);
  writeFileSync(key, made.privateKeyPem, { mode: 0o600 });
  return readOnboarding({ certificate, signer: `file:${key}`, callbackUrl: callbackUrls });
}

/** An API key as a person has one: of a user that exists at the bank. */
export async function issuedApiKey({ apiUrl }: Pick<Simulator, 'apiUrl'>): Promise<Secret> {
  const headers = { 'Content-Type': 'application/json', 'X-Bunq-Client-Request-Id': crypto.randomUUID() };
  const answer = await fetch(new URL('sandbox-user-person', apiUrl), { method: 'POST', headers, body: '{}' });
  const { Response } = (await answer.json()) as { Response: [{ ApiKey: { api_key: string } }] };
  return new Secret(Response[0].ApiKey.api_key);
}
