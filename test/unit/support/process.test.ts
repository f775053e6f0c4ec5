import { keeper, startKeeper } from '../../support/process.ts';

process.env.KEEPER_EGRESS = 'of the shell';
process.env.TEMPORAL_ADDRESS = '127.0.0.1:1';

test('a command runs to its end, with its output and exit code', async () => {
  const { code, signal, stdout } = await keeper(['--help']);
  expect({ code, signal }).toEqual({ code: 0, signal: null });
  expect(stdout).toContain('onboard');
});

test('a command that stays is waited for by line, stopped, continued and killed by its own pid', async () => {
  const simulator = startKeeper(['simulator', '--port', '0', '--manage-port', '0']);
  await simulator.waitForLine(/127\.0\.0\.1:\d+/);
  simulator.signal('SIGSTOP');
  simulator.signal('SIGCONT');
  expect(simulator.running).toBe(true);
  simulator.signal('SIGKILL');
  expect(await simulator.ended()).toMatchObject({ code: null, signal: 'SIGKILL' });
  expect(simulator.running).toBe(false);
});

test('waiting for a line of a command that has ended without it fails at once with what it printed', async () => {
  await expect(startKeeper(['no-such-command']).waitForLine(/never printed/)).rejects.toThrow(
    /^bunq-keeper no-such-command ended \(2\) without printing \/never printed\/:\n.*no-such-command/s,
  );
});
