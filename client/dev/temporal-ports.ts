import { createServer } from 'node:net';
import type { Say } from './temporal-cache.ts';

/** The wanted port of 127.0.0.1, or a free one where it is taken (and said) or none is wanted. */
export async function choosePort(wanted: number | undefined, what: string, say: Say): Promise<number> {
  if (wanted !== undefined && (await canListen(wanted)) !== undefined) return wanted;
  const port = await canListen(0);
  if (port === undefined) throw new Error('No port of 127.0.0.1 is free.');
  if (wanted !== undefined) say(`Port ${wanted} is taken: ${what} uses ${port}`);
  return port;
}

function canListen(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : undefined));
    });
  });
}
