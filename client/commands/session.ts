import type { Command } from 'commander';
import type { SessionView } from '../../workflows/messages.ts';
import { awaited } from '../awaited.ts';
import { NoSessionError } from '../errors.ts';
import { examples } from '../help.ts';
import type { RevealedSession } from '../keeper.ts';
import { connectionArgument, jsonOption, withKeeper } from '../options.ts';
import { print, printJson } from '../output.ts';
import { table } from '../table.ts';

export function registerSession(program: Command): void {
  program
    .command('session')
    .description('the live session; with --reveal its token alone')
    .argument('<name>', 'the connection (an end user’s is PROVIDER/USER)', connectionArgument)
    .option('--reveal', 'open the token (needs the sealing keys)')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'bunq-keeper session acme',
        'TOKEN=$(bunq-keeper session acme --reveal)',
        'bunq-keeper session acme/alice --json | jq -r .expiresAt',
      ),
    )
    .action(async (name: string, { reveal, json }: { reveal?: boolean; json?: boolean }) =>
      withKeeper(async (keeper) => {
        const asked: Promise<RevealedSession | SessionView | null> = reveal ? keeper.revealSession(name) : keeper.session(name);
        const live = await awaited(`Asking for ${name}`, asked);
        if (!live) throw new NoSessionError(name);
        const { sessionId, user, openedAt, expiresAt, renewAt } = live;
        const token = 'token' in live ? live.token.text() : undefined;
        if (json)
          printJson({ schema: 1, name, sessionId, openedAt, expiresAt, renewAt, userId: user.id, ...(token !== undefined && { token }) });
        else if (token !== undefined) print(token);
        else
          print(
            table([
              ['session', String(sessionId)],
              ['user', `${user.kind} ${user.id}`],
              ['opened', openedAt],
              ['renewed on', renewAt],
              ['expires', expiresAt],
            ]),
          );
      }),
    );
}
