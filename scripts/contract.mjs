/**
 * Tries what clients depend on in the bank, and shows where it is otherwise: at a simulator, or at bunq's sandbox.
 *
 *     node scripts/contract.mjs              (`npm run contract`)
 *     node scripts/contract.mjs --sandbox    (`npm run contract -- --sandbox`)
 *     node scripts/contract.mjs --help
 */
import { register } from 'node:module';
import { installDependencies } from './dependencies.mjs';

installDependencies();
register('../test/simulator/typescript-loader.mjs', import.meta.url);
const { contract } = await import('../test/contract/command.ts');

const interrupted = new AbortController();
process.once('SIGINT', () => interrupted.abort()); // once: whoever will not wait for the clearing away says so again

process.exitCode = await contract(process.argv.slice(2), {
  print: (text) => process.stdout.write(text),
  tell: (line) => console.error(line),
  signal: interrupted.signal,
});
