import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CERTIFICATE_ERROR_CODES } from '../../bunq/certificates.ts';
import { PERMITS, type PermitRole } from '../../bunq/permits.ts';
import { ROOT } from '../support/build.ts';

const page = readFileSync(join(ROOT, 'docs/certificates.md'), 'utf8');
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .map((line) => line.split('|').map((cell) => cell.trim()));

test('docs/certificates.md names every code of a certificate', () => {
  const named = rows.flatMap(([, first = '']) => [...first.matchAll(/`([A-Z_]+)`/g)].map(([, code]) => code!));
  expect(named.sort()).toEqual([...CERTIFICATE_ERROR_CODES].sort());
});

test('its table of permits is the one that calls are held against, with the same sources', () => {
  const ROLES: PermitRole[] = ['AISP', 'PISP', 'CBPII'];
  for (const { what, allowed, refused, sources, paths } of PERMITS) {
    const row = rows.find(([, first]) => first === what);
    const said = row?.slice(3, 6).map((cell) => /^(yes|no)?/.exec(cell)![0]);
    expect([what, said]).toEqual([what, ROLES.map((role) => (allowed.includes(role) ? 'yes' : refused.includes(role) ? 'no' : ''))]);
    for (const source of sources) expect(page).toContain(`(${source})`);
    const ends = paths.map(
      (path) =>
        path
          .replace(/\/\{itemId\}$/, '')
          .split('/')
          .at(-1)!,
    );
    if (row![2] !== 'GET of the same') for (const end of ends) expect(row![2]).toContain(`${end}\``);
  }
});
