import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { shownText } from './shown-text.ts';
import { unavailable } from './signer.ts';

export interface ProgramRun {
  readonly program: string;
  readonly argument: string;
  /** On stdin. */
  readonly input: string;
  /** All of its environment. */
  readonly variables: Readonly<Record<string, string>>;
  readonly timeLimitMs: number;
}

/** A signature of a key of 16,384 bits in base64 has 2,732. */
const MOST_PRINTED_BYTES = 8192;
const MOST_SAID = 4096;
/** What was printed before the end arrives within this, even when somebody else still holds the pipe. */
const GRACE_MS = 250;

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/**
 * Runs a program without a shell, in a process group of its own of which nothing is left when this ends, and answers what it printed.
 * @throws SignerError `SIGNER_UNAVAILABLE` with the end of its stderr, without the values of its environment
 */
export async function runProgram(run: ProgramRun): Promise<string> {
  const { program, argument, input, variables, timeLimitMs } = run;
  const failed = (why: string) => unavailable(`${program} ${argument} ${why}`);
  let child: Child;
  try {
    child = spawn(program, [argument], { cwd: '/', env: { ...variables }, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
  } catch (error) {
    throw failed(cannotRun(error));
  }
  const printed = new Printed(child.stdout);
  const said = new Said(child.stderr);
  child.stdin.on('error', () => {}); // it need not read
  child.stdin.end(input);
  const end = await ended(child, timeLimitMs, printed);
  const text = printed.text();
  if (end === 0 && text.trim() !== '') return text;
  const saying = shownText(said.text(), Object.values(variables));
  throw failed(`${end === 0 ? 'printed nothing' : end}${saying ? `: ${saying}` : ''}`);
}

/** 0, or what else it came to. */
function ended(child: Child, timeLimitMs: number, printed: Printed): Promise<0 | string> {
  return new Promise((resolve) => {
    let outcome: 0 | string | null = null;
    let grace: NodeJS.Timeout | undefined;
    const finish = () => {
      clearTimeout(timer);
      clearTimeout(grace);
      for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
      resolve(outcome ?? 'ended without an exit code');
    };
    /** Children that it left behind end with it; whoever has left the group loses its pipes. */
    const leave = (how: 0 | string) => {
      outcome ??= how;
      killGroup(child);
      grace ??= setTimeout(finish, GRACE_MS);
    };
    const timer = setTimeout(() => leave(`gave no answer within ${timeLimitMs / 1000} s`), timeLimitMs);
    printed.onTooMuch = () => leave(`printed more than ${MOST_PRINTED_BYTES} bytes`);
    child.once('error', (error) => leave(cannotRun(error)));
    child.once('exit', (code, signal) => leave(code === 0 ? 0 : code === null ? `was ended by ${signal}` : `ended with exit code ${code}`));
    child.once('close', finish);
  });
}

function killGroup({ pid }: Child): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // there is nobody left in it
  }
}

const cannotRun = (error: unknown) => `cannot be run (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`;

class Printed {
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  onTooMuch = () => {};

  constructor(stream: Readable) {
    stream.on('error', () => {});
    stream.on('data', (chunk: Buffer) => {
      this.#bytes += chunk.length;
      if (this.#bytes > MOST_PRINTED_BYTES) this.onTooMuch();
      else this.#chunks.push(chunk);
    });
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString('utf8');
  }
}

/** The end of what it said, however much that was. */
class Said {
  #end = '';

  constructor(stream: Readable) {
    const decoder = new StringDecoder('utf8');
    stream.on('error', () => {});
    stream.on('data', (chunk: Buffer) => {
      this.#end = (this.#end + decoder.write(chunk)).slice(-MOST_SAID);
    });
  }

  text(): string {
    return this.#end;
  }
}
