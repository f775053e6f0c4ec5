import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import type { Bank } from '../../simulator/bank.ts';
import { shownRequests } from '../../simulator/bank.ts';
import { SimulatorClock } from '../../simulator/clock.ts';
import { type Simulator, startSimulator } from '../../simulator/index.ts';
import { Dice } from '../../simulator/random.ts';
import { Store } from '../../simulator/store.ts';
import { viewSecrets, viewState } from '../../simulator/view.ts';
import { temporaryFolder } from '../support/at-end.ts';
import { pseudoCertificate } from './certificates.ts';
import { bind, createCredential, install, logInProvider, openSession, responseId, send } from './client.ts';

/** Whatever becomes of the end of the file: the bank opens, and knows what each whole line says. */

const folder = temporaryFolder();
const stateFile = join(folder, 'bank.state');
const damagedFile = join(folder, 'damaged.state');
const NOW_MS = Date.now();

/** All that a bank knows, by what it shows. */
const knownBy = (bank: Pick<Bank, 'store' | 'clock'>): string => {
  const shown = bank as Bank;
  return JSON.stringify([viewState(shown), viewSecrets(shown), shownRequests(shown)]);
};

function knownAfter(damage: Buffer): string {
  writeFileSync(damagedFile, damage);
  const store = new Store(new Dice('any'), damagedFile);
  store.close();
  return knownBy({ store, clock: new SimulatorClock(() => NOW_MS) });
}

interface Moment {
  readonly what: string;
  readonly bytes: number;
  readonly known: string;
}

/** A bank's file, and what the bank knew after each call, all of which change several things at once. */
async function lived(): Promise<{ moments: Moment[]; file: Buffer }> {
  const simulator = await startSimulator({ stateFile, rateLimits: false, nowMs: () => NOW_MS });
  const moments: Moment[] = [];
  const note = (what: string) => {
    const known = JSON.stringify([simulator.state(), simulator.secrets(), simulator.requests()]);
    moments.push({ what, bytes: statSync(stateFile).size, known });
  };
  try {
    await live(simulator, note);
  } finally {
    await simulator.close();
  }
  return { moments, file: readFileSync(stateFile) };
}

async function live(simulator: Simulator, note: (what: string) => void): Promise<void> {
  const { apiUrl } = simulator;
  const url = 'http://127.0.0.1:1/callback';
  const provider = await logInProvider(apiUrl, pseudoCertificate('Torn AISP'));
  const clients = `/user/${provider.userId}/oauth-client`;
  const id = responseId(await provider.call('POST', clients, { body: {} }));
  await provider.call('POST', `${clients}/${id}/callback-url`, { body: { url } });
  const { clientId } = simulator.state().oauthClients[0]!;
  const { value: secret } = simulator.secrets().find(({ kind }) => kind === 'client-secret')!;
  note('a callback URL');
  const redirected = new URL(simulator.authorize({ clientId, redirectUri: url }));
  note('consent, with the end users that it makes');
  const asked = { grant_type: 'authorization_code', code: redirected.searchParams.get('code')!, redirect_uri: url };
  const query = new URLSearchParams({ ...asked, client_id: clientId, client_secret: secret });
  const { access_token: accessToken } = (await send(apiUrl, 'POST', `/token?${query}`)).json;
  note('the exchange of a code: it is used, and a grant and an access token are there');
  const installed = await install(apiUrl);
  note('an installation');
  await createCredential(installed, pseudoCertificate('Torn Too AISP'));
  note('a credential, its user and the request id');
  await bind(installed, accessToken);
  note('a device, and its API key bound');
  await openSession(installed, accessToken);
  note('a session');
  simulator.revokeGrant({ userApiKeyId: simulator.grants()[0]!.userApiKeyId });
  note('a grant taken back, with its access token and session');
}

let moments: Moment[];
let file: Buffer;

beforeAll(async () => {
  ({ moments, file } = await lived());
});

test('a call is all there or not at all, wherever the file is cut', () => {
  expect(knownAfter(file)).toBe(moments.at(-1)!.known);
  for (const [index, { what, bytes, known }] of moments.entries()) {
    const next = moments[index + 1]?.bytes ?? file.length + 1;
    for (let length = bytes; length < next; length++)
      if (knownAfter(file.subarray(0, length)) !== known) throw new Error(`cut at ${length} it is not as it was after: ${what} (${bytes})`);
  }
  expect(moments.length).toBe(8);
  expect(file.length - moments[0]!.bytes).toBeGreaterThan(2000);
});

test('whatever the last line becomes, what stands before it is known', () => {
  const { bytes } = moments.at(-1)!;
  const start = file.lastIndexOf('\n', bytes - 2) + 1;
  const before = knownAfter(file.subarray(0, start));
  expect(before).not.toBe(moments.at(-1)!.known);
  for (let place = start; place < bytes; place++) {
    const garbled = Buffer.from(file);
    garbled[place]! ^= 1 << (place % 8);
    if (knownAfter(garbled) !== before) throw new Error(`a bit of byte ${place} (from ${start}) is believed`);
  }
});

test('whatever stands behind the last line, also whole lines of something else, is left out', () => {
  const dice = new Dice('garbage');
  const { known } = moments.at(-1)!;
  for (let time = 0; time < 200; time++) {
    const garbage = Buffer.from(Array.from({ length: dice.between(1, 300) }, () => (dice.roll() < 0.1 ? 10 : dice.between(0, 255))));
    expect(knownAfter(Buffer.concat([file, garbage]))).toBe(known);
  }
});

test('a bank that was started on a torn file says so, goes on behind what is whole, and is started again', async () => {
  const lines = file.toString('latin1').split('\n').length;
  writeFileSync(damagedFile, file.subarray(0, -1));
  const said = jest.spyOn(console, 'error').mockImplementation(() => {});
  for (const _ of ['once', 'and once more']) {
    const simulator = await startSimulator({ stateFile: damagedFile });
    await install(simulator.apiUrl);
    await simulator.close();
  }
  expect(said.mock.calls).toEqual([
    [expect.stringMatching(/^simulator: the last \d+ bytes of .*damaged\.state were torn, and are left out\.$/)],
  ]);
  said.mockRestore();
  expect(readFileSync(damagedFile, 'latin1').split('\n')).toHaveLength(lines - 1 + 2);
  expect(knownAfter(readFileSync(damagedFile))).toContain('POST /installation');
});

test('a line that is damaged before the end is no tear: the file is refused and left alone', async () => {
  const garbled = Buffer.from(file);
  garbled[moments[0]!.bytes - 5]! ^= 1;
  writeFileSync(damagedFile, garbled);
  await expect(startSimulator({ stateFile: damagedFile })).rejects.toThrow(/is damaged at line \d+: restore it, or delete it/);
  expect(readFileSync(damagedFile).equals(garbled)).toBe(true);
});

test('a file that is made compact holds the same, and is all there or, cut, nothing', () => {
  writeFileSync(damagedFile, file);
  const store = new Store(new Dice('any'), damagedFile);
  store.replace(store.changes());
  store.close();
  const compact = readFileSync(damagedFile);
  expect(compact.length).toBeLessThan(file.length);
  expect(knownAfter(compact)).toBe(moments.at(-1)!.known);
  for (let length = compact.indexOf('\n') + 1; length < compact.length; length += 97) {
    writeFileSync(damagedFile, compact.subarray(0, length));
    expect(new Store(new Dice('any'), damagedFile).size()).toBe(0);
  }
});
