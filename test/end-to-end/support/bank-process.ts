import type { Fault, FaultOptions, IssuedSecret, LoggedRequest, Settings, SimulatorState } from '../../../simulator/index.ts';
import { type KeeperProcess, startKeeper } from '../../support/process.ts';

/** The simulated bank as a process of its own, looked at by its management port. */
export class BankProcess {
  readonly apiUrl: string;
  readonly #manageUrl: string;
  readonly #args: readonly string[];
  /** What runs now, and what ran before a kill. */
  readonly processes: KeeperProcess[];

  private constructor(process: KeeperProcess, urls: { apiUrl: string; manageUrl: string }, args: readonly string[]) {
    this.processes = [process];
    this.apiUrl = urls.apiUrl;
    this.#manageUrl = urls.manageUrl;
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

  state = (): Promise<SimulatorState> => this.#manage('GET', 'state');
  secrets = async (): Promise<IssuedSecret[]> => (await this.#manage<{ secrets: IssuedSecret[] }>('GET', 'secrets')).secrets;
  requests = async (): Promise<LoggedRequest[]> => (await this.#manage<{ requests: LoggedRequest[] }>('GET', 'requests')).requests;
  faults = async (): Promise<Fault[]> => (await this.#manage<{ faults: Fault[] }>('GET', 'faults')).faults;
  release = (): Promise<unknown> => this.#manage('POST', 'faults/release');
  fault = (fault: FaultOptions): Promise<unknown> => this.#manage('POST', 'faults', fault);
  changeSettings = (change: Partial<Settings>): Promise<unknown> => this.#manage('PATCH', 'settings', change);

  async #manage<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
    const answer = await fetch(new URL(path, this.#manageUrl), { method, ...(body !== undefined && { body: JSON.stringify(body) }) });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as Answer;
  }
}
