import { isIPv4 } from 'node:net';
import { SignerError } from '../bunq/qseal.ts';
import { Secret } from '../sealing/secret.ts';
import type { NamedSigner } from '../signers/settings.ts';
import { createSigners } from '../signers/signers.ts';
import { isNamedSigner, NAME_PATTERN } from '../workflows/names.ts';
import { callbackUrlProblem } from './callback-url.ts';
import { certificateFindings } from './certificate-findings.ts';
import { type Finding, right, wrong } from './finding.ts';
import type { Given, GivenFile } from './given.ts';
import type { OnboardOptions } from './keeper.ts';
import { qsealCredential } from './qseal-credential.ts';

/** Everything that is wrong with what was given, before anything connects. Pure; the time is an argument. */

/** What it is given for, as far as that is known here. */
export interface Purpose {
  readonly connection: string | null;
  readonly environment: string | null;
  /** What `KEEPER_QSEAL_SIGNERS` lists here; null where it is not set. The worker's own may be another. */
  readonly signers: ReadonlyMap<string, NamedSigner> | null;
  readonly now: Date;
}

/** Of `onboard`: who, and what it is to have. */
export const onboardingFindings = (given: Given, purpose: Purpose): Finding[] => [
  ...(isNobody(given) && given.chain === undefined && given.signer === undefined ? [wrong('credential', SAY_WHO)] : []),
  ...credentialFindings(given, purpose),
  ...reachFindings(given, given.certificate !== undefined),
];

const SAY_WHO = 'Say who is onboarded: --certificate F --signer S (a PSD2 provider), --api-key-file F, or --sandbox-user.';

/** There is nothing to look at. */
export const isNobody = ({ certificate, apiKey, sandboxUser }: Given) => certificate === undefined && apiKey === undefined && !sandboxUser;

/** Nothing for nobody. */
export function credentialFindings(given: Given, purpose: Purpose): Finding[] {
  const { certificate, chain, signer, apiKey, sandboxUser } = given;
  const kinds = [certificate !== undefined, apiKey !== undefined, sandboxUser].filter(Boolean).length;
  return [
    ...(kinds > 1 ? [wrong('credential', '--certificate, --api-key-file and --sandbox-user exclude each other: give one.')] : []),
    ...(certificate ? [...qsealFindings(certificate, given, purpose.now), signerFinding(signer, purpose)] : []),
    ...(!certificate && (chain !== undefined || signer !== undefined)
      ? [wrong('credential', '--chain and --signer belong to --certificate: give that too.')]
      : []),
    ...(apiKey ? [apiKeyFinding(apiKey)] : []),
    ...(sandboxUser ? [sandboxUserFinding(purpose)] : []),
  ];
}

function qsealFindings(certificate: GivenFile, { chain, privateKeyPem }: Given, now: Date): Finding[] {
  const unreadable = chain && 'problem' in chain ? [wrong('chain', chain.problem)] : [];
  if ('problem' in certificate) return [wrong('certificate', certificate.problem), ...unreadable];
  const found = certificateFindings({
    certificatePem: certificate.text,
    ...(chain && 'text' in chain && { chainPem: chain.text }),
    ...(privateKeyPem !== undefined && { privateKeyPem }),
    now,
  });
  return unreadable.length > 0 ? [...found.filter(({ check }) => check !== 'chain'), ...unreadable] : found;
}

function signerFinding(signer: string | undefined, { environment, connection, signers }: Purpose): Finding {
  if (signer === undefined) return wrong('signer', SIGNER_NEEDED);
  const problem = shapeProblem(signer);
  if (problem !== null) return wrong('signer', problem);
  const isListed = signers?.has(signer) === true;
  if (environment === null || connection === null || (isNamedSigner(signer) && !isListed))
    return right('signer', isNamedSigner(signer) ? `${signer}, by its name` : `${signer}, on the worker`);
  try {
    createSigners(environment, { signers: signers ?? new Map(), passphraseFile: null }, () => {}).find(signer, connection);
  } catch (error) {
    if (!(error instanceof SignerError)) throw error;
    return wrong('signer', `${error.message} ${isListed ? LIST_IT : GIVE_A_NAME}`);
  }
  return right('signer', isListed ? `${signer}, which KEEPER_QSEAL_SIGNERS lists for ${connection}` : `${signer}, on the worker`);
}

