/** Real Redis servers for tests: each with its own directory and port, started, hurt and ended by the test. */
import { Redis } from 'ioredis';
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const PROGRAM = 'redis-server';

export interface RedisSettings {
  /** Default: yes, and always. */
  readonly appendonly?: 'yes' | 'no';
  readonly appendfsync?: 'always' | 'everysec' | 'no';
  readonly replicaOf?: RedisServer;
  readonly password?: string;
  /** Further settings, as in redis.conf. */
  readonly config?: Readonly<Record<string, string>>;
}

/** A suite that needs redis-server, and perhaps another program: without them it skips and says so, and in CI, where they must be there, fails. */
export function describeWithRedis(title: string, suite: () => void, ...others: readonly string[]): void {
  const missing = [PROGRAM, ...others].find((program) => spawnSync(program, ['--version']).error !== undefined);
  if (missing === undefined) return void describe(title, suite);
  if (process.env['VIGIL_REQUIRE_ALL'] !== '1') return void describe.skip(`${title} (skipped: ${missing} is not installed)`, suite);
  describe(title, () => {
    it(`has ${missing}`, () => {
      throw new Error(`${missing} is not installed, and VIGIL_REQUIRE_ALL=1 wants every suite to run: apt-get install ${missing}`);
    });
  });
}

/** Servers that still run when the process ends are ended with it. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export class RedisServer {
  readonly port: number;
  readonly directory: string;
  readonly #settings: RedisSettings;
  #child: ChildProcess | undefined;
  #clients: Redis[] = [];

  /** Starts a server with an empty directory. */
  static async start(settings: RedisSettings = {}): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), mkdtempSync(join(tmpdir(), 'vigil-redis-')), settings);
    await server.begin();
    return server;
  }

  private constructor(port: number, directory: string, settings: RedisSettings) {
    this.port = port;
    this.directory = directory;
    this.#settings = settings;
  }

  get where(): string {
    return `127.0.0.1:${this.port}`;
  }

  get url(): string {
    return this.#settings.password === undefined ? `redis://${this.where}` : `redis://:${this.#settings.password}@${this.where}`;
  }

  /** Starts the program on what is in the directory. @param until what its log says when that is enough. */
  async begin(until = 'Ready to accept connections'): Promise<void> {
    const { appendonly = 'yes', appendfsync = 'always', replicaOf, password, config = {} } = this.#settings;
    const settings: Record<string, string> = {
      port: String(this.port), bind: '127.0.0.1', dir: this.directory, appendonly, appendfsync, save: '', 'enable-debug-command': 'yes', 'repl-diskless-sync-delay': '0', 'repl-ping-replica-period': '1', ...config,
      ...(password === undefined ? {} : { requirepass: password }),
      ...(replicaOf === undefined ? {} : { replicaof: `127.0.0.1 ${replicaOf.port}` }),
    };
    const child = spawn(PROGRAM, Object.entries(settings).flatMap(([name, value]) => [`--${name}`, ...(name === 'replicaof' ? value.split(' ') : [value])]), { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#child = child;
    running.add(child);
    child.once('exit', () => running.delete(child));
    const lines: string[] = [];
    for await (const line of createInterface({ input: child.stdout! })) {
      lines.push(line);
      if (!line.includes(until)) continue;
      child.stdout!.resume();
      return;
    }
    throw new Error(`redis-server ended instead of starting:\n${lines.join('\n')}`);
  }

  /** A bare client, closed with the server. */
  client(): Redis {
    const client = new Redis({ host: '127.0.0.1', port: this.port, ...(this.#settings.password === undefined ? {} : { password: this.#settings.password }), retryStrategy: () => null, protocol: 2 });
    client.on('error', () => {});
    this.#clients.push(client);
    return client;
  }

  /** What one command answers. */
  async ask(...command: [string, ...(string | number)[]]): Promise<unknown> {
    const client = this.client();
    try {
      return await client.call(...command);
    } finally {
      client.disconnect();
    }
  }

  /** As the power button does it. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  /** It holds its connections and answers nothing. */
  freeze(): void {
    this.#child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child?.kill('SIGCONT');
  }

  /** Until it follows its master and has all of it. */
  async caughtUp(): Promise<void> {
    for (;;) {
      const info = String(await this.ask('INFO', 'replication'));
      if (info.includes('master_link_status:up') && info.includes('master_sync_in_progress:0')) return;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** Ends it and removes what it has written. */
  async remove(): Promise<void> {
    for (const client of this.#clients.splice(0)) client.disconnect();
    await this.kill();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Nobody listens there now. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
