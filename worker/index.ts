/** `bunq-keeper/worker`: to run the keeper's worker in a process of one's own. */

export { SettingsError } from '../settings/read.ts';
export { runWorker } from './run.ts';
export { readWorkerSettings, type WorkerSettings } from './settings.ts';
