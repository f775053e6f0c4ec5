import { isIP } from 'node:net';
import { z } from 'zod';
import { answer, answerId, BadParameter, readBody, refusals, requireItem } from '../answers.ts';
import { type Bank, credentialStatus } from '../bank.ts';
import { bunqTime } from '../clock.ts';
import type { Credential, Device } from '../entities.ts';
import { answerList } from '../pagination.ts';
import { noteReceived } from '../received-secrets.ts';
import type { InstallationCall, Route } from '../route.ts';

const ANY = '*';

const bodySchema = z.object({
  description: z.string().min(1),
  secret: z.string().min(1),
  permitted_ips: z
    .array(z.string().refine((ip) => ip === ANY || isIP(ip) !== 0, 'is not an IP address'))
    .nullish()
    .transform((ips) => ips ?? []),
});

/** The living API key of that text. What the bank never issued is noted, for the search for secrets. */
export function findLivingCredential({ store }: Bank, apiKey: string, nowMs: number): Credential | undefined {
  const [credential] = store.of('credentials', 'apiKey', apiKey);
  if (credential === undefined) noteReceived(store, apiKey);
  const status = credential && credentialStatus(credential, nowMs);
  return status === 'ACTIVE' || status === 'PENDING_FIRST_USE' ? credential : undefined;
}

export const mayBeUsedFrom = ({ permittedIps }: Pick<Credential, 'permittedIps'>, ip: string): boolean =>
  permittedIps.includes(ANY) || permittedIps.includes(ip);

/** No list, or an empty one, means the calling address. */
function askedIps(bank: Bank, asked: readonly string[], callingIp: string): readonly string[] {
  if (asked.length === 0) return [callingIp];
  return bank.settings.bareWildcardBindsCaller && asked.every((ip) => ip === ANY) ? [callingIp] : asked;
}

/** Of the list only: a caller may come from any address. */
function checkFamily({ settings }: Bank, asked: readonly string[]): void {
  if (!settings.permitIpv6 && asked.some((ip) => isIP(ip) === 6))
    throw new BadParameter('Invalid value for field "permitted_ips": only IPv4 addresses are supported.');
}

const deviceOn = ({ store }: Bank, credential: Credential, installationId: number): Device | undefined =>
  store.of('devices', 'credentialId', credential.id).find((device) => device.installationId === installationId);

type Binding = Pick<Device, 'installationId' | 'description' | 'ip'> & Pick<Credential, 'permittedIps'>;

/** Binds an API key to a device on an installation; where it is bound there already, to the same. */
export function bindDevice(bank: Bank, credential: Credential, { permittedIps, ...device }: Binding, nowMs: number): Device {
  const { store } = bank;
  const known = deviceOn(bank, credential, device.installationId);
  store.put('credentials', {
    ...credential,
    boundAtMs: credential.boundAtMs ?? nowMs,
    permittedIps: [...new Set([...credential.permittedIps, ...permittedIps])],
  });
  return store.put('devices', {
    id: known?.id ?? store.nextId(),
    credentialId: credential.id,
    userId: credential.userId,
    ...device,
    createdAtMs: known?.createdAtMs ?? nowMs,
    updatedAtMs: nowMs,
  });
}

function create({ bank, body, caller, request, nowMs }: InstallationCall) {
  const { description, secret, permitted_ips } = readBody(bodySchema, body);
  checkFamily(bank, permitted_ips);
  const ip = request.remoteAddress;
  const permittedIps = askedIps(bank, permitted_ips, ip);
  const credential = findLivingCredential(bank, secret, nowMs);
  if (credential === undefined || !mayBeUsedFrom({ permittedIps }, ip)) throw refusals.credentials();
  if (credential.boundAtMs !== null && !mayBeUsedFrom(credential, ip)) throw refusals.credentials();
  const installationId = caller.installation.id;
  if (bank.settings.refuseRebinding && deviceOn(bank, credential, installationId)) throw refusals.credentials();
  return answerId(bindDevice(bank, credential, { installationId, description, ip, permittedIps }, nowMs).id);
}

/** On a session: the devices of its user; on an installation: its own. */
function ownDevices({ bank, caller: { installation, session } }: InstallationCall): Device[] {
  return session === null
    ? bank.store.of('devices', 'installationId', installation.id)
    : bank.store.of('devices', 'userId', session.userId);
}

function showDevice({ store }: Bank, { id, createdAtMs, updatedAtMs, description, ip, credentialId }: Device): object {
  const status = store.get('credentials', credentialId)?.blockedAtMs == null ? 'ACTIVE' : 'BLOCKED';
  return { DeviceServer: { id, created: bunqTime(createdAtMs), updated: bunqTime(updatedAtMs), description, ip, status } };
}

function list(call: InstallationCall) {
  return answerList(call.bank, call.request, ownDevices(call), (device) => showDevice(call.bank, device));
}

function read(call: InstallationCall) {
  return answer(showDevice(call.bank, requireItem('DeviceServer', call.id('itemId'), ownDevices(call))));
}

export const deviceServerRoutes: readonly Route[] = [
  { method: 'POST', path: '/device-server', token: 'installation', perform: create },
  // "The device and session calls are using the token from the response of the installation call"; SDKs list on a session.
  { method: 'GET', path: '/device-server', token: 'installation-or-session', perform: list },
  { method: 'GET', path: '/device-server/{itemId}', token: 'installation-or-session', perform: read },
];
