import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../support/build.ts';

const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const pages = ['README.md', ...readdirSync(join(ROOT, 'docs')).flatMap((name) => (name.endsWith('.md') ? [`docs/${name}`] : []))];
const shown = pages.flatMap((page) =>
  [...read(page).matchAll(/<!-- example (.+) -->\n```ts\n([\s\S]+?)\n```\n<!-- \/example -->/g)].map(([, file, code]) => ({
    file: file!,
    code: code!,
  })),
);

test('the README and the pages show the examples as they are, and each of them', () => {
  const examples = readdirSync(join(ROOT, 'client/examples')).map((name) => `client/examples/${name}`);
  expect(shown.map(({ file }) => file).sort()).toEqual(examples.sort());
  for (const { file, code } of shown) expect(code).toBe(read(file).trim());
});
