import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Server as TcpServer } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { createServer as createTlsServer } from 'node:tls';
import { type Simulator, startSimulator } from '../../simulator/index.ts';
import { atEnd } from '../support/at-end.ts';
import { newAuthority } from '../support/mutual-tls.ts';
import { type TestTemporal, temporalServer } from '../support/temporal.ts';
import { type Scene, scene } from './support/scene.ts';
import { type Trap, trap } from './support/traps.ts';

/** A bank that is reached by the proxy of an egress alone: no name server knows it. */

const PASSWORD = 'geheim';

let temporal: TestTemporal;
let bank: Simulator;
let other: Trap;
let proxyAddress: string;
const tunnels: { readonly to: string; readonly credentials: string }[] = [];
let here: Scene;

beforeAll(async () => {
  [temporal, bank, other] = await Promise.all([temporalServer(), startSimulator(), trap()]);
  const authority = newAuthority();
  const { caFile } = authority.issueFiles('client');
  const { certificatePem: cert, keyPem: key } = authority.issue('bank');
  const atBank = await listening(createTlsServer({ cert, key }, (socket) => joined(socket, connectTo(new URL(bank.apiUrl).host))));
  proxyAddress = await listening(proxyTo('bank.test:443', atBank));
  here = scene(
    temporal,
    { apiUrl: 'https://bank.test/v1' },
    { NODE_EXTRA_CA_CERTS: caFile, HTTPS_PROXY: `http://${other.address}`, NO_PROXY: 'bank.test' },
  );
});
afterAll(() => bank?.close());

async function listening(server: TcpServer | Server): Promise<string> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  atEnd(() => void server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function connectTo(address: string) {
  const { hostname, port } = new URL(`http://${address}`);
  return connect(Number(port), hostname);
}

function joined(one: Duplex, another: Duplex): void {
  one.pipe(another).pipe(one);
  one.on('error', () => another.destroy());
  another.on('error', () => one.destroy());
  atEnd(() => void one.destroy());
}

/** It knows one host, and where that is. */
function proxyTo(host: string, address: string): Server {
  return createServer().on('connect', (request, socket: Duplex) => {
    tunnels.push({ to: request.url!, credentials: request.headers['proxy-authorization'] ?? '' });
    if (request.url !== host) return void socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    joined(socket, connectTo(address));
  });
}

test('a worker, doctor and call leave by the proxy of the egress and by no other, and show nothing of its password', async () => {
  const file = join(here.folder, 'way');
  writeFileSync(file, `http://me:${PASSWORD}@${proxyAddress}\n`, { mode: 0o600 });
  const env = { ...here.env, KEEPER_EGRESS_VIA_FILE: file };
  const there = scene(temporal, { apiUrl: 'https://bank.test/v1' }, env);
  const worker = await there.startWorker();
  const onboarded = await there.run('onboard', 'ada', '--sandbox-user');
  const called = await there.run('call', 'ada', 'GET', '/user');
  const doctor = await there.run('doctor', 'ada');
  await worker.waitForLine(/bank: .* answers/);
  expect([onboarded.code, called.code, doctor.code]).toEqual([0, 0, 0]);
  expect(onboarded.stderr).not.toContain('Warning'); // of a bank that does not answer
  expect(doctor.stderr).toMatch(new RegExp(`^✔ egress: default leaves by the proxy http://${proxyAddress}$`, 'm'));
  expect(worker.lines.find((line) => line.includes('worker is ready'))).toContain(`"via":"the proxy http://${proxyAddress}"`);
  expect(bank.requests().filter(({ endpoint }) => endpoint === 'POST /session-server')).toHaveLength(1);
  const credentials = `Basic ${Buffer.from(`me:${PASSWORD}`).toString('base64')}`;
  expect(new Set(tunnels.map((tunnel) => JSON.stringify(tunnel)))).toEqual(new Set([JSON.stringify({ to: 'bank.test:443', credentials })]));
  expect(other.caught).toEqual([]);
  const shown = [worker.stderr, ...[onboarded, called, doctor].flatMap(({ stdout, stderr }) => [stdout, stderr])].join('\n');
  expect(shown).not.toContain(PASSWORD);
  expect(shown).not.toContain(credentials);
});

test('without it the bank is not reached', async () => {
  const doctor = await here.run('doctor');
  expect(doctor.stderr).toMatch(/^✖ bank: .* does not answer \(.*\)\. Check the network, and HTTPS_PROXY where one is needed\.$/m);
});

test('an address that is not the machine’s is said by doctor, and a worker does not start with it', async () => {
  const given = { ...here.env, KEEPER_EGRESS_VIA: '192.0.2.1' };
  const there = scene(temporal, { apiUrl: 'https://bank.test/v1' }, given);
  const problem = /KEEPER_EGRESS_VIA 192\.0\.2\.1 is no address of this machine \(EADDRNOTAVAIL\)/;
  const [worker, doctor] = await Promise.all([there.run('worker'), there.run('doctor')]);
  expect(worker).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(problem) });
  expect(worker.stderr.trim().split('\n')).toHaveLength(1);
  expect(doctor.stderr).toMatch(new RegExp(`^✖ egress: ${problem.source}`, 'm'));
  expect(doctor.stderr).toMatch(/^✖ bank: .* Check the network, and KEEPER_EGRESS_VIA \(192\.0\.2\.1\)\.$/m);
});
