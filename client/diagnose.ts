import { shownWay } from '../bunq/dispatchers.ts';
import { isLoopback } from '../bunq/loopback.ts';
import { lookAtBank } from '../bunq/reach.ts';
import type { SealingKeySet } from '../sealing/key-set.ts';
import { systemClock } from '../settings/clock.ts';
import { localAddressProblem } from '../settings/local-address.ts';
import { proxySettings } from '../settings/proxy.ts';
import { type Environment, SettingsError } from '../settings/read.ts';
import { readSignerSettings } from '../signers/settings.ts';
import { createSigners } from '../signers/signers.ts';
import { isUserName, providerOf } from '../workflows/names.ts';
import { callbackUrlFindings } from './callback-url-findings.ts';
import { onboardedCertificateFindings } from './certificate-findings.ts';
import { unavailable } from './connection-workflows.ts';
import { consentAgeRemark } from './consent-age.ts';
import { remarks, toDo } from './describe.ts';
import { KeeperError } from './errors.ts';
import { type Finding, right, wrong } from './finding.ts';
import { Keeper } from './keeper.ts';
import { isUnpolled, lookAtQueues, missingWorker, type SeenQueue, signerTaskQueues } from './pollers.ts';
import { type ClientSettings, readClientSettings, readSealingKeys } from './settings.ts';
import { connectTemporal } from './temporal.ts';

/** Everything that can be wrong around a connection, looked at at once. */

export interface About {
  /** A connection that is there; without one, the surroundings only. */
  readonly name?: string | undefined;
  /** Of one that is about to be made. */
  readonly signer?: string | undefined;
}

export async function diagnose(env: Environment, about: About = {}): Promise<Finding[]> {
  const findings: Finding[] = [];
  const settings = await check(findings, 'settings', async () => {
    const read = readClientSettings(env);
    return [read, `${read.bank.name} at ${read.bank.apiUrl}, egress ${read.egress}`];
  });
  const keys = await check(findings, 'sealing keys', async () => {
    const read = readSealingKeys(env);
    return [read, `${read.keyIds.length} (${read.keyIds.join(', ')}); the first seals`];
  });
  const looks = await Promise.all([
    settings && env.KEEPER_QSEAL_SIGNERS ? signersHere(settings, env) : [],
    settings ? lookAtWay(settings) : [],
    settings ? lookAtBank({ apiUrl: settings.bank.apiUrl, clock: systemClock, proxy: proxySettings(env), way: settings.way ?? null }) : [],
    aroundTemporal(settings, keys, about),
  ]);
  return [...findings, ...looks.flat()];
}

/** By which the egress's calls leave, where it is set. */
async function lookAtWay({ egress, bank, way = null }: ClientSettings): Promise<Finding[]> {
  if (!way) return [];
  const problem = await localAddressProblem(way);
  if (problem) return [wrong('egress', problem)];
  const isPassedBy = 'proxyUrl' in way && isLoopback(new URL(bank.apiUrl));
  return [right('egress', `${egress} leaves by ${shownWay(way)}${isPassedBy ? ', but not to this bank: loopback is never proxied' : ''}`)];
}

async function aroundTemporal(settings: ClientSettings | null, keys: SealingKeySet | null, { name, signer }: About): Promise<Finding[]> {
  const findings: Finding[] = [];
  const client = await check(findings, 'temporal', async () => {
    const connected = await connectTemporal();
    return [connected, `namespace ${connected.options.namespace}`];
  });
  if (settings && client) {
    const keeper = new Keeper(client, settings, () => {
      if (keys) return keys;
      throw new KeeperError('There are no sealing keys.');
    });
    await check(findings, 'workers', () => polled(keeper, name ?? null, signer));
    if (name !== undefined) {
      await check(findings, name, () => state(keeper, name));
      findings.push(...(await ofProvider(keeper, name)));
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
  findings.push(...warnings.map((line) => right('signers', `Warning: ${line}`)));
  return findings;
}

async function polled(keeper: Keeper, name: string | null, signer: string | undefined): Promise<[null, string]> {
  const missing = [...(await keeper.missingWorkers(name)), ...(await unpolledSigner(keeper, signer))];
  if (missing.length > 0) throw new KeeperError(missing.map(missingWorker).join('; '));
  return [null, `every task queue of ${name ?? keeper.environment} is polled`];
}

async function unpolledSigner({ client, environment }: Keeper, signer: string | undefined): Promise<SeenQueue[]> {
  const seen = await lookAtQueues(client, signerTaskQueues(environment, signer ?? null), Date.now()).catch((error) => {
    throw unavailable(error);
  });
  return seen.filter(isUnpolled);
}

async function state(keeper: Keeper, name: string): Promise<[null, string]> {
  const status = await keeper.status(name);
  const what = toDo(status);
  const wrong = [...remarks(status), ...(what ? [status.action ? `${status.action.code}: ${what}` : what] : [])];
  if (wrong.length > 0) throw new KeeperError(wrong.join(' '));
  const old = consentAgeRemark(status, keeper.consentAgeMs, Date.now());
  return [null, [`${status.state} since ${status.since}`, ...(old ? [old] : [])].join('. ')];
}

/** The certificate of the provider, also of an end user's; and its callback URLs. */
async function ofProvider(keeper: Keeper, name: string): Promise<Finding[]> {
  try {
    const status = await keeper.status(providerOf(name));
    const wanted = isUserName(name) ? null : await keeper.wantedCallbackUrls(name).catch(() => null);
    return [...onboardedCertificateFindings(status, new Date()), ...callbackUrlFindings(status, wanted)];
  } catch (error) {
    if (error instanceof KeeperError) return []; // that there is none, or no answer, is told of the connection
    throw error;
  }
}