const SIGNER_NEEDED =
  '--certificate needs --signer: who holds its private key (file:/abs/key.pem or exec:/abs/program on the worker, or a name).';
const LIST_IT = 'Correct its entry in that file, or give another --signer.';
const GIVE_A_NAME = 'List it there, and give its name: --signer NAME.';

function shapeProblem(signer: string): string | null {
  if (isNamedSigner(signer))
    return NAME_PATTERN.test(signer)
      ? null
      : `${JSON.stringify(signer)} is no signer: give file:/abs/key.pem, or a name from the worker's KEEPER_QSEAL_SIGNERS.`;
  if (/^(file|exec):\//.test(signer)) return null;
  return `${JSON.stringify(signer)} is no signer: give file:/abs/key.pem or exec:/abs/program (an absolute path on the worker), or a name from the worker's KEEPER_QSEAL_SIGNERS, where an https: one stands.`;
}

const API_KEY = /^[A-Za-z0-9_]{16,128}$/;

function apiKeyFinding(apiKey: GivenFile): Finding {
  if ('problem' in apiKey) return wrong('API key', apiKey.problem);
  const text = apiKey.text.trim();
  if (API_KEY.test(text)) return right('API key', `${apiKey.file === '-' ? 'stdin' : apiKey.file} holds one`);
  const isQuoted = /^(["'`]).*\1$/s.test(text);
  const why = text === '' ? 'is empty and ' : isQuoted ? 'has quotes around it and ' : '';
  return wrong('API key', `--api-key-file ${apiKey.file} ${why}does not hold a bunq API key: letters and digits, alone in the file.`);
}

const sandboxUserFinding = ({ environment }: Purpose): Finding =>
  environment === 'production'
    ? wrong(
        'credential',
        'Production makes no users: --sandbox-user is for the sandbox. Give --certificate and --signer, or --api-key-file.',
      )
    : right('credential', 'a user that the sandbox makes');

/** Where end users return to, and who may use the API key. */
export function reachFindings({ callbackUrls, permittedIps }: Given, ofProvider: boolean): Finding[] {
  const problems = callbackUrls.map(callbackUrlProblem).filter((problem) => problem !== null);
  const strangers = permittedIps.filter((address) => address !== 'any' && !isIPv4(address));
  return [
    ...problems.map((problem) => wrong('callback URL', problem)),
    ...(ofProvider && callbackUrls.length === 0 ? [wrong('callback URL', CALLBACK_URL_NEEDED)] : []),
    ...(callbackUrls.length > 0 && problems.length === 0 ? [right('callback URLs', callbackUrls.join(', '))] : []),
    ...strangers.map((address) => wrong('permitted address', `${JSON.stringify(address)} ${NO_ADDRESS}`)),
    ...(permittedIps.length > 0 && strangers.length === 0 ? [right('permitted addresses', permittedIps.join(', '))] : []),
  ];
}

const CALLBACK_URL_NEEDED = 'A PSD2 provider needs at least one --callback-url: where end users return to after they granted access.';
const NO_ADDRESS =
  'cannot be a permitted address: it is an IPv4 address (bunq takes no other), or any. Give it as --permitted-ip 203.0.113.7';

/** What a connection is made from, of what was found right; null for nobody. */
export function credentialOf(given: Given, now: Date): OnboardOptions['credential'] | null {
  const { certificate, chain, signer, privateKeyPem, apiKey, sandboxUser } = given;
  if (sandboxUser) return { type: 'sandbox-user' };
  if (apiKey) return { type: 'api-key', apiKey: new Secret(textOf(apiKey).trim()) };
  if (!certificate) return null;
  return qsealCredential({
    certificatePem: textOf(certificate),
    ...(chain && { chainPem: textOf(chain) }),
    ...(privateKeyPem !== undefined && { privateKeyPem }),
    signer: signer!,
    now,
  });
}

export const reachOf = ({ callbackUrls, permittedIps }: Given) => ({ callbackUrls: [...callbackUrls], permittedIps: [...permittedIps] });

const textOf = (file: GivenFile) => ('text' in file ? file.text : '');
