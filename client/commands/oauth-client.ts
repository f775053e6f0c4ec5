import type { Command } from 'commander';
import { awaited } from '../awaited.ts';
import { KeeperError } from '../errors.ts';
import { examples } from '../help.ts';
import { jsonOption, providerArgument, withKeeper } from '../options.ts';
import { print, printJson } from '../output.ts';
import { table } from '../table.ts';

export function registerOAuthClient(program: Command): void {
  program
    .command('oauth-client')
    .description('client id and callback URLs; the client secret only with --reveal')
    .argument('<name>', 'the connection', providerArgument('the OAuth client is its provider’s.'))
    .option('--reveal', 'open the client secret (needs the sealing keys)')
    .addOption(jsonOption())
    .addHelpText('after', examples('bunq-keeper oauth-client acme', 'bunq-keeper oauth-client acme --reveal --json | jq -r .clientSecret'))
    .action(async (name: string, { reveal, json }: { reveal?: boolean; json?: boolean }) =>
      withKeeper(async (keeper) => {
        const client = await awaited(`Asking for ${name}`, keeper.oauthClient(name));
        if (!client) throw new KeeperError(`${name} has no OAuth client yet: bunq-keeper status ${name}`);
        const secret = reveal ? (await keeper.revealClientSecret(name)).text() : undefined;
        if (json) return printJson({ schema: 1, name, ...client, ...(secret !== undefined && { clientSecret: secret }) });
        const rows = [
          ['OAuth client', String(client.id)],
          ['client id', client.clientId ?? 'not read yet'],
          ...client.callbackUrls.map((url) => ['callback URL', url]),
        ];
        print(table(secret === undefined ? rows : [...rows, ['client secret', secret]]));
      }),
    );
}
