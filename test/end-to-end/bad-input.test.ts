import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Simulator, startSimulator } from '../../simulator/index.ts';
import { temporaryFolder } from '../support/at-end.ts';
import { ROOT } from '../support/build.ts';
import { type KeeperOptions, keeper } from '../support/process.ts';
import { type TestTemporal, temporalServer } from '../support/temporal.ts';
import { until } from '../support/until.ts';
import { type Scene, scene } from './support/scene.ts';

/** Whatever is wrong with what was given is said in a sentence with the remedy, before anything is sent to the bank. */

let temporal: TestTemporal;
let bank: Simulator;
let here: Scene;

beforeAll(async () => {
  [temporal, bank] = await Promise.all([temporalServer(), startSimulator()]);
  here = scene(temporal, bank);
});
afterAll(() => bank.close());

const vector = (name: string) => join(ROOT, 'test/vectors', name);
const folder = temporaryFolder();

function fileWith(text: string): string {
  const path = join(folder, `given-${text.length}`);
  writeFileSync(path, text);
  return path;
}

interface BadInput extends Omit<KeeperOptions, 'env'> {
  readonly args: readonly string[];
  /** Instead of, or beside, the settings that are right; undefined unsets one. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** What is wrong, and what to do: all of it has to be said. */
  readonly says: readonly RegExp[];
  /** 2, bad usage or settings, unless it is something else. */
  readonly code?: number;
}

async function expectRefusal({ args, env, says, code = 2, ...options }: BadInput): Promise<void> {
  const wanted = Object.entries({ ...here.env, ...env }).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const { stdout, stderr, ...ended } = await keeper(args, { ...options, env: Object.fromEntries(wanted) });
  for (const sentence of says) expect(stderr).toMatch(sentence);
  expect({ ...ended, stdout }).toEqual({ code, signal: null, stdout: '' });
  expect(stderr).not.toMatch(/A defect in|^\s+at .*:\d+/m);
}

const provider = (certificate: string, ...more: string[]) => [
  ...['onboard', 'acme', '--certificate', vector(certificate), '--callback-url', 'https://acme.example/callback'],
  ...more,
];
const signer = (key: string) => ['--signer', `file:${vector(key)}`];
const pseudo = () => provider('pseudo-cert.pem', ...signer('pseudo-key.pem'));
const sandboxUser = (...more: string[]) => ['onboard', 'acme', '--sandbox-user', ...more];

