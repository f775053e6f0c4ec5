import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { type Environment, readSettings } from '../settings/read.ts';
import { parseDuration } from '../workflows/duration.ts';
import { NAME_PATTERN } from '../workflows/names.ts';

/** One entry of the file that `KEEPER_QSEAL_SIGNERS` names. */
export interface NamedSigner {
  /** `file:/abs/key.pem`, `exec:/abs/program` or `https://signer.example/v1`. */
  readonly signer: string;
  readonly environment: string;
  /** The connections that it signs for. */
  readonly connections: readonly string[];
  /** `file:` and `https:`: of an encrypted key. */
  readonly passphraseFile?: string | undefined;
  /** `exec:` the variables that it gets, and no others. */
  readonly variables?: Readonly<Record<string, string>> | undefined;
  /** `exec:` and `https:` */
  readonly timeLimitMs?: number | undefined;
  readonly https?: HttpsParts | undefined;
}

/** The key's name with the signer, and the files of mutual TLS. */
export interface HttpsParts {
  readonly keyId: string;
  readonly certificateFile: string;
  readonly keyFile: string;
  readonly caFile: string;
}

/** All that is told of signers from outside. */
export interface SignerSettings {
  readonly signers: ReadonlyMap<string, NamedSigner>;
  /** Of keys that are given directly. */
  readonly passphraseFile: string | null;
}

export const SIGNER_SETTINGS = ['KEEPER_QSEAL_SIGNERS', 'KEEPER_QSEAL_PASSPHRASE_FILE'] as const;

/** The activity that signs ends after 8 s for a signer that is given directly, after 20 s for a named one. */
export const TIME_LIMIT_MS = 6000;
const LONGEST_TIME_LIMIT_MS = 18_000;

const absolute = (example: string) => z.string().regex(/^\//, { error: `is an absolute path: ${example}` });
const duration = z
  .string()
  .refine((text) => (parseDuration(text) ?? 0) > 0 && parseDuration(text)! <= LONGEST_TIME_LIMIT_MS, {
    error: 'is a duration of at most 18s, such as 10s',
  })
  .transform((text) => parseDuration(text)!);

const everySigner = { signer: z.string(), environment: z.string().min(1), connections: z.array(z.string().regex(NAME_PATTERN)) };
const passphraseFile = absolute('/abs/passphrase').optional();

const KINDS = {
  file: z.strictObject({
    ...everySigner,
    signer: z.string().regex(/^file:\//, { error: 'is file:/abs/key.pem, an absolute path' }),
    passphraseFile,
  }),
  exec: z.strictObject({
    ...everySigner,
    signer: z.string().regex(/^exec:\/[^\0]+$/, { error: 'is exec:/abs/program, an absolute path' }),
    passEnvironment: z.array(z.string().regex(/^[A-Za-z_]\w*$/, { error: 'is the name of a variable' })).default([]),
    timeLimit: duration.optional(),
  }),
  https: z.strictObject({
    ...everySigner,
    signer: z.url({ protocol: /^https$/, error: 'is https://signer.example/v1' }).refine((url) => !/[?#@]/.test(url), {
      error: 'is https://signer.example/v1, without a query and without a password',
    }),
    keyId: z.string().min(1),
    certificateFile: absolute('/abs/client.pem'),
    keyFile: absolute('/abs/client-key.pem'),
    caFile: absolute('/abs/ca.pem'),
    passphraseFile,
    timeLimit: duration.optional(),
  }),
};

const EXPECTED = 'expected {"acme-hsm":{"signer":"file:/abs/key.pem","environment":"sandbox","connections":["acme"]}}';

/** What was read of the signers is used only where nothing is wrong. */
export interface ParsedSigners {
  readonly signers: ReadonlyMap<string, NamedSigner>;
  readonly problems: readonly string[];
}

/**
 * The named signers of a file's text, or everything that is wrong with it.
 * @param env from which programs get the variables that their signer's settings name
 */
export function parseSigners(text: string, file: string, env: Environment): ParsedSigners {
  const wrong = (where: string, what: string) => `KEEPER_QSEAL_SIGNERS ${file}: ${where} ${what}; ${EXPECTED}`;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return noSigners(`KEEPER_QSEAL_SIGNERS ${file} is not JSON`);
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return noSigners(wrong('it', 'is no JSON object'));
  const problems: string[] = [];
  const signers = new Map<string, NamedSigner>();
  for (const [name, entry] of Object.entries(json)) {
    if (!NAME_PATTERN.test(name)) problems.push(wrong(JSON.stringify(name), 'is no name: a-z, 0-9 and -, at most 63'));
    const parsed = parseEntry(entry);
    if (parsed.success) signers.set(name, namedSigner(parsed.data, env));
    else problems.push(...parsed.error.issues.map(({ path, message }) => wrong([name, ...path].join('.'), message)));
  }
  return { signers, problems };
}

const noSigners = (problem: string): ParsedSigners => ({ signers: new Map(), problems: [problem] });

/** What else belongs to an entry is told by its signer: where that is of no kind, only that is wrong. */
function parseEntry(entry: unknown): z.ZodSafeParseResult<Entry> {
  const kind = /^(file|exec|https):/.exec(String((entry as { signer?: unknown } | null)?.signer))?.[1];
  if (kind !== undefined) return (KINDS[kind as keyof typeof KINDS] as z.ZodType<Entry>).safeParse(entry);
  return OF_NO_KIND.safeParse(entry) as z.ZodSafeParseError<Entry>;
}

const OF_NO_KIND = z.looseObject({ signer: KINDS.file.shape.signer });

type Entry = z.output<(typeof KINDS)[keyof typeof KINDS]>;

function namedSigner(entry: Entry, env: Environment): NamedSigner {
  const { signer, environment, connections } = entry;
  return {
    signer,
    environment,
    connections,
    ...('passphraseFile' in entry && { passphraseFile: entry.passphraseFile }),
    ...('timeLimit' in entry && { timeLimitMs: entry.timeLimit }),
    ...('passEnvironment' in entry && { variables: variablesOf(entry.passEnvironment, env) }),
    ...('keyId' in entry && { https: entry }),
  };
}

const variablesOf = (names: readonly string[], env: Environment) =>
  Object.fromEntries(names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));

type SignerValues = Partial<Record<(typeof SIGNER_SETTINGS)[number], string | undefined>>;

/** What the settings say of signers. */
export function signerSettings(values: SignerValues, env: Environment, wrong: (problem: string) => undefined): SignerSettings | undefined {
  const { KEEPER_QSEAL_SIGNERS: file, KEEPER_QSEAL_PASSPHRASE_FILE: passphrase } = values;
  const { signers, problems } = file === undefined ? { signers: new Map<string, NamedSigner>(), problems: [] } : readSigners(file, env);
  for (const problem of problems) wrong(problem);
  return problems.length > 0 ? undefined : { signers, passphraseFile: passphrase ?? null };
}

function readSigners(file: string, env: Environment): ParsedSigners {
  try {
    return parseSigners(readFileSync(file, 'utf8'), file, env);
  } catch (error) {
    return noSigners(`KEEPER_QSEAL_SIGNERS ${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`);
  }
}

/** For a command that looks at the signers alone. @throws SettingsError */
export const readSignerSettings = (env: Environment): SignerSettings =>
  readSettings(SIGNER_SETTINGS, env, (values, wrong) => signerSettings(values, env, wrong));
