import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { awaited } from '../../../client/awaited.ts';
import { beQuiet, complain, print, tell } from '../../../client/output.ts';

let stdout = '';
let stderr = '';
/** Called when something is written. */
let onWritten = () => {};

beforeEach(() => {
  stdout = '';
  stderr = '';
  onWritten = () => {};
  const keep = (put: (text: string) => void) => (text: unknown) => {
    if (String(text).startsWith('(')) return true; // Node's warning of what the tests themselves are run with
    put(String(text));
    onWritten();
    return true;
  };
  jest.spyOn(process.stdout, 'write').mockImplementation(keep((text) => (stdout += text)));
  jest.spyOn(process.stderr, 'write').mockImplementation(keep((text) => (stderr += text)));
});
afterEach(() => {
  jest.restoreAllMocks();
  beQuiet(false);
});

describe('with --quiet', () => {
  test('data and errors are written, and nothing of what is only told', () => {
    beQuiet(true);
    print('data');
    tell('by the way');
    tell('✔ settings: right');
    tell('✖ workers: No worker polls');
    complain('it failed');
    expect({ stdout, stderr }).toEqual({ stdout: 'data\n', stderr: '✖ workers: No worker polls\nit failed\n' });
  });

  test('nothing is said of what is awaited', async () => {
    beQuiet(true);
    expect(await awaited('Connecting', Promise.resolve(7), 0)).toBe(7);
    expect(stderr).toBe('');
  });
});

describe('what is awaited', () => {
  test('is said in one line where it takes long', async () => {
    const saidSomething = new Promise<void>((resolve) => {
      onWritten = resolve;
    });
    await awaited('Connecting to Temporal', saidSomething, 0); // ends only once something was said
    expect({ stdout, stderr }).toEqual({ stdout: '', stderr: 'Connecting to Temporal …\n' });
  });

  test('is not said where it is done at once, and its outcome comes through', async () => {
    expect(await awaited('Connecting', Promise.resolve('connected'))).toBe('connected');
    await expect(awaited('Connecting', Promise.reject(new Error('no server')))).rejects.toThrow('no server');
    expect(stderr).toBe('');
  });

  test('is drawn over on a terminal, gives way to other lines, and is gone at the end', async () => {
    const { isTTY, columns } = process.stderr;
    const { CI, TERM } = process.env;
    Object.assign(process.stderr, { isTTY: true, columns: 80 });
    delete process.env.CI;
    process.env.TERM = 'xterm';
    const drawn = new Promise<void>((resolve) => {
      onWritten = resolve;
    });
    await awaited(
      'Connecting',
      drawn.then(() => tell('a line')),
      0,
    );
    const [ERASE, SHOWN] = ['\u001b[1G\u001b[2K', 'Connecting … 0 s'];
    expect(stderr).toBe(`${SHOWN}${ERASE}a line\n`);
    Object.assign(process.stderr, { isTTY, columns });
    if (CI !== undefined) process.env.CI = CI;
    if (TERM === undefined) delete process.env.TERM;
    else process.env.TERM = TERM;
  });
});
