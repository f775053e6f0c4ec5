import { execa } from 'execa';
import { startSimulator } from '../../simulator/index.ts';
import { temporaryFolder } from '../support/at-end.ts';
import { headingsOf, shellLinesOf } from '../support/markdown.ts';
import { readText } from '../support/texts.ts';

const page = readText('simulator/README.md');
const [start, ...lines] = shellLinesOf(page).map(({ target }) => target);

const BANK = 'http://127.0.0.1:8090/';
const MANAGE = 'http://127.0.0.1:8091';
const MARK = '-- what was said comes before this --';

/** Commands, and what the page says that they print: behind `# `, with `…` for what differs each time. */
const script = lines.map((line) => (line.startsWith('# ') ? `printf '%s\\n' '${MARK}'` : line)).join('\n');
const said = lines.filter((line) => line.startsWith('# ')).map((line) => line.slice(2));

const patternOf = (text: string) => new RegExp(`^${text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&').replaceAll('…', '.*')}$`);

test('the page begins with what the simulator is faithful to, and what not', () => {
  expect(headingsOf(page).slice(0, 3)).toEqual(['The simulator', 'Faithful to', 'Not faithful to']);
});

test('what the page shows can be pasted into a shell, and prints what the page says', async () => {
  expect(start).toBe('npx bunq-keeper simulator');
  expect(script).toContain(BANK);
  expect(script).toContain(MANAGE);
  const simulator = await startSimulator();
  try {
    const here = script.replaceAll(BANK, new URL('/', simulator.apiUrl).href).replaceAll(MANAGE, simulator.manageUrl.replace(/\/$/, ''));
    const { stdout, stderr, exitCode } = await execa('bash', ['-euo', 'pipefail', '-c', here], {
      cwd: temporaryFolder(),
      reject: false,
      timeout: 60_000,
    });
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    const printed = stdout.split(MARK).map((text) => text.trim());
    expect(printed.pop()).toBe(''); // nothing is printed of which the page says nothing
    expect(printed).toEqual(said.map((text) => expect.stringMatching(patternOf(text))));
    expect(said.length).toBeGreaterThan(5);
  } finally {
    await simulator.close();
  }
});
