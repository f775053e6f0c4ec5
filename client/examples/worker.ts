// A worker in a process of one's own: it ends at SIGTERM, when the tasks in hand are finished.
import { readWorkerSettings, runWorker, SettingsError } from 'bunq-keeper/worker';

try {
  await runWorker(readWorkerSettings(process.env));
} catch (error) {
  if (!(error instanceof SettingsError)) throw error;
  console.error(error.message); // everything that is wrong, each a line
  process.exitCode = 2;
}
