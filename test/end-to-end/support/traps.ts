import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { atEnd } from '../../support/at-end.ts';

/** A listener that nobody may speak to: it notes each connection and answers none. It ends with the test file. */
export interface Trap {
  /** `127.0.0.1:40123` */
  readonly address: string;
  /** The first bytes of each connection so far; empty for one that has sent nothing yet. */
  readonly caught: readonly string[];
}

/** @param port a certain one; where it is taken already, null */
export async function trapOn(port: number): Promise<Trap | null> {
  const caught: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const number = caught.push('') - 1;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (data) => (caught[number] += data.toString('latin1').slice(0, 100)));
  });
  server.listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return null;
  }
  atEnd(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  return { address: `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`, caught };
}

export const trap = async (): Promise<Trap> => (await trapOn(0))!;
