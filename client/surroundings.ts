import { createPublicKey } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { CertificateError, type CertificateFacts, examineQsealCertificate } from '../bunq/certificates.ts';
import { lookAtBank } from '../bunq/reach.ts';
import { systemClock } from '../settings/clock.ts';
import { type Environment, SettingsError } from '../settings/read.ts';
import { readSignerSettings } from '../signers/settings.ts';
import { createSigners } from '../signers/signers.ts';
import { type Finding, right, wrong } from './finding.ts';
import type { Given } from './given.ts';
import { isUnpolled, lookAtQueues, missingWorker, signerTaskQueues, type TaskQueue } from './pollers.ts';
import type { Purpose } from './preflight.ts';
import { readClientSettings } from './settings.ts';

/** What stands around a connection that is about to be made. Nothing here is a reason not to begin, but a signer with another key. */

/** Whoever begins waits for these looks: they are taken side by side, and none longer. */
const LOOK_WITHIN_MS = 2000;

/** What is given is for this connection, by the settings at hand. Settings that cannot be read are told where they are needed. */
export function purposeOf(connection: string, env: Environment, now: Date): Purpose {
  return {
    connection,
    environment: readable(() => readClientSettings(env).bank.name),
    signers: env.KEEPER_QSEAL_SIGNERS ? readable(() => readSignerSettings(env).signers) : null,
    now,
  };
}

/** Settings that every command needs, where they are wrong. */
export function settingsFindings(env: Environment): Finding[] {
  try {
    readClientSettings(env);
    return [];
  } catch (error) {
    if (error instanceof SettingsError) return error.problems.map((problem) => wrong('settings', problem));
    throw error;
  }
}

function readable<Value>(read: () => Value): Value | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof SettingsError) return null;
    throw error;
  }
}

/** Whether a signer that is listed here has the certificate's key; nothing is signed. One that does not tell it in time is no problem yet. */
export async function signerKeyFindings({ signer, certificate }: Given, { environment, signers, now }: Purpose): Promise<Finding[]> {
  const entry = signer === undefined ? undefined : signers?.get(signer);
  const facts = certificate && 'text' in certificate ? factsOf(certificate.text, now) : null;
  if (!entry || !facts || environment === null) return [];
  const hasty = { ...entry, timeLimitMs: LOOK_WITHIN_MS };
  const [seen] = await createSigners(environment, { signers: new Map([[signer!, hasty]]), passphraseFile: null }, () => {}).look();
  if (!seen?.publicKey) return [];
  if (seen.publicKey.equals(createPublicKey(facts.publicKeyPem)))
    return [right('signer', `the key of ${signer} is that of the certificate`)];
  const found = `The key of signer ${signer} does not belong to the certificate ${facts.subject}. Give the signer that holds its key, or the certificate of this key.`;
  return [wrong('signer', found)];
}

function factsOf(certificatePem: string, now: Date): CertificateFacts | null {
  try {
    return examineQsealCertificate({ certificatePem, now }).facts;
  } catch (error) {
    if (error instanceof CertificateError) return null;
    throw error;
  }
}

/** What may be wrong around it, as it looks from here: the worker may see otherwise. */
export async function warningsAround(client: Client, signer: string | undefined, env: Environment): Promise<string[]> {
  const { bank, proxy, way = null } = readClientSettings(env);
  const [looks, queue] = await Promise.all([
    lookAtBank({ apiUrl: bank.apiUrl, clock: systemClock, ...(proxy && { proxy }), way, timeouts: { totalMs: LOOK_WITHIN_MS } }),
    lookAtSignerQueue(client, signerTaskQueues(bank.name, signer ?? null)),
  ]);
  return [...looks.filter(({ ok }) => !ok).map(({ found }) => found), ...queue];
}

async function lookAtSignerQueue(client: Client, queues: readonly TaskQueue[]): Promise<string[]> {
  const look = () => lookAtQueues(client, queues, Date.now());
  const seen = await client.connection.withDeadline(Date.now() + LOOK_WITHIN_MS, look).catch(() => []); // whoever begins hears of it
  return seen.filter(isUnpolled).map(missingWorker);
}