const certificates: Record<string, BadInput> = {
  'a certificate that does not match its key': {
    args: provider('pseudo-cert.pem', ...signer('other-key.pem')),
    says: [/private key does not belong to the certificate \/CN=My App PISP AISP/, /Give the key that/],
  },
  'an expired certificate': {
    args: provider('expired-cert.pem', ...signer('pseudo-key.pem')),
    says: [/CN=My App AISP.* expired on 2021-01-01/, /Give one that is valid/],
  },
  'a certificate that is not valid yet': {
    args: provider('not-yet-valid-cert.pem', ...signer('pseudo-key.pem')),
    says: [/not valid before 2120-01-01/, /give one that is valid/],
  },
  'a certificate with no role in its name': {
    args: provider('without-role-cert.pem', ...signer('pseudo-key.pem')),
    says: [/no role AISP, PISP or CBPII/, /bunq-keeper certificate pseudo/],
  },
  'a certificate whose PSD2 statement names no role': {
    args: provider('bank-cert.pem', '--chain', vector('chain.pem'), '--signer', 'acme-hsm'),
    says: [/no role AISP, PISP or CBPII: its PSD2 statement names none/, /Give a QSEAL with a role/],
  },
  'a file that is not PEM': {
    args: ['onboard', 'acme', '--certificate', vector('body.json'), '--signer', 'acme-hsm', '--callback-url', 'https://acme.example/'],
    says: [/PEM/, /-----BEGIN CERTIFICATE-----/],
  },
  'a QWAC': {
    args: provider('qwac-cert.pem', '--chain', vector('chain.pem'), '--signer', 'acme-hsm'),
    says: [/is a QWAC, which is for websites/, /bunq wants the QSEAL/],
  },
  'a certificate without its chain': {
    args: provider('qseal-cert.pem', ...signer('qseal-key.pem')),
    says: [/No chain is given/, /Give the chain/],
  },
  'a chain that does not lead from the certificate': {
    args: provider('qseal-cert.pem', '--chain', vector('root-cert.pem'), ...signer('qseal-key.pem')),
    says: [/The chain does not lead from the certificate/, /Give the chain/],
  },
  'a certificate with an elliptic-curve key': {
    args: provider('ec-cert.pem', ...signer('ec-key.pem')),
    says: [/no RSA key/, /bunq takes RSA keys of at least 2048 bits/],
  },
  'a certificate with a short key': {
    args: provider('small-key-cert.pem', '--signer', 'acme-hsm'),
    says: [/an RSA key of 1024 bits/, /at least 2048/],
  },
  'everything that is wrong with a certificate at once, by --check': {
    args: provider('qwac-cert.pem', ...signer('other-key.pem'), '--check'),
    says: [/^✖ certificate: .* is a QWAC/m, /^✖ private key: .*does not belong/m, /^✖ chain: No chain is given/m, /^✖ workers: No worker/m],
    code: 1,
  },
  'a certificate that is not there': {
    args: provider('nowhere.pem', ...signer('pseudo-key.pem')),
    says: [/--certificate .*nowhere\.pem cannot be read \(ENOENT\)/],
  },
};

const signersFile = join(folder, 'signers.json');
writeFileSync(
  signersFile,
  JSON.stringify({
    'acme-hsm': { signer: `file:${vector('other-key.pem')}`, environment: 'sandbox', connections: ['acme'] },
    'others-hsm': { signer: 'exec:/none/seal', environment: 'sandbox', connections: ['other'] },
  }),
);
const fiveWrong = [
  ...['onboard', 'acme', '--certificate', vector('qwac-cert.pem'), '--signer', 'file:key.pem', '--permitted-ip', '2001:db8::1'],
  ...['--callback-url', 'http://acme.example/', '--callback-url', 'https://acme.example/', '--callback-url', 'https://acme.example/#here'],
];
const fiveProblems = [
  /is a QWAC, which is for websites/,
  /No chain is given/,
  /"file:key\.pem" is no signer/,
  /"http:\/\/acme\.example\/" cannot be a callback URL: it has to be https/,
  /"https:\/\/acme\.example\/#here" cannot be a callback URL: it has a fragment/,
  /"2001:db8::1" cannot be a permitted address: it is an IPv4 address/,
];
/** Here the signers' settings are at hand. */
const withSigners = () => ({ BUNQ_ENVIRONMENT: 'sandbox', KEEPER_QSEAL_SIGNERS: signersFile });

