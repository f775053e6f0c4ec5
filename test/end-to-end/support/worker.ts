import { NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import { atEnd } from '../../support/at-end.ts';

/** A worker in the test's own process; it ends with the test file. */
export async function runWorker(address: string, options: Omit<WorkerOptions, 'connection'>): Promise<void> {
  const connection = await NativeConnection.connect({ address });
  const worker = await Worker.create({ shutdownGraceTime: '1s', ...options, connection });
  const running = worker.run();
  atEnd(async () => {
    worker.shutdown();
    await running;
    await connection.close();
  });
}
