import { createBank } from '../bunq/bank.ts';
import { BunqError } from '../bunq/errors.ts';
import { send } from '../bunq/send.ts';
import { systemClock } from '../settings/clock.ts';
import { proxySettings } from '../settings/proxy.ts';
import { type Environment, SettingsError } from '../settings/read.ts';
import { readSignerSettings } from '../signers/settings.ts';
import { createSigners } from '../signers/signers.ts';
import { providerOf } from '../workflows/names.ts';
import { onboardedCertificateFindings } from './certificate-findings.ts';
import { consentAgeRemark } from './consent-age.ts';
import { remarks, toDo } from './describe.ts';
import { KeeperError } from './errors.ts';
import { Keeper } from './keeper.ts';
import { printJson, tell } from './output.ts';
import { missingWorker } from './pollers.ts';
import { type ClientSettings, readClientSettings, readSealingKeys } from './settings.ts';
import { connectTemporal } from './temporal.ts';

/** Everything that can be wrong around a connection, looked at at once. */
export interface Finding {
  /** What was looked at. */
  check: string;
  ok: boolean;
  /** What was found; where it is wrong, with the remedy. */
  found: string;
}

/** @param name a connection, or null to look at the surroundings only */
export async function diagnose(env: Environment, name: string | null): Promise<Finding[]> {
  const findings: Finding[] = [];
  const settings = await check(findings, 'settings', async () => {
    const read = readClientSettings(env);
    return [read, `${read.bank.name} at ${read.bank.apiUrl}, egress ${read.egress}`];
  });
  const keys = await check(findings, 'sealing keys', async () => {
    const read = readSealingKeys(env);
    return [read, `${read.keyIds.length} (${read.keyIds.join(', ')}); the first seals`];
  });
  if (settings && env.KEEPER_QSEAL_SIGNERS) findings.push(...(await signersHere(settings, env)));
  if (settings) await check(findings, 'bank', () => reach(settings, env));
  const client = await check(findings, 'temporal', async () => {
    const connected = await connectTemporal();
    return [connected, `namespace ${connected.options.namespace}`];
  });
  if (settings && client) {
    const keeper = new Keeper(client, settings, () => {
      if (keys) return keys;
      throw new KeeperError('There are no sealing keys.');
    });
    await check(findings, 'workers', () => polled(keeper, name));
    if (name !== null) {
      await check(findings, name, () => state(keeper, name));
      findings.push(...(await ofCertificate(keeper, name)));
    }
  }
  await client?.connection.close();
  return findings;
}

async function check<Result>(findings: Finding[], what: string, look: () => Promise<[Result, string]>): Promise<Result | null> {
  try {
    const [result, found] = await look();
    findings.push({ check: what, ok: true, found });
    return result;
  } catch (error) {
    if (!(error instanceof KeeperError || error instanceof SettingsError)) throw error;
    const problems = error instanceof SettingsError ? error.problems : [error.message];
    for (const found of problems) findings.push({ check: what, ok: false, found });
    return null;
  }
}

/** Where the signers' settings are at hand, as on a worker's machine; nothing is signed. */
async function signersHere({ bank }: ClientSettings, env: Environment): Promise<Finding[]> {
  const findings: Finding[] = [];
  const signing = await check(findings, 'signers', async () => [readSignerSettings(env), `${env.KEEPER_QSEAL_SIGNERS} can be read`]);
  if (!signing) return findings;
  const warnings: string[] = [];
  const seen = await createSigners(bank.name, signing, (line) => warnings.push(line)).look();
  findings.push(...seen.map(({ name, ok, found }) => ({ check: `signer ${name}`, ok, found })));
  findings.push(...warnings.map((line) => ({ check: 'signers', ok: true, found: `Warning: ${line}` })));
  return findings;
}

const CLOCKS_APART_MS = 60_000;

/** Any answer will do: the bank refuses an unknown path politely. Its `Date` tells how far apart the clocks are. */
async function reach({ bank: { apiUrl } }: ClientSettings, env: Environment): Promise<[null, string]> {
  const bank = createBank({ apiUrl, clock: systemClock, proxy: proxySettings(env) });
  try {
    const { headers } = await send(bank, { method: 'GET', url: new URL(bank.apiUrl), headers: {}, body: null }, {});
    const apartMs = headers.date === undefined ? 0 : Date.now() - Date.parse(headers.date);
    if (Math.abs(apartMs) > CLOCKS_APART_MS)
      throw new KeeperError(`This machine's clock is ${Math.round(apartMs / 1000)} s from the bank's. Set it right (NTP).`);
    return [null, `${bank.apiUrl} answers`];
  } catch (error) {
    if (!(error instanceof BunqError)) throw error;
    throw new KeeperError(`${bank.apiUrl} does not answer (${error.message}). Check the network, and HTTPS_PROXY where one is needed.`);
  } finally {
    await bank.close();
  }
}

async function polled(keeper: Keeper, name: string | null): Promise<[null, string]> {
  const missing = await keeper.missingWorkers(name);
  if (missing.length > 0) throw new KeeperError(missing.map(missingWorker).join('; '));
  return [null, `every task queue of ${keeper.environment} and egress ${keeper.egress} is polled`];
}

async function state(keeper: Keeper, name: string): Promise<[null, string]> {
  const status = await keeper.status(name);
  const what = toDo(status);
  const wrong = [...remarks(status), ...(what ? [status.action ? `${status.action.code}: ${what}` : what] : [])];
  if (wrong.length > 0) throw new KeeperError(wrong.join(' '));
  const old = consentAgeRemark(status, keeper.consentAgeMs, Date.now());
  return [null, [`${status.state} since ${status.since}`, ...(old ? [old] : [])].join('. ')];
}

/** The certificate of the provider, also of an end user's. */
async function ofCertificate(keeper: Keeper, name: string): Promise<Finding[]> {
  try {
    return onboardedCertificateFindings(await keeper.status(providerOf(name)), new Date());
  } catch (error) {
    if (error instanceof KeeperError) return []; // that there is none, or no answer, is told of the connection
    throw error;
  }
}

export function showFindings(findings: readonly Finding[], json: boolean): void {
  if (json) printJson({ schema: 1, findings });
  else for (const { check: what, ok, found } of findings) tell(`${ok ? '✔' : '✖'} ${what}: ${found}`);
}

export const hasProblem = (findings: readonly Finding[]) => findings.some(({ ok }) => !ok);
