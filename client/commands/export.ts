import type { Command } from 'commander';
import { awaited } from '../awaited.ts';
import { examples } from '../help.ts';
import { connectionArgument, withKeeper } from '../options.ts';
import { tell } from '../output.ts';
import { demandNewFile, writeNewFile } from '../output-file.ts';

const IS_KEPT = 'it may be the only copy of what it holds';

export function registerExport(program: Command): void {
  program
    .command('export')
    .description('hand what is kept to another program')
    .command('bunq-context')
    .description(
      "the context file that bunq's SDKs load (bunq.conf): API key, installation and the live session, in plain text; needs the sealing keys",
    )
    .argument('<name>', 'the connection (an end user’s is PROVIDER/USER)', connectionArgument)
    .option('--out <file>', 'where to: mode 0600, never over a file that exists (default: stdout)')
    .addHelpText('after', examples('bunq-keeper export bunq-context acme --out bunq.conf'))
    .action(exportBunqContext);
}

async function exportBunqContext(name: string, { out }: { out?: string }): Promise<void> {
  if (out !== undefined) demandNewFile(out, IS_KEPT);
  const { context, renewAt, ofProvider } = await withKeeper((keeper) => awaited(`Asking for ${name}`, keeper.exportBunqContext(name)));
  if (out === undefined) process.stdout.write(context.text());
  else writeNewFile(out, context.text(), IS_KEPT);
  if (out !== undefined) tell(`${out} (mode 0600) holds the API key, the private key and the session of ${name}, in plain text.`);
  if (ofProvider) tell('The private key and the installation in it are those of its provider.');
  tell(
    `The session in it is good until the keeper renews it on ${renewAt}; then export again. Let the SDK open none of its own on this installation: the bank may refuse it, or end the keeper's.`,
  );
}
