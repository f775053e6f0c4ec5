import { z } from 'zod';
import type { Secret } from '../sealing/secret.ts';
import type { Bank, CallOptions, InstallationCaller } from './bank.ts';
import { idSchema, itemOf } from './envelope.ts';
import { listAll } from './list.ts';
import { request } from './request.ts';

const deviceSchema = z.looseObject({
  id: z.int(),
  description: z.string().nullish(),
  ip: z.string().nullish(),
  status: z.string().nullish(),
});

export interface DeviceServer {
  readonly deviceId: number;
  readonly description: string | null;
  readonly ip: string | null;
  /** `ACTIVE`, `BLOCKED`, `NEEDS_CONFIRMATION`, `OBSOLETE`. */
  readonly status: string | null;
}

export interface DeviceServerInput {
  readonly description: string;
  readonly apiKey: Secret;
  /** IPv4 addresses that may use the API key, and `*` for any; empty: the calling address alone. */
  readonly permittedIps: readonly string[];
}

/**
 * `POST /device-server`: binds the API key to this installation and to addresses.
 * @throws BunqError
 */
export function createDeviceServer(
  bank: Bank,
  caller: InstallationCaller,
  { description, apiKey, permittedIps }: DeviceServerInput,
  options?: CallOptions,
): Promise<{ deviceId: number }> {
  const { installationToken: token, privateKey, serverPublicKeyPem } = caller;
  const body = { description, secret: apiKey.text(), ...(permittedIps.length > 0 ? { permitted_ips: permittedIps } : {}) };
  const call = { method: 'POST', path: 'device-server', body, token, privateKey, serverPublicKeyPem } as const;
  return request(bank, call, options, (items) => ({ deviceId: itemOf(items, ['Id'], idSchema).id }));
}

/**
 * `GET /device-server`: the devices of this installation, newest first.
 * @throws BunqError
 */
export async function listDeviceServers(bank: Bank, caller: InstallationCaller, options?: CallOptions): Promise<DeviceServer[]> {
  const { installationToken: token, serverPublicKeyPem } = caller;
  const devices = await listAll(bank, { path: 'device-server', token, serverPublicKeyPem }, 'DeviceServer', deviceSchema, options);
  return devices.map(({ id, description, ip, status }) => ({
    deviceId: id,
    description: description ?? null,
    ip: ip ?? null,
    status: status ?? null,
  }));
}
