/** Vigil as its users run it: real processes with a data directory of their own, asked over the admin socket, compared with the venue's truth, and always ended. */
import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const VIGIL = join(ROOT, 'bin', 'vigil');
/** Slow machines are slow in everything; an expectation of speed has its own, named limit. */
const PATIENCE_MS = 40_000;
const LOOK_EVERY_MS = 25;
const OUTPUT_SHOWN = 6_000;
/** Compiled code is kept between the many short processes of these tests: half of what each of them costs. */
const COMPILE_CACHE = join(ROOT, 'node_modules', '.cache', 'vigil-tests');

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

// oxlint-disable-next-line typescript/no-explicit-any -- what a test looks into is what the interface promises
export type Json = any;

export interface PositionRow {
  readonly symbol: string;
  readonly side: 'LONG' | 'SHORT';
  readonly quantity: string;
  readonly entryPrice: string;
  readonly leverage: number;
  readonly stopLoss: string | null;
  readonly takeProfit: string | null;
  readonly stopOrderId: string | null;
  readonly takeProfitOrderId: string | null;
  readonly planId: string;
  readonly state: string;
}

export interface TruthOrder {
  readonly orderId: number;
  readonly clientOrderId: string;
  readonly symbol: string;
  readonly side: 'BUY' | 'SELL';
  readonly status: string;
  readonly executedQty: string;
  readonly reduceOnly: boolean;
  readonly time: number;
}

export interface TruthAlgo {
  readonly algoId: number;
  readonly clientAlgoId: string;
  readonly orderType: string;
  readonly symbol: string;
  readonly side: 'BUY' | 'SELL';
  readonly quantity: string;
  readonly triggerPrice: string;
  readonly workingType: string;
  readonly reduceOnly: boolean;
  readonly closePosition: boolean;
  readonly algoStatus: string;
  readonly actualOrderId: string;
  readonly createTime: number;
  /** When its status last changed. */
  readonly updateTime: number;
}

/** The default account as the paper exchange has it. */
export interface Truth {
  readonly walletBalance: string;
  readonly positions: readonly { readonly symbol: string; readonly positionAmt: string; readonly entryPrice: string; readonly leverage: number; readonly marginType: string }[];
  readonly openOrders: readonly TruthOrder[];
  readonly openAlgoOrders: readonly TruthAlgo[];
  readonly orders: readonly TruthOrder[];
  readonly algoOrders: readonly TruthAlgo[];
  readonly trades: readonly { readonly id: number; readonly symbol: string; readonly orderId: number; readonly side: 'BUY' | 'SELL'; readonly time: number; readonly price: string; readonly qty: string; readonly realizedPnl: string; readonly commission: string }[];
}

