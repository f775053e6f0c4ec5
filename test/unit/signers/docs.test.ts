import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSigners } from '../../../signers/settings.ts';
import { ROOT } from '../../support/build.ts';

const page = readFileSync(join(ROOT, 'docs/signers.md'), 'utf8');
const blocks = (language: string) =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]+?)\\n\`\`\`$`, 'gm'))].map(([, block]) => block!);

test('the file of signers in docs/signers.md can be read, with one of each kind', () => {
  const { signers, problems } = parseSigners(blocks('json')[0]!, 'signers.json', {});
  expect(problems).toEqual([]);
  expect([...signers.values()].map(({ signer }) => signer.split(':')[0])).toEqual(['file', 'exec', 'https']);
});

const recipes = blocks('sh').filter((block) => /^ {2}sign\) .*\n/.test(block));

test('each recipe for a cloud is shell, and has both questions', () => {
  expect(recipes).toHaveLength(5);
  for (const recipe of recipes) {
    const script = `set -euo pipefail\ncase \${1-} in\n${recipe}\n  *) exit 64 ;;\nesac\n`;
    expect(spawnSync('bash', ['-n'], { input: script, encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
    expect(recipe).toMatch(/^ {2}public-key\) /m);
  }
});
