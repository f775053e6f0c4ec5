import { setTimeout as sleep } from 'node:timers/promises';
import { keeper, simulator } from './stack.mjs';

/** Who is onboarded: providers, each with a certificate of its own, and a user of the bank with an API key. */
export const CONNECTIONS = [provider('acme'), provider('bolt'), { name: 'carol', callbackUrls: [] }, provider('dune')];

/** This one while the kills go on. */
export const LATE = CONNECTIONS.at(-1);

/** Renewed at half of it, so one of the four opens a session every 45 s, of which the bank takes one in 30 s. */
const SESSION_LIFETIME_MS = 6 * 60_000;
const TRY_AGAIN_MS = 5000;

function provider(name) {
  return { name, callbackUrls: [`https://${name}.example/callback`] };
}

/** All sessions that the bank opens from now on. */
export const shortenSessions = () =>
  simulator('PATCH', 'http://127.0.0.1:8091/settings', {
    sessionLifetimeMs: SESSION_LIFETIME_MS,
    firstSessionLifetimeMs: SESSION_LIFETIME_MS,
    userSessionLifetimeMs: SESSION_LIFETIME_MS,
  });

/**
 * Onboards it and waits until it is ACTIVE.
 * @param amid where kills go on: said again, as an operator would, until it is done, or until that time, or the signal
 */
export async function onboard(connection, amid = null) {
  const start = connection.callbackUrls.length > 0 ? await providerOnboarding(connection) : await userOnboarding(connection);
  for (;;) {
    try {
      return await start();
    } catch (error) {
      if (amid === null || amid.signal.aborted || Date.now() > amid.untilMs) throw error;
      amid.say(`onboard ${connection.name} is said again: ${error.message.trim().split('\n').at(-1)}`);
      await sleep(TRY_AGAIN_MS);
    }
  }
}

async function providerOnboarding({ name, callbackUrls }) {
  const folder = `/var/lib/bunq-keeper/certificates/${name}`;
  await keeper(['certificate', 'pseudo', '--name', name, '--roles', 'AISP,PISP', '--out', folder]);
  const urls = callbackUrls.flatMap((url) => ['--callback-url', url]);
  return () => keeper(['onboard', name, ...urls, '--certificate', `${folder}/cert.pem`, '--signer', `file:${folder}/key.pem`]);
}

async function userOnboarding({ name }) {
  const { Response } = await simulator('POST', 'http://127.0.0.1:8090/v1/sandbox-user-person', {});
  const apiKey = Response[0].ApiKey.api_key;
  return () => keeper(['onboard', name, '--api-key-file', '-'], { input: apiKey });
}
