import fc from 'fast-check';
import { parseSigners } from '../../../signers/settings.ts';
import { shownText } from '../../../signers/shown-text.ts';

const file = 'signers.json';
const names = [
  'signer',
  'environment',
  'connections',
  'passphraseFile',
  'passEnvironment',
  'timeLimit',
  'keyId',
  'certificateFile',
  'keyFile',
  'caFile',
];

const value = fc.oneof(
  fc.constantFrom('file:/k.pem', 'exec:/p', 'https://signer.example/v1', 'https://[', 'exec:', '5s', '/abs', 'sandbox', ''),
  fc.array(fc.constantFrom('acme', 'No Name', 'PATH', 'A=B', 7)),
  fc.jsonValue(),
);
const entry = fc.oneof(fc.dictionary(fc.constantFrom(...names, 'passphrase'), value), fc.jsonValue());

test('whatever the file of signers holds, it is read, or what is wrong is said in lines that name the file', () => {
  fc.assert(
    fc.property(fc.oneof(fc.dictionary(fc.constantFrom('acme-hsm', 'No Name', '__proto__'), entry), fc.jsonValue()), (signers) => {
      const parsed = parseSigners(JSON.stringify(signers), file, { PATH: '/bin' });
      for (const problem of parsed.problems) expect(problem).toMatch(/^KEEPER_QSEAL_SIGNERS signers\.json[^\n]+$/);
      expect([...parsed.signers.values()].every(({ signer }) => /^(file|exec|https):/.test(signer))).toBe(true);
    }),
    { numRuns: 1500 },
  );
});

test('text that is no JSON is named', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      fc.pre(text.trim() !== '{}');
      expect(parseSigners(text, file, {}).problems).toEqual([
        expect.stringMatching(/^KEEPER_QSEAL_SIGNERS signers\.json.*(is not JSON|is no JSON object)/),
      ]);
    }),
    { numRuns: 1000 },
  );
});

const secret = fc.stringMatching(/^[A-Za-z0-9!#%&*+_-]{6,40}$/);

test('of what a signer says no secret that is known comes through, however it stands there', () => {
  fc.assert(
    fc.property(
      fc.array(secret, { minLength: 1, maxLength: 4 }),
      fc.array(fc.string(), { minLength: 5, maxLength: 5 }),
      (secrets, around) => {
        const said = around.map((text, index) => text + (secrets[index] ?? '')).join(' ');
        const shown = shownText(said, secrets);
        for (const one of secrets) if (!'[redacted]'.includes(one)) expect(shown).not.toContain(one);
        expect(shown).not.toContain('\n');
        expect(shown.length).toBeLessThanOrEqual(200);
      },
    ),
    { numRuns: 1500 },
  );
});
