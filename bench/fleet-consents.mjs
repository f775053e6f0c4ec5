/** New end users beside the kept ones: their links are made while the address is empty, as a full one would refuse them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { providerCredential, waitFor } from './stage.mjs';

const PROVIDER = 'acme';
const CALLBACK_URL = 'https://bench.example/callback';
const LINK_VALID_MS = 24 * 60 * 60_000;

/** @returns the links of so many new end users of a provider that is onboarded for it */
export async function makeLinks(stage, number) {
  const { keeper, log } = stage;
  const { credential } = await providerCredential(stage, 'Fleet');
  await keeper.onboard(PROVIDER, { credential, callbackUrls: [CALLBACK_URL], permittedIps: [] });
  await log.untilServed(PROVIDER);
  await waitFor('acme is ACTIVE', async () => (await keeper.status(PROVIDER)).state === 'ACTIVE', 200);
  const links = [];
  for (let user = 1; user <= number; user++) {
    const link = () => keeper.connectUser(PROVIDER, `new-${user}`, { validForMs: LINK_VALID_MS }).catch(() => null); // a query waits no longer than 2 s
    links.push(await waitFor('a link is made', link, 200));
  }
  return links;
}

/**
 * They consent one after the other, spread over the time.
 * @returns milliseconds of each, from the consent at the bank until its session is served
 */
export async function connectMade(stage, links, withinMs) {
  const { bank, keeper, log } = stage;
  const measured = [];
  const startMs = Date.now();
  for (const [index, { name, authorizationUrl }] of links.entries()) {
    await sleep(startMs + ((index + 0.5) * withinMs) / (links.length + 1) - Date.now());
    const link = new URL(authorizationUrl).searchParams;
    const { id } = await bank.createEndUser({ displayName: name });
    const consent = { clientId: link.get('client_id'), redirectUri: link.get('redirect_uri'), state: link.get('state'), user: id };
    const consentedMs = Date.now();
    const { outcome } = await keeper.completeAuthorization(await bank.authorize(consent), name);
    if (outcome !== 'connected' && outcome !== 'pending') throw new Error(`${name} was not connected: ${outcome}`);
    measured.push((await log.untilServed(name, consentedMs)).atMs - consentedMs);
  }
  return measured;
}
