/** How a command ends. */
export const EXIT = { done: 0, failed: 1, usage: 2, waitsForPerson: 3, notDoneInTime: 4 } as const;

/** A sentence for a person, with the remedy; the exit code says which kind it is. */
export class KeeperError extends Error {
  override readonly name: string = 'KeeperError';
  readonly exitCode: number;

  constructor(message: string, exitCode: number = EXIT.failed) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** There is no connection of that name in the environment. */
export class UnknownConnectionError extends KeeperError {
  override readonly name = 'UnknownConnectionError';
  readonly connection: string;

  /** @param near names that were perhaps meant */
  constructor(connection: string, environment: string, near: readonly string[] = []) {
    const question = near.length > 0 ? ` Did you mean ${near.join(' or ')}?` : '';
    super(`There is no connection ${connection} in ${environment}.${question} Those that are there: bunq-keeper list`);
    this.connection = connection;
  }
}

/** Its workflow was closed, by whatever. */
export class NotRunningError extends KeeperError {
  override readonly name = 'NotRunningError';

  constructor(connection: string) {
    super(`${connection} is no longer running: bunq-keeper status ${connection}`);
  }
}

/** The connection has no valid session, or none yet. */
export class NoSessionError extends KeeperError {
  override readonly name = 'NoSessionError';

  constructor(connection: string) {
    super(`${connection} has no valid session at this moment: bunq-keeper status ${connection}`);
  }
}

/** What was given cannot be used: nothing was done. */
export class UsageError extends KeeperError {
  override readonly name: string = 'UsageError';

  constructor(message: string) {
    super(message, EXIT.usage);
  }
}
