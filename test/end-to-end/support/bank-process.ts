import { manageSimulator, type RemoteManagement } from '../../../simulator/index.ts';
import { type KeeperProcess, startKeeper } from '../../support/process.ts';

/** The simulated bank as a process of its own, looked at by its management port. */
export class BankProcess {
  readonly apiUrl: string;
  /** All that may be done to it. */
  readonly management: RemoteManagement;
  readonly #args: readonly string[];
  /** What runs now, and what ran before a kill. */
  readonly processes: KeeperProcess[];

  private constructor(process: KeeperProcess, urls: { apiUrl: string; manageUrl: string }, args: readonly string[]) {
    this.processes = [process];
    this.apiUrl = urls.apiUrl;
    this.management = manageSimulator(urls.manageUrl);
    const [port, managePort] = [urls.apiUrl, urls.manageUrl].map((url) => new URL(url).port);
    this.#args = ['simulator', '--json', '--port', port!, '--manage-port', managePort!, ...args];
  }

  /** @param args options of `bunq-keeper simulator` */
  static async start(...args: string[]): Promise<BankProcess> {
    const process = startKeeper(['simulator', '--json', '--port', '0', '--manage-port', '0', ...args]);
    const [line] = await process.waitForLine(/^\{"schema":1,"apiUrl".*\}$/);
    return new BankProcess(process, JSON.parse(line) as { apiUrl: string; manageUrl: string }, args);
  }

  async kill(): Promise<void> {
    await this.processes.at(-1)!.kill();
  }

  /** After `kill`, at the same address. */
  async restart(): Promise<void> {
    const process = startKeeper(this.#args);
    this.processes.push(process);
    await process.waitForLine(/^\{"schema":1,"apiUrl".*\}$/);
  }

  state = () => this.management.state();
  secrets = () => this.management.secrets();
  requests = () => this.management.requests();
  faults = () => this.management.faults();
  release = () => this.management.releaseFaults();
  fault: RemoteManagement['fault'] = (options) => this.management.fault(options);
  changeSettings: RemoteManagement['changeSettings'] = (change) => this.management.changeSettings(change);
}
