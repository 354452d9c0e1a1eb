/** The `binance` SDK on a paper exchange whose timers stand until the test moves them: what comes first is decided by the test, never by the speed of a machine. */
import { readFileSync } from 'node:fs';
import { USDMClient, WebsocketClient } from 'binance';
import { startPaperExchange } from '../../../src/paper/exchange.ts';
import { NO_LIMITS } from '../../../src/paper/wire/rate-limits.ts';
import type { Clock, TimerHandle } from '../../../src/supervision/clock.ts';
import { VirtualClock } from '../../kit/virtual-clock.ts';
import { closeSdk } from '../../paper/kit.ts';

export type Row = Record<string, unknown>;

/** Wall time is the real one, as clients sign with theirs; timers wait for `advance`. */
class HeldTimers implements Clock {
  readonly #timers = new VirtualClock();

  now(): number {
    return Date.now();
  }

  monotonic(): number {
    return this.#timers.monotonic();
  }

  after(delayMs: number, run: () => void): TimerHandle {
    return this.#timers.after(delayMs, run);
  }

  advance(ms: number): void {
    this.#timers.advance(ms);
  }
}

const KEYS = { api_key: 'paper', api_secret: 'paper' };
const quiet = { trace() {}, info() {}, error() {} };
/** Of a client that is to give up; nothing it waits for ever comes. */
export const SHORT_TIMEOUT_MS = 250;

/** What a call came to. */
export type Outcome = { readonly answer: Row } | { readonly thrown: Row };

export function outcomeOf(call: Promise<unknown>): Promise<Outcome> {
  return call.then(
    (answer) => ({ answer: answer as Row }),
    (thrown: unknown) => ({ thrown: thrown as Row }),
  );
}

/** One thing that the SDK's socket told, in its order. */
export interface Told {
  readonly event: 'open' | 'reconnecting' | 'reconnected' | 'close' | 'exception' | 'message';
  /** `private`, `market` or `public`. */
  readonly route: string;
  readonly message: Row;
}

/** The SDK's socket and all it told. */
export class SdkStreams {
  readonly told: Told[] = [];
  readonly socket: WebsocketClient;
  readonly #waiting = new Set<() => void>();

  constructor(url: string) {
    this.socket = new WebsocketClient({ ...KEYS, beautify: false, wsUrl: url.replace('http', 'ws'), restOptions: { baseUrl: url }, requestOptions: { timeout: 8_000 }, reconnectTimeout: 20 }, quiet);
    for (const event of ['open', 'reconnecting', 'reconnected', 'close', 'exception', 'message'] as const) {
      this.socket.on(event as 'message', (data) => this.#hear(event, data as unknown as Row));
    }
  }

  #hear(event: Told['event'], data: Row): void {
    const route = /usdm(Private|Market|Public)/.exec(String(data['wsKey']))?.[1]?.toLowerCase() ?? '';
    this.told.push({ event, route, message: (data['data'] ?? data) as Row });
    for (const wake of this.#waiting) wake();
  }

  /** The first from `from` on, told or to be told. */
  async until(matches: (told: Told) => boolean, from = 0): Promise<Told> {
    for (;;) {
      const found = this.told.slice(from).find(matches);
      if (found) return found;
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#waiting.delete(wake);
          resolve();
        };
        this.#waiting.add(wake);
      });
    }
  }

  async openUser(): Promise<void> {
    await this.socket.subscribeUsdFuturesUserDataStream();
    await this.until(({ event, route }) => event === 'open' && route === 'private');
  }

  /** What came as data, from `from` on, of these types. */
  messages(types: readonly string[], from = 0): Row[] {
    return this.told.slice(from).flatMap(({ event, message }) => (event === 'message' && types.includes(String(message['e'])) ? [message] : []));
  }

  close(): void {
    closeSdk(this.socket);
  }
}

export class SdkOnPaper {
  readonly url: string;
  readonly rest: USDMClient;
  readonly logs: Row[];
  readonly #clock: HeldTimers;
  readonly #close: () => Promise<void>;

  private constructor(url: string, clock: HeldTimers, logs: Row[], close: () => Promise<void>) {
    this.url = url;
    this.#clock = clock;
    this.logs = logs;
    this.#close = close;
    this.rest = this.client(8_000);
  }

  static async start(): Promise<SdkOnPaper> {
    const clock = new HeldTimers();
    const logs: Row[] = [];
    const exchange = await startPaperExchange({ host: '127.0.0.1', port: 0, seed: 1, balance: '10000', limits: NO_LIMITS, clock, log: (level, fields, msg) => void logs.push({ ...fields, level, msg }) });
    return new SdkOnPaper(exchange.url, clock, logs, () => exchange.close());
  }

  client(timeoutMs: number, keys = KEYS): USDMClient {
    return new USDMClient({ ...keys, baseUrl: this.url, recvWindow: 5_000, disableTimeSync: true, filterUndefinedParams: true, beautifyResponses: false }, { timeout: timeoutMs });
  }

  streams(): SdkStreams {
    return new SdkStreams(this.url);
  }

  /** Moves the exchange's timers. */
  advance(ms: number): void {
    this.#clock.advance(ms);
  }

  async control(method: string, path: string, body?: Row): Promise<Row> {
    const response = await fetch(`${this.url}/paper/v1/${path}`, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const json = (await response.json()) as Row;
    if (!response.ok) throw new Error(JSON.stringify(json));
    return json;
  }

  /** Returns once every fault of REST was used as often as it was to be. */
  async used(): Promise<void> {
    while (((await this.control('GET', 'faults'))['faults'] as unknown[]).length > 0);
  }

  /** What the truth says of the first account. */
  async truth(): Promise<Row> {
    return ((await this.control('GET', 'truth'))['accounts'] as Row[])[0]!;
  }

  /** Whether an order of this id was carried out or rests. */
  async knows(clientOrderId: string): Promise<boolean> {
    return ((await this.truth())['orders'] as Row[]).some((order) => order['clientOrderId'] === clientOrderId);
  }

  close(): Promise<void> {
    return this.#close();
  }
}

/** The first column of the table below a heading of the page on the paper exchange. */
export function documentedFaults(heading: string): string[] {
  const page = readFileSync(new URL('../../../docs/paper-exchange.md', import.meta.url), 'utf8');
  const [, section = ''] = page.split(`\n### ${heading}\n`, 2);
  const rows = (section.split('\n#', 1)[0] ?? '').split('\n').filter((line) => line.startsWith('| '));
  return rows.slice(1).map((line) => line.split(' | ')[0]!.replace('| ', ''));
}