const preflight: Record<string, () => BadInput> = {
  'everything that was given wrong, before anything is started': () => ({ args: fiveWrong, says: fiveProblems }),
  'the settings beside it': () => ({
    args: fiveWrong,
    env: { KEEPER_EGRESS: 'No Name' },
    says: [...fiveProblems, /^KEEPER_EGRESS is a name/m],
  }),
  'the same, by --check, and what is wrong around it': () => ({
    args: [...fiveWrong, '--check'],
    says: [
      ...fiveProblems,
      ...[/^✖ certificate: /m, /^✖ chain: /m, /^✖ signer: /m, /^✖ callback URL: /m, /^✖ permitted address: /m],
      ...[/^✔ settings: /m, /^✔ bank: http.* answers$/m, /^✔ clock: \d+ s from the bank's$/m, /^✖ workers: No worker polls/m],
    ],
    code: 1,
  }),
  'nobody to look at, by --check': () => ({ args: ['onboard', 'acme', '--check'], says: [/Say who is onboarded/] }),
  'three credentials of which none is any good': () => ({
    args: [...provider('nowhere.pem', '--signer', 'acme-hsm'), '--sandbox-user', '--api-key-file', fileWith('"0123456789abcdef"\n')],
    says: [/exclude each other/, /nowhere\.pem cannot be read \(ENOENT\)/, /has quotes around it and does not hold a bunq API key/],
  }),
  'two files that are stdin': () => ({
    args: ['onboard', 'acme', '--certificate', '-', '--chain', '-', '--signer', 'acme-hsm'],
    stdin: 'x',
    says: [/--chain and --certificate cannot both be stdin/, /needs at least one --callback-url/],
  }),
  'a signer with the key of another certificate': () => ({
    args: provider('pseudo-cert.pem', '--signer', 'acme-hsm'),
    env: withSigners(),
    says: [/key of signer acme-hsm does not belong to the certificate \/CN=My App PISP AISP/, /Give the signer that holds its key/],
  }),
  'a signer that is listed for others': () => ({
    args: provider('pseudo-cert.pem', '--signer', 'others-hsm'),
    env: withSigners(),
    says: [/Signer others-hsm does not serve acme: its settings list other\. Correct its entry/],
  }),
  'a signer that is given directly, with production': () => ({
    args: [...pseudo(), '--check'],
    env: { BUNQ_ENVIRONMENT: 'production', BUNQ_API_URL: undefined, HTTPS_PROXY: 'http://127.0.0.1:1' },
    says: [/^✖ signer: .*with production a worker takes signers by name only/m, /^✖ bank: https:\/\/api\.bunq\.com\/v1\/ does not answer/m],
    code: 1,
  }),
  'an import: the context, the certificate and the callback URL': () => ({
    args: ['import', 'bunq-context', 'acme', vector('body.json'), '--certificate', vector('nowhere.pem')],
    says: [/is no API context of bunq's/, /nowhere\.pem cannot be read/, /--certificate needs --signer/, /at least one --callback-url/],
  }),
};

const usage: Record<string, BadInput> = {
  'an unknown command': { args: ['frobnicate'], says: [/unknown command 'frobnicate'/, /--help/] },
  'an unknown option': { args: ['list', '--frobnicate'], says: [/unknown option '--frobnicate'/, /--help/] },
  'a name that would show an e-mail address': {
    args: ['onboard', 'ada@acme.example', '--sandbox-user'],
    says: [/a-z, 0-9 and -, at most 63/, /no e-mail address/],
  },
  'a callback URL that is not https': {
    args: sandboxUser('--callback-url', 'http://acme.example/callback'),
    says: [/"http:\/\/acme\.example\/callback" cannot be a callback URL: it has to be https/, /Give it as https:/],
  },
  'a callback URL that is none': {
    args: sandboxUser('--callback-url', 'acme.example/callback'),
    says: [/"acme\.example\/callback" cannot be a callback URL/, /Give it as https:/],
  },
  'a callback URL with a password': {
    args: sandboxUser('--callback-url', 'https://ada:pass@acme.example/'),
    says: [/user name or password/, /Give it as https:/],
  },
  'a callback URL with a fragment': { args: sandboxUser('--callback-url', 'https://acme.example/#here'), says: [/fragment/] },
  'a new callback URL that is not https': {
    args: ['callback-urls', 'acme', 'add', 'http://acme.example/'],
    says: [/has to be https/, /Give it as https:/],
  },
  'an address that is not IPv4': { args: sandboxUser('--permitted-ip', '2001:db8::1'), says: [/IPv4/] },
  'a duration without a unit': { args: sandboxUser('--timeout', '90'), says: [/90s, 10m/] },
  'nobody to onboard': { args: ['onboard', 'acme'], says: [/--certificate F --signer S.*--api-key-file F.*--sandbox-user/] },
  'two to onboard': { args: [...pseudo(), '--sandbox-user'], says: [/exclude each other: give one/] },
  'a certificate without a signer': { args: provider('pseudo-cert.pem'), says: [/--certificate needs --signer/] },
  'a signer without a certificate': { args: sandboxUser('--signer', 'acme-hsm'), says: [/belong to --certificate: give that too/] },
  'a signer by its address': {
    args: provider('pseudo-cert.pem', '--signer', 'https://signer.example/v1'),
    says: [/a name from the worker's KEEPER_QSEAL_SIGNERS, where an https: one stands/],
  },
  'a signer by a relative path': { args: provider('pseudo-cert.pem', '--signer', 'file:key.pem'), says: [/file:\/abs\/key\.pem/] },
  'a provider without a callback URL': {
    args: ['onboard', 'acme', '--certificate', vector('pseudo-cert.pem'), ...signer('pseudo-key.pem')],
    says: [/needs at least one --callback-url/],
  },
  'an API key file with something else in it': {
    args: ['onboard', 'acme', '--api-key-file', fileWith('my key is: secret!\n')],
    says: [/does not hold a bunq API key: letters and digits, alone in the file/],
  },
  'an empty API key on stdin': { args: ['onboard', 'acme', '--api-key-file', '-'], stdin: '', says: [/does not hold a bunq API key/] },
  'a signature with something else in it': {
    args: ['resume', 'acme', '--signature', fileWith('signed: yes!\n')],
    says: [/does not hold a signature in base64/, /openssl base64 -A/],
  },
  'a signature for another certificate': {
    args: ['resume', 'acme', '--signature', fileWith('AAAA\n'), '--certificate', vector('pseudo-cert.pem'), ...signer('pseudo-key.pem')],
    says: [/--signature is for the certificate that is there/],
  },
  'neither a name nor --all': { args: ['renew'], says: [/Give either a NAME or --all/] },
  'some of all, and a name': { args: ['renew', 'acme', '--state', 'LAPSED'], says: [/choose some of --all/] },
  'a list of none': { args: ['list', '--limit', '0'], says: [/a number of connections, 1 to 1000/] },
  'a reason for waiting that there is not': { args: ['list', '--action', 'DIFFERENT_USR'], says: [/Did you mean DIFFERENT_USER\?/] },
  'a place in a list that is none': { args: ['list', '--after', 'nonsense'], says: [/take the whole token/] },
  '--prune without set': {
    args: ['callback-urls', 'acme', 'add', 'https://acme.example/', '--prune'],
    says: [/--prune belongs to set/],
  },
  'an end user to onboard': {
    args: ['onboard', 'acme/alice', '--sandbox-user'],
    says: [/acme\/alice is an end user’s connection/, /bunq-keeper connect-user PROVIDER USER/],
  },
  'callback URLs of an end user': {
    args: ['callback-urls', 'acme/alice', 'add', 'https://acme.example/'],
    says: [/callback URLs are its provider’s/],
  },
  'an OAuth client of an end user': { args: ['oauth-client', 'acme/alice'], says: [/the OAuth client is its provider’s/] },
  'an end user by an e-mail address': { args: ['connect-user', 'acme', 'alice@acme.example'], says: [/no e-mail address/] },
  'a link that is good for nothing': { args: ['connect-user', 'acme', 'alice', '--expires-in', '0m'], says: [/good for nothing/] },
  'a place to return to that is none': {
    args: ['connect-user', 'acme', 'alice', '--redirect-url', 'acme.example'],
    says: [/cannot be a callback URL/],
  },
  'no file with the redirect URL': { args: ['complete-user', 'acme', 'alice'], says: [/--redirect-url-file/] },
  'a redirect URL as an argument': {
    args: ['complete-user', 'acme', 'alice', '--redirect-url-file', '-', 'https://acme.example/?code=c&state=s'],
    says: [/too many arguments/],
  },
  'a redirect URL that is none': {
    args: ['complete-user', 'acme', 'alice', '--redirect-url-file', '-'],
    stdin: 'https://acme.example/?state=s\n',
    says: [/stdin holds no URL that the bank sends an end user back to/],
  },
  'disconnecting without a terminal to ask': { args: ['disconnect', 'acme'], says: [/say --yes/] },
  'a Temporal server elsewhere for dev': {
    args: ['dev', '--once', '--temporal', 'temporal.acme.example:7233'],
    says: [/on loopback only/, /TEMPORAL_ADDRESS/],
    cwd: folder,
  },
};

const settings: Record<string, BadInput> = {
  'no bank': { args: ['list'], env: { BUNQ_API_URL: undefined }, says: [/BUNQ_ENVIRONMENT is not set: set it to sandbox or production/] },
  'an unknown environment': { args: ['list'], env: { BUNQ_ENVIRONMENT: 'staging' }, says: [/BUNQ_ENVIRONMENT is sandbox or production/] },
  'two banks': {
    args: ['list'],
    env: { BUNQ_ENVIRONMENT: 'production' },
    says: [/BUNQ_ENVIRONMENT and BUNQ_API_URL are both set: give one/],
  },
  'a bank without TLS': { args: ['list'], env: { BUNQ_API_URL: 'http://bank.example/v1' }, says: [/BUNQ_API_URL has to be https/] },
  'a misspelt setting': {
    args: ['list'],
    env: { KEEPER_SESION_GAP: '30s' },
    says: [/KEEPER_SESION_GAP is not a setting of bunq-keeper: correct its name or unset it/],
  },
  'several bad settings, all named at once': {
    args: ['worker'],
    env: { KEEPER_EGRESS: 'Frankfurt 1', KEEPER_SETTLE: 'soon', KEEPER_EGRESS_ADDRESS: '::1', KEEPER_SEELING: 'x' },
    says: [
      /^KEEPER_EGRESS is a name/m,
      /^KEEPER_SETTLE is a duration such as 90s/m,
      /^KEEPER_EGRESS_ADDRESS is an IPv4/m,
      /^KEEPER_SEELING /m,
    ],
  },
  'no sealing keys': {
    args: ['worker'],
    env: { KEEPER_SEALING_KEYS_FILE: undefined },
    says: [/There are no sealing keys/, /bunq-keeper sealing-keys new --out FILE/],
  },
  'no sealing keys to seal an API key with': {
    args: ['onboard', 'acme', '--api-key-file', '-'],
    stdin: '0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n',
    env: { KEEPER_SEALING_KEYS_FILE: undefined },
    says: [/There are no sealing keys/, /bunq-keeper sealing-keys new --out FILE/],
  },
  'sealing keys that are not there': {
    args: ['worker'],
    env: { KEEPER_SEALING_KEYS_FILE: '/nowhere/keys.json' },
    says: [/KEEPER_SEALING_KEYS_FILE \/nowhere\/keys\.json cannot be read \(ENOENT\)/, /sealing-keys new --out/],
  },
  'sealing keys that are something else': {
    args: ['worker'],
    env: { KEEPER_SEALING_KEYS_FILE: vector('body.json') },
    says: [/body\.json is not a set of sealing keys/, /bunq-keeper sealing-keys new --out/],
  },
  'a production worker with both ways to name the bank': {
    args: ['worker'],
    env: { BUNQ_ENVIRONMENT: 'production' },
    says: [/are both set: give one of them/],
  },
  'a proxy that is no URL': {
    args: ['worker'],
    env: { HTTPS_PROXY: 'proxy.acme.example:3128' },
    says: [/^HTTPS_PROXY has to be an http:\/\/ or https:\/\/ URL/m],
  },
  'an age of consents without a unit': { args: ['list'], env: { KEEPER_CONSENT_AGE: '180' }, says: [/KEEPER_CONSENT_AGE is a duration/] },
  'half of a deployment version': {
    args: ['worker'],
    env: { TEMPORAL_WORKER_BUILD_ID: '1' },
    says: [/TEMPORAL_DEPLOYMENT_NAME and TEMPORAL_WORKER_BUILD_ID belong together: set both or neither/],
  },
  'signers that are not JSON': {
    args: ['worker'],
    env: { KEEPER_QSEAL_SIGNERS: vector('pseudo-cert.pem') },
    says: [/KEEPER_QSEAL_SIGNERS .*pseudo-cert\.pem is not JSON/],
  },
  'a Temporal profile that is not there': {
    args: ['list'],
    env: { TEMPORAL_PROFILE: 'acme' },
    says: [/Temporal's settings cannot be used/, /acme/],
  },
};

const surroundings: Record<string, BadInput> = {
  'no Temporal server': {
    args: pseudo(),
    env: { TEMPORAL_ADDRESS: '127.0.0.1:1' },
    says: [/No Temporal server answers at 127\.0\.0\.1:1/, /set TEMPORAL_ADDRESS/, /bunq-keeper dev/],
    code: 1,
  },
  'a folder that cannot be written, for sealing keys': {
    args: ['sealing-keys', 'new', '--out', '/sys/keys.json'],
    says: [/\/sys\/keys\.json cannot be written/, /Give another file/],
  },
  'a folder that cannot be written, for a certificate': {
    args: ['certificate', 'pseudo', '--name', 'Acme', '--roles', 'AISP', '--out', '/sys/certificate'],
    says: [/\/sys\/certificate cannot be written/, /Give another folder/],
  },
  'a folder that cannot be written, for dev': {
    args: ['dev', '--once'],
    cwd: '/sys',
    says: [/\/sys\/\.bunq-keeper cannot be written/, /in a folder that is writable/],
  },
  'sealing keys over others': {
    args: ['sealing-keys', 'new', '--out', vector('body.json')],
    says: [/exists and is left as it is/, /Give another file/],
  },
  'a rotation of sealing keys of which there is one': {
    args: ['sealing-keys', 'promote'],
    says: [/There is no key but .*, which seals\. Add one first: bunq-keeper sealing-keys add/],
  },
  'a sealing key that is not there': {
    args: ['sealing-keys', 'promote', 'other'],
    says: [/There is no key other in .*; there are /],
  },
  'sealing keys to remove one from that are not there': {
    args: ['sealing-keys', 'remove', 'other', '--file', '/nowhere/keys.json'],
    says: [/\/nowhere\/keys\.json cannot be read \(ENOENT\)/, /sealing-keys new --out/],
  },
  'a context to export over another file': {
    args: ['export', 'bunq-context', 'acme', '--out', vector('body.json')],
    says: [/body\.json exists and is left as it is/, /Give another file/],
  },
  'an unknown connection': { args: ['status', 'nobody'], says: [/There is no connection nobody/, /bunq-keeper list/], code: 1 },
};

for (const [what, inputs] of Object.entries({ certificates, usage, settings, surroundings })) {
  describe(`refused, with the remedy (${what}):`, () => {
    test.each(Object.entries(inputs))('%s', async (_what, input) => expectRefusal(input));
  });
}

describe('refused, with all that is wrong at once:', () => {
  test.each(Object.entries(preflight))('%s', async (_what, input) => expectRefusal(input()));
});

test('nothing of all that reached the bank, and no workflow was started', async () => {
  expect(bank.requests().filter(({ path }) => path !== '/v1/')).toEqual([]); // `--check` looks whether the bank is there
  await temporal.client.workflow.start('nobody', { workflowId: 'marker', taskQueue: 'nobody' });
  const listed = async () => {
    const ids: string[] = [];
    for await (const { workflowId } of temporal.client.workflow.list()) ids.push(workflowId);
    return ids;
  };
  await until('the list is as new as the marker', async () => (await listed()).includes('marker'));
  expect(await listed()).toEqual(['marker']);
});
