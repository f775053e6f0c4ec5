import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setImmediate as tick } from 'node:timers/promises';
import { Dice } from '../../simulator/random.ts';
import { temporaryFolder } from '../support/at-end.ts';
import { type BankProcess, startBank } from './bank-process.ts';
import { bind, errorOf, install, type LoggedIn, newSandboxKey, openSession, type Received, responseId, send } from './client.ts';

/** A bank that is killed again and again while clients call it, and what it must know then: `KILL_SEED=…` for other moments. */

const KILLS = 30;
const CLIENTS = 3;
const SEED = process.env.KILL_SEED ?? 'killed';

/** What was answered by 200: the bank has to know it for good. */
class Answered {
  readonly installations: number[] = [];
  readonly devices: number[] = [];
  readonly sessions: number[] = [];
  readonly oauthClients: number[] = [];
  readonly callbackUrls: number[] = [];
  readonly secrets: string[] = [];
  readonly used: { readonly token: string; readonly requestId: string }[] = [];
  /** Whose OAuth client was asked for, answered or not. */
  readonly owners: LoggedIn[] = [];
}

/** Counts the calls that are sent, and kills some ticks after the last that it lets pass. */
class Assassin {
  #calls: number;
  readonly #ticks: number;
  readonly #bank: BankProcess;

  constructor(dice: Dice, bank: BankProcess) {
    this.#calls = dice.between(1, 40);
    this.#ticks = dice.between(0, 12);
    this.#bank = bank;
  }

