import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { EgressWay } from '../bunq/dispatchers.ts';

/** Why nothing can leave this machine by it, with the remedy; null where it can, and of a proxy. */
export async function localAddressProblem(way: EgressWay): Promise<string | null> {
  if (!('localAddress' in way)) return null;
  const { localAddress } = way;
  const socket = createSocket(isIPv6(localAddress) ? 'udp6' : 'udp4');
  try {
    await once(socket.bind(0, localAddress), 'listening'); // the whole of 127.0.0.0/8 can be used, and is not listed
    return null;
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    const others = addressesLike(localAddress).join(', ');
    return `KEEPER_EGRESS_VIA ${localAddress} is no address of this machine (${code})${others && `, which has ${others}`}. Bring it up here, or give the one by which this egress is to leave.`;
  } finally {
    socket.close();
  }
}

/** Of this machine, but for those that only itself can reach. */
const addressesLike = (address: string): string[] =>
  Object.values(networkInterfaces())
    .flatMap((all) => all ?? [])
    .filter(({ internal, family }) => !internal && (family === 'IPv6') === isIPv6(address))
    .map((one) => one.address);
