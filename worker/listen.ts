import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { HostPort } from '../settings/host-port.ts';
import { SettingsError } from '../settings/read.ts';

/**
 * @param setting where the address comes from: it is named when it cannot be used
 * @returns where the server listens, with a slash at the end
 * @throws SettingsError when it cannot listen there
 */
export async function listen(server: Server, { host, port }: HostPort, setting: string): Promise<string> {
  const name = host.includes(':') ? `[${host}]` : host;
  try {
    await once(server.listen(port, host), 'listening');
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    const why = WHY[code] ?? `this machine does not let it listen there (${code})`;
    throw new SettingsError([`${setting} ${name}:${port} cannot be used: ${why}`]);
  }
  return `http://${name}:${(server.address() as AddressInfo).port}/`;
}

const WHY: Record<string, string> = {
  EADDRINUSE: 'another process listens there. Give another port, or end that process (EADDRINUSE)',
  EACCES: 'this user may not listen there; ports below 1024 are for root (EACCES)',
  EADDRNOTAVAIL: 'it is no address of this machine (EADDRNOTAVAIL)',
  ENOTFOUND: 'there is no host of this name (ENOTFOUND)',
};