  async see<T>(call: Promise<T>): Promise<T> {
    if (--this.#calls === 0) void this.#strike();
    return call;
  }

  async #strike(): Promise<void> {
    for (let ticks = this.#ticks; ticks > 0; ticks--) await tick();
    this.#bank.kill();
  }
}

const idOf = (received: Received): number => {
  expect(received.status).toBe(200);
  return responseId(received);
};

/** One user after the other, from its installation to what it reads of itself, until the bank is gone. */
async function live({ apiUrl }: BankProcess, assassin: Assassin, answered: Answered): Promise<void> {
  for (;;) {
    const installed = await assassin.see(install(apiUrl));
    answered.installations.push(installed.id);
    const apiKey = await assassin.see(newSandboxKey(apiUrl));
    answered.secrets.push(installed.token, apiKey);
    answered.devices.push(idOf(await assassin.see(bind(installed, apiKey))));
    const opened = await assassin.see(openSession(installed, apiKey));
    answered.sessions.push(idOf(opened));
    const token: string = opened.json.Response[1].Token.token;
    answered.secrets.push(token);
    const userId: number = opened.json.Response[2].UserPerson.id;
    const call: LoggedIn['call'] = async (method, path, sent = {}) => {
      const requestId = randomUUID();
      const key = installed.keys.privateKey;
      const received = await assassin.see(
        send(apiUrl, method, path, { token, key, ...sent, headers: { 'X-Bunq-Client-Request-Id': requestId } }),
      );
      answered.used.push({ token, requestId });
      return received;
    };
    answered.owners.push({ installed, apiKey, sessionId: idOf(opened), userId, token, call });
    const clients = `/user/${userId}/oauth-client`;
    const clientId = idOf(await call('POST', clients, { body: {} }));
    answered.oauthClients.push(clientId);
    answered.callbackUrls.push(idOf(await call('POST', `${clients}/${clientId}/callback-url`, { body: { url: 'https://app.example/' } })));
    expect((await call('GET', '/user')).status).toBe(200);
  }
}

/** All that was answered is there, and with each thing that is there the log of the request that made it. */
async function expectWhole({ look, apiUrl }: BankProcess, answered: Answered): Promise<void> {
  const state = await look('/state');
  const { requests } = await look('/requests');
  const values = new Set((await look('/secrets')).secrets.map(({ value }: { value: string }) => value));
  const made = {
    installations: 'POST /installation',
    devices: 'POST /device-server',
    sessions: 'POST /session-server',
    oauthClients: 'POST /user/{userID}/oauth-client',
    callbackUrls: 'POST /user/{userID}/oauth-client/{oauth-clientID}/callback-url',
  } as const;
  for (const table of Object.keys(made) as (keyof typeof made)[]) {
    const ids: number[] = state[table].map(({ id }: { id: number }) => id);
    expect(ids).toEqual(expect.arrayContaining(answered[table]));
    const done = requests.filter(
      ({ endpoint, status }: { endpoint: string; status: number }) => endpoint === made[table] && status === 200,
    );
    expect({ table, made: done.length }).toEqual({ table, made: ids.length });
  }
  expect(answered.secrets.filter((secret) => !values.has(secret))).toEqual([]);
  for (const { token, requestId } of answered.used.slice(-3)) {
    const again = await send(apiUrl, 'GET', '/user', { token, headers: { 'X-Bunq-Client-Request-Id': requestId } });
    expect({ status: again.status, error: errorOf(again) }).toEqual({ status: 400, error: 'The request id was used before.' });
    expect((await send(apiUrl, 'GET', '/user', { token })).status).toBe(200);
  }
}

/** Whoever does not know whether its OAuth client was made asks again: there is one. */
async function expectOneClientEach({ apiUrl }: BankProcess, { owners, oauthClients }: Answered): Promise<void> {
  for (const { userId, token } of owners.slice(-CLIENTS)) {
    const path = `/user/${userId}/oauth-client`;
    const again = await send(apiUrl, 'POST', path, { token, body: {} });
    if (again.status === 200) oauthClients.push(responseId(again));
    else expect(errorOf(again)).toMatch(/only have one/);
    expect((await send(apiUrl, 'GET', path, { token })).json.Response).toHaveLength(1);
  }
}

test(`killed ${KILLS} times at any moment, the bank knows everything that it answered, and nothing by half (seed ${SEED})`, async () => {
  const args = ['--no-rate-limits', '--session-gap', '0s', '--state-file', join(temporaryFolder(), 'bank.state')];
  const dice = new Dice(SEED);
  const answered = new Answered();
  for (let kill = 0; kill < KILLS; kill++) {
    const bank = await startBank(args);
    await expectWhole(bank, answered);
    await expectOneClientEach(bank, answered);
    const assassin = new Assassin(dice, bank);
    const lives = await Promise.allSettled(Array.from({ length: CLIENTS }, () => live(bank, assassin, answered)));
    for (const life of lives) expect(life).toMatchObject({ status: 'rejected', reason: { code: expect.stringMatching(/^(ECONN|EPIPE)/) } });
    expect(await bank.ended).toMatchObject({ signal: 'SIGKILL' });
  }
  const last = await startBank(args);
  await expectWhole(last, answered);
  expect(answered.oauthClients.length).toBeGreaterThan(KILLS);
});

test('where the file can take no more the bank stops with one line, and knows everything that it answered', async () => {
  const args = ['--no-rate-limits', '--session-gap', '0s', '--state-file', join(temporaryFolder(), 'bank.state')];
  const answered = new Answered();
  const full = await startBank(args, 96);
  await expect(live(full, new Assassin(new Dice(SEED), { ...full, kill: () => {} }), answered)).rejects.toMatchObject({
    code: expect.stringMatching(/^(ECONN|EPIPE)/),
  });
  const { code, signal, stderr } = await full.ended;
  expect({ code, signal }).toEqual({ code: 1, signal: null });
  expect(stderr.split('\n').filter((line) => /state file/.test(line))).toHaveLength(1);
  expect(stderr.replace(/\s+/g, ' ')).toMatch(
    /The state file \S+ cannot be written \(EFBIG: file too large, write\), so the bank has stopped\. .* make room, and start it again\./,
  );
  const roomy = await startBank(args);
  await expectWhole(roomy, answered);
  await expectOneClientEach(roomy, answered);
  expect(answered.oauthClients.length).toBeGreaterThan(2);
});
