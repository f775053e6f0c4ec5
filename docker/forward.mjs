/**
 * `bunq-keeper`, and in the same process a forwarder of connections: they begin and end together.
 * FORWARD_FROM (listened on) and FORWARD_TO are each a port of loopback or the absolute path of a Unix socket. Without FORWARD_FROM
 * nothing is forwarded.
 */
import { rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { pipeline } from 'node:stream';

const { FORWARD_FROM, FORWARD_TO } = process.env;
const isPath = (address) => address.startsWith('/');
const options = (address) => (isPath(address) ? { path: address } : { host: '127.0.0.1', port: Number(address) });
const closed = () => {}; // pipeline has ended both sockets, whatever the reason

function forward(near) {
  const far = connect(options(FORWARD_TO));
  for (const socket of [near, far]) socket.unref(); // the process ends when its own work does
  pipeline(near, far, closed);
  pipeline(far, near, closed);
}

if (FORWARD_FROM) {
  if (isPath(FORWARD_FROM)) rmSync(FORWARD_FROM, { force: true }); // left behind by a process that was killed
  createServer(forward).listen(options(FORWARD_FROM)).unref();
}
await import('../dist/client/main.js');
