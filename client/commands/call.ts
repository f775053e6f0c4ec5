import type { Command } from 'commander';
import { awaited } from '../awaited.ts';
import { checkBankCall } from '../bank-calls.ts';
import { EXIT, KeeperError, UsageError } from '../errors.ts';
import { examples } from '../help.ts';
import { readInput } from '../input.ts';
import type { Keeper } from '../keeper.ts';
import type { KnownStatus } from '../known-status.ts';
import { connectionArgument, jsonOption, noWaitOption, timeoutOption, type WaitOptions, withKeeper } from '../options.ts';
import { needsPerson, tellAction } from '../outcome.ts';
import { complain, printJson } from '../output.ts';
import { waitFor } from '../wait.ts';

interface Options extends WaitOptions {
  data?: string;
}

interface Call {
  method: string;
  path: string;
  body?: string;
}

export function registerCall(program: Command): void {
  program
    .command('call')
    .summary('one signed and verified bank call on the live session')
    .description("one signed and verified bank call on the live session; prints the bank's body as it came")
    .argument('<name>', 'the connection (an end user’s is PROVIDER/USER)', connectionArgument)
    .argument('<method>', 'GET, POST, PUT or DELETE')
    .argument('<path>', '/user/{userId}/monetary-account?count=10; {userId} is filled in')
    .option('--data <json>', 'the body of a POST or PUT: JSON, @FILE, or - for stdin; {} by default')
    .addOption(noWaitOption())
    .addOption(timeoutOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        "bunq-keeper call acme GET '/user/{userId}/monetary-account?count=10'",
        "bunq-keeper call acme/alice GET '/user/{userId}' | jq '.Response[0]'",
        `bunq-keeper call acme POST '/user/{userId}/note-text' --data '{"content":"paid"}'`,
        "bunq-keeper call acme PUT '/user/{userId}' --data @body.json --json",
      ),
    )
    .action(async (name: string, method: string, path: string, options: Options) => {
      const call = readCall(method, path, options.data);
      await withKeeper((keeper) => callBank(keeper, name, call, options));
    });
}

/** @throws UsageError, before anything connects */
export function readCall(method: string, path: string, data: string | undefined): Call {
  const upper = method.toUpperCase();
  const hasBody = upper === 'POST' || upper === 'PUT';
  checkBankCall({ method: upper, path });
  if (!hasBody && data !== undefined) throw new UsageError(`--data belongs to POST and PUT: ${upper} has no body.`);
  return { method: upper, path, ...(hasBody && { body: data === undefined ? '{}' : readData(data) }) };
}

function readData(data: string): string {
  const text = isText(data) ? data : readInput(data.replace(/^@/, ''), '--data');
  try {
    JSON.parse(text);
    return text;
  } catch {
    throw new UsageError(`${isText(data) ? '--data' : `--data ${data}`} is not JSON. Give it as '{"a":1}', @FILE, or - for stdin.`);
  }
}

const isText = (data: string) => data !== '-' && !data.startsWith('@');

async function callBank(keeper: Keeper, name: string, call: Call, { wait, timeout, json }: Options): Promise<void> {
  const { path, ...init } = call;
  await keeper.checkPermitted(name, call);
  if (wait && !(await sessionIsThere(keeper, name, timeout))) return;
  const answer = await awaited('Asking the bank', keeper.fetch(name, path, init));
  const bytes = Buffer.from(await answer.arrayBuffer());
  const responseId = answer.headers.get('x-bunq-client-response-id');
  if (json) printJson({ schema: 1, status: answer.status, responseId, body: parsed(bytes) });
  else await written(bytes);
  if (answer.ok) return;
  complain(`The bank answered HTTP ${answer.status} (response ${responseId ?? 'none'}).`);
  process.exitCode = EXIT.failed;
}

/** False, with the exit code set, when a person is needed for a session. */
async function sessionIsThere(keeper: Keeper, name: string, timeoutMs: number): Promise<boolean> {
  const until = (status: KnownStatus) => hasSession(status) || isStuck(status);
  const status = await awaited(`Waiting for a session of ${name}`, waitFor(keeper, name, { until, timeoutMs }));
  if (hasSession(status)) return true;
  if (!needsPerson(status))
    throw new KeeperError(`${name} has no session and is ${status.closed ?? status.state}: bunq-keeper status ${name}`);
  process.exitCode = tellAction(status);
  return false;
}

/** One that was only published may be over. */
const hasSession = ({ session, worker }: KnownStatus) => session !== null && worker !== false;

const isStuck = (status: KnownStatus) => needsPerson(status) || status.state === 'DISCONNECTED' || status.closed !== undefined;

/** JSON where it is; the text of what is not. */
function parsed(bytes: Buffer): unknown {
  const text = bytes.toString();
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** To the last byte, also into a pipe. */
const written = (bytes: Buffer) => new Promise<void>((resolve) => process.stdout.write(bytes, () => resolve()));
