import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT } from '../../scripts/build.mjs';

/** The stack of docker-compose.yml under a name of its own (`kill-test.env`), and what can be done to it and asked of it. */

const COMPOSE = ['compose', '--env-file', 'test/compose/kill-test.env', '--file', 'docker-compose.yml', '--progress', 'quiet'];
const UP_MS = 30 * 60_000; // with the images still to be fetched and built
const COMMAND_MS = 5 * 60_000;
const LOOK_EVERY_MS = 500;

/** Of the shell's variables those stay out that Compose would prefer to the file's. */
const environment = () =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(COMPOSE|BUNQ|KEEPER|TEMPORAL)_|_(FOLDER|PORT)$/.test(name)));

const running = new Set();

/** Ends the commands that run at this moment; each rejects. */
export function interruptCommands() {
  for (const { pid } of running) {
    try {
      process.kill(-pid, 'SIGTERM');
    } catch {
      // it has ended
    }
  }
}

/**
 * One `docker compose …`.
 * @param options.input for its standard input
 * @returns what it wrote to its standard output
 * @throws Error with what it wrote to its standard error
 */
function compose(args, { input = '', timeoutMs = COMMAND_MS } = {}) {
  // a process group of its own: Ctrl-C reaches this process alone, which then ends what it began
  const child = spawn('docker', [...COMPOSE, ...args], { cwd: ROOT, env: environment(), detached: true, timeout: timeoutMs });
  running.add(child);
  const written = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) child[name].setEncoding('utf8').on('data', (text) => (written[name] += text));
  child.stdin.on('error', () => {}).end(input); // one that reads none may have ended
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status, signal) => {
      running.delete(child);
      if (status === 0) resolve(written.stdout);
      else reject(new Error(`docker compose ${args.join(' ')}: ${signal ?? `exit ${status}`}\n${written.stderr.slice(-2000)}`));
    });
  });
}

export const composeVersion = async () => (await compose(['version', '--short'])).trim();

export const up = () => compose(['up', '--detach', '--wait', '--build'], { timeoutMs: UP_MS });

export const down = () => compose(['down', '--volumes', '--remove-orphans', '--timeout', '2']);

export const logsOf = (services) => compose(['logs', '--no-color', '--tail', '40', ...services]);

/** `bunq-keeper` in a container of its own: it needs no worker's. */
export const keeper = (args, options) => compose(['run', '--rm', '--no-TTY', '--no-deps', 'keeper', ...args], options);

/** Temporal's own command line. */
export const temporal = (args) => compose(['run', '--rm', '--no-TTY', '--no-deps', '--entrypoint', 'temporal', 'temporal-init', ...args]);

/** A request to the simulator from within its container, as nothing else reaches it. @returns the answer's JSON */
export async function simulator(method, url, body = null) {
  const [request, options] = [
    JSON.stringify(url),
    JSON.stringify({ method, headers: HEADERS, ...(body && { body: JSON.stringify(body) }) }),
  ];
  const script = `fetch(${request}, ${options}).then(async (answer) => { const text = await answer.text(); if (!answer.ok) throw new Error(text); process.stdout.write(text); })`;
  return JSON.parse(await compose(['exec', '--no-TTY', 'simulator', 'node', '-e', script]));
}

const HEADERS = { 'Content-Type': 'application/json' };

/** What can be done to a container, and how it is brought back. */
export const FAULTS = {
  /** As `docker kill`; the engine leaves it down. */
  kill: {
    begin: (services) => compose(['kill', '--signal', 'KILL', ...services]),
    end: (services) => compose(['up', '--detach', '--no-deps', '--no-recreate', ...services]),
  },
  /** Its process is killed; the restart policy brings it back, whatever the length. */
  crash: {
    begin: (services) => Promise.all(services.map(killProcesses)),
    end: async () => {},
  },
  /** All of it stands still, and then goes on where it was. */
  pause: {
    begin: (services) => compose(['pause', ...services]),
    end: (services) => compose(['unpause', ...services]),
  },
};

/** All but the init process, which cannot be: the container ends under the hands of who does it. */
const killProcesses = (service) => compose(['exec', '--no-TTY', service, 'sh', '-c', 'kill -9 -1']).catch(() => {});

/** Lets go what is paused, which cannot be stopped. */
export const unpause = () => compose(['unpause']).catch(() => {});

/** @throws Error with what is not, when that takes longer than `withinMs` */
export async function untilHealthy(services, withinMs) {
  const deadlineMs = Date.now() + withinMs;
  for (;;) {
    const lines = (await compose(['ps', '--all', '--format', '{{.Service}} {{.State}} {{.Health}}', ...services])).trim().split('\n');
    const sick = services.filter((service) => !lines.includes(`${service} running healthy`));
    if (sick.length === 0) return;
    if (Date.now() > deadlineMs) throw new Error(`not healthy within ${withinMs / 1000} s: ${sick.join(', ')}\n${lines.join('\n')}`);
    await sleep(LOOK_EVERY_MS);
  }
}
