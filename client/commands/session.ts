import type { Command } from 'commander';
import { NoSessionError } from '../errors.ts';
import { connectionArgument, jsonOption, withKeeper } from '../options.ts';
import { print, printJson, table } from '../output.ts';

export function registerSession(program: Command): void {
  program
    .command('session')
    .description('the live session; with --reveal its token alone: TOKEN=$(bunq-keeper session acme --reveal)')
    .argument('<name>', 'the connection (an end user’s is PROVIDER/USER)', connectionArgument)
    .option('--reveal', 'open the token (needs the sealing keys)')
    .addOption(jsonOption())
    .action(async (name: string, { reveal, json }: { reveal?: boolean; json?: boolean }) =>
      withKeeper(async (keeper) => {
        const live = reveal ? await keeper.revealSession(name) : await keeper.session(name);
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
