import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../support/build.ts';

test('the README shows the example as it is', () => {
  const example = readFileSync(join(ROOT, 'client/examples/onboard.ts'), 'utf8').trim();
  const shown = /<!-- example -->\n```ts\n([\s\S]+?)\n```\n<!-- \/example -->/.exec(readFileSync(join(ROOT, 'README.md'), 'utf8'))?.[1];
  expect(shown).toBe(example);
});