/** Looks until `found` answers something; what it throws meanwhile counts as "not yet" and is told at the deadline. */
export async function eventually<T>(what: string, found: () => T | undefined | false | Promise<T | undefined | false>, withinMs = PATIENCE_MS): Promise<T> {
  const deadline = performance.now() + withinMs;
  let last: unknown = 'it did not come';
  for (;;) {
    try {
      const value = await found();
      if (value !== undefined && value !== false) return value;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what} (${last instanceof Error ? last.message : String(last)})`, { cause: last });
    await moment(LOOK_EVERY_MS);
  }
}

/** A pause between two looks, and the random moment of a kill; nothing is waited for with it. */
export function moment(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** A process in a group of its own. */
export class Child {
  readonly pid: number;
  readonly exited: Promise<Exit>;
  readonly #process: ChildProcessByStdio<null, Readable, Readable>;
  readonly #command: string;
  readonly #changed = new Set<() => void>();
  stdout = '';
  stderr = '';
  exit: Exit | undefined;

  constructor(command: string, args: readonly string[], options: { readonly env?: Readonly<Record<string, string>>; readonly cwd?: string } = {}) {
    this.#command = [command, ...args].join(' ');
    // Settings of whoever runs the tests are not the tests'.
    const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(VIGIL_|TRADING_SYMBOLS$|NODE_OPTIONS$)/i.test(name)));
    this.#process = spawn(command, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'], cwd: options.cwd ?? tmpdir(), env: { ...own, NODE_COMPILE_CACHE: COMPILE_CACHE, ...options.env } });
    if (this.#process.pid === undefined) throw new Error(`${this.#command} could not be started`);
    this.pid = this.#process.pid;
    this.#process.stdout.setEncoding('utf8').on('data', (text: string) => this.#heard(() => (this.stdout += text)));
    this.#process.stderr.setEncoding('utf8').on('data', (text: string) => this.#heard(() => (this.stderr += text)));
    this.exited = new Promise((resolve) => {
      this.#process.once('exit', (code, signal) => {
        this.exit = { code, signal };
        resolve(this.exit);
        this.#heard(() => {});
      });
    });
  }

  #heard(take: () => void): void {
    take();
    for (const changed of this.#changed) changed();
  }

  kill(signal: NodeJS.Signals = 'SIGKILL'): void {
    this.#process.kill(signal);
  }

  /** To everybody in its group, as a terminal does. */
  killGroup(signal: NodeJS.Signals = 'SIGKILL'): void {
    try {
      process.kill(-this.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }

  /** `kill -9`, and gone when it returns. */
  async die(): Promise<void> {
    this.kill('SIGKILL');
    await this.exited;
  }

  /** The exit, within a limit. */
  async end(withinMs = PATIENCE_MS): Promise<Exit> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`${this.#command} has not ended within ${withinMs} ms`)), withinMs);
    });
    return Promise.race([this.exited, late]).finally(() => clearTimeout(timer));
  }

  /** Waits until the output says what `found` looks for; wakes with each piece of it. */
  heard<T>(what: string, found: (child: Child) => T | undefined, withinMs = PATIENCE_MS): Promise<T> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void) => {
        this.#changed.delete(look);
        clearTimeout(timer);
        act();
      };
      const look = () => {
        const value = found(this);
        if (value !== undefined) settle(() => resolve(value));
        else if (this.exit !== undefined) settle(() => reject(new Error(`${this.#command} ended (${JSON.stringify(this.exit)}) without: ${what}`)));
      };
      const timer = setTimeout(() => settle(() => reject(new Error(`not within ${withinMs} ms: ${what}`))), withinMs);
      this.#changed.add(look);
      look();
    });
  }

  /** The JSON lines of its log so far. */
  get log(): readonly Json[] {
    return this.stdout.split('\n').flatMap((line): Json[] => {
      if (!line.startsWith('{')) return [];
      try {
        return [JSON.parse(line)];
      } catch {
        // The last line may be half there.
        return [];
      }
    });
  }

  get said(): string {
    const clip = (text: string) => (text.length > OUTPUT_SHOWN ? `…${text.slice(-OUTPUT_SHOWN)}` : text);
    return `--- ${this.#command} (pid ${this.pid}, ${this.exit === undefined ? 'running' : JSON.stringify(this.exit)})\n${clip(this.stdout)}${this.stderr === '' ? '' : `\n--- its stderr\n${clip(this.stderr)}`}`;
  }
}

interface Reply {
  readonly status: number;
  readonly json: Json;
}

function exchange(to: { readonly socketPath: string } | { readonly host: string; readonly port: number }, method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const call = request({ ...to, method, path, agent: false, timeout: 10_000, headers: { host: 'vigil', ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers } }, (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.on('error', reject);
      answer.on('end', () => {
        const text = Buffer.concat(parts).toString();
        try {
          resolve({ status: answer.statusCode ?? 0, json: JSON.parse(text) });
        } catch (cause) {
          reject(new Error(`${method} ${path} answered ${answer.statusCode}: ${text.slice(0, 300)}`, { cause }));
        }
      });
    });
    call.on('timeout', () => call.destroy(new Error(`${method} ${path}: no answer`)));
    call.on('error', reject);
    call.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** The service, asked over the socket in its data directory. */
export class Service {
  readonly process: Child;
  readonly dataDir: string;

  constructor(child: Child, dataDir: string) {
    this.process = child;
    this.dataDir = dataDir;
  }

  async get(path: string): Promise<Json> {
    return (await exchange({ socketPath: join(this.dataDir, 'vigil.sock') }, 'GET', path)).json;
  }

  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Reply> {
    return exchange({ socketPath: join(this.dataDir, 'vigil.sock') }, 'POST', path, body, headers);
  }

  delete(path: string): Promise<Reply> {
    return exchange({ socketPath: join(this.dataDir, 'vigil.sock') }, 'DELETE', path);
  }

  positions(): Promise<readonly PositionRow[]> {
    return this.get('/v1/positions') as Promise<readonly PositionRow[]>;
  }

  /** One actor, by its role path as people write it (ruling 34). */
  actor(path: string): Promise<Json> {
    return this.get(`/v1/actors/${path.split('/').map(encodeURIComponent).join('/')}`);
  }

  async killActor(path: string): Promise<number> {
    const { status, json } = await this.post(`/v1/actors/${path.split('/').map(encodeURIComponent).join('/')}/kill`, { reason: 'test' });
    if (status !== 202) throw new Error(`kill ${path} was answered ${status}: ${JSON.stringify(json)}`);
    return (json as { incarnation: number }).incarnation;
  }

  answers(withinMs?: number): Promise<Json> {
    return eventually('the admin socket answers', () => {
      if (this.process.exit !== undefined) throw new Error(`the service ended: ${JSON.stringify(this.process.exit)}`);
      return this.get('/v1/health');
    }, withinMs);
  }

  /** Health `ok`, nothing in doubt. */
  well(withinMs?: number): Promise<Json> {
    return eventually('health is ok', async () => {
      const health = await this.get('/v1/health');
      if (health.status !== 'ok') throw new Error(JSON.stringify(health.checks?.filter((check: Json) => check.status !== 'ok')));
      return health;
    }, withinMs);
  }

  /** The positions once all of them are protected and the symbols are exactly these, or at least so many. */
  protectedOnes(expected: number | readonly string[], withinMs?: number): Promise<readonly PositionRow[]> {
    return eventually(`protected: ${String(expected)}`, async () => {
      const rows = await this.positions();
      const enough = typeof expected === 'number' ? rows.length >= expected : [...expected].toSorted().join() === rows.map((row) => row.symbol).toSorted().join();
      if (enough && rows.every((row) => row.state === 'Protected' && row.stopOrderId !== null && row.takeProfitOrderId !== null)) return rows;
      throw new Error(`there is ${rows.map((row) => `${row.symbol} ${row.state}`).join(', ') || 'nothing'}`);
    }, withinMs);
  }

  /** A signal, and the exit that follows. */
  async stop(signal: NodeJS.Signals = 'SIGTERM', withinMs?: number): Promise<Exit> {
    this.process.kill(signal);
    return this.process.end(withinMs);
  }
}

/** The paper exchange as a process of its own (ruling 31), with its control. */
export class Paper {
  readonly url: string;
  readonly process: Child | undefined;

  constructor(url: string, child?: Child) {
    this.url = url;
    this.process = child;
  }

  async #call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Json> {
    const { hostname, port, host } = new URL(this.url);
    const { status, json } = await exchange({ host: hostname, port: Number(port) }, method, path, body, { host, ...headers });
    if (status !== 200) throw new Error(`${method} ${path} was answered ${status}: ${JSON.stringify(json)}`);
    return json;
  }

  async truth(): Promise<Truth> {
    const { accounts } = await this.#call('GET', '/paper/v1/truth');
    return accounts.find((one: { apiKey: string }) => one.apiKey === 'paper') as Truth;
  }

  async fault(method: string, path: string, action: string, more: { readonly times?: number; readonly delayMs?: number } = {}): Promise<void> {
    await this.#call('POST', '/paper/v1/faults', { match: { method, path }, action, ...more });
  }

  /** The faults still in force, with how often each has struck. */
  async faults(): Promise<readonly { readonly action: string; readonly used: number }[]> {
    return (await this.#call('GET', '/paper/v1/faults')).faults;
  }

  async heal(): Promise<void> {
    await this.#call('DELETE', '/paper/v1/faults');
  }

  async price(symbol: string, price: string): Promise<void> {
    await this.#call('POST', '/paper/v1/price', { symbol, price });
  }

  /** Any other endpoint of its control: `clock`, `streams`, `stops/drop`, … */
  control(method: string, name: string, body?: unknown): Promise<Json> {
    return this.#call(method, `/paper/v1/${name}`, body);
  }

  /** A public question over the Binance wire. */
  ask(path: string, query: Record<string, string>): Promise<Json> {
    return this.#call('GET', `${path}?${new URLSearchParams(query).toString()}`);
  }

  /** Somebody else with the same key: a signed request, made by hand. */
  signed(method: string, path: string, params: Readonly<Record<string, string>>): Promise<Json> {
    const query = new URLSearchParams({ ...params, timestamp: String(Date.now()) }).toString();
    const signature = createHmac('sha256', 'paper').update(query).digest('hex');
    return this.#call(method, `${path}?${query}&signature=${signature}`, undefined, { 'x-mbx-apikey': 'paper' });
  }
}

/** The paper exchange that the service has started for itself. */
export async function ownPaper(service: Service): Promise<Paper> {
  const { state } = await service.actor('paper');
  return new Paper(state.url as string);
}

export interface ServiceOptions {
  readonly dataDir?: string;
  readonly paper?: Paper;
  readonly sets?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly launcher?: boolean;
}

/** Everything a test starts, under one temporary directory: what is left of it is found by that name, and ended. */
export class Sandbox {
  readonly #children: Child[] = [];
  #dir: string | undefined;
  #directories = 0;

  readonly #killAll = (): void => {
    for (const child of this.#children) if (child.exit === undefined) child.killGroup();
    for (const pid of this.processes()) kill(pid);
  };

  /** Made when it is first needed: tests that are left out leave nothing. */
  get dir(): string {
    if (this.#dir === undefined) {
      this.#dir = mkdtempSync(join(tmpdir(), 'vigil-job-'));
      // Should the test process itself be ended before its hooks have run.
      process.once('exit', this.#killAll);
    }
    return this.#dir;
  }

  newDir(): string {
    return join(this.dir, `d${++this.#directories}`);
  }

  run(command: string, args: readonly string[], options?: ConstructorParameters<typeof Child>[2]): Child {
    const child = new Child(command, args, options);
    this.#children.push(child);
    return child;
  }

  vigil(args: readonly string[], options?: ConstructorParameters<typeof Child>[2]): Child {
    return this.run(VIGIL, args, options);
  }

  /** Starts the service; it may not answer yet. */
  service(options: ServiceOptions = {}): Service {
    const { dataDir = this.newDir(), paper, sets = [], args = [], env, launcher = false } = options;
    const settings = ['log.format=json', 'operator.http.listen=off', ...(paper === undefined ? [] : [`venue.paper.url=${paper.url}`]), ...sets];
    const child = this.vigil(['start', ...(launcher ? [] : ['--no-launcher']), '--data-dir', dataDir, ...settings.flatMap((set) => ['--set', set]), ...args], env === undefined ? {} : { env });
    return new Service(child, dataDir);
  }

  /** A paper exchange that outlives whatever is killed around it. Its directory is in its command line, so that it is found if it is left. */
  async paper(args: readonly string[] = []): Promise<Paper> {
    const child = this.vigil(['paper', '--listen', '127.0.0.1:0', '--state', this.newDir(), ...args]);
    const url = await child.heard('its address', ({ stdout, stderr }) => /Paper exchange on (?<url>http:\S+)/.exec(stdout + stderr)?.groups?.['url']);
    return new Paper(url, child);
  }

  /** Pids, zombies too, of processes that were started for this sandbox: its directory is in their command lines. */
  processes(): readonly number[] {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .filter((pid) => pid !== process.pid && readProc(pid, 'cmdline').includes(this.dir));
  }

  report(): string {
    return this.#children.map((child) => child.said).join('\n');
  }

  /** Ends everything, and says what would not go by itself. */
  async close(): Promise<void> {
    if (this.#dir === undefined) return;
    for (const child of this.#children) if (child.exit === undefined) child.killGroup();
    await Promise.all(this.#children.map((child) => child.exited));
    const left = await eventually('children of killed processes are gone', () => this.processes().length === 0, 10_000).then(
      () => [],
      () => this.processes(),
    );
    for (const pid of left) kill(pid);
    process.off('exit', this.#killAll);
    rmSync(this.#dir, { recursive: true, force: true });
    if (left.length > 0) throw new Error(`left running after everything was killed: ${left.join(', ')}`);
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It went by itself in between.
  }
}

function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

/** Whether the process is there and not a zombie. */
export function isAlive(pid: number): boolean {
  const state = /\) (?<state>\S)/.exec(readProc(pid, 'stat'))?.groups?.['state'];
  return state !== undefined && state !== 'Z';
}

/** A sandbox for the tests of a `describe`: closed after them; what its processes said is shown with each failure. */
export function useSandbox(): Sandbox {
  const box = new Sandbox();
  afterEach(function () {
    if (this.currentTest?.state === 'failed') process.stderr.write(`${this.currentTest.fullTitle()}\n${box.report()}\n`);
  });
  after(function () {
    this.timeout(30_000);
    return box.close();
  });
  return box;
}
