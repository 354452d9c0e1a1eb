/** What several tests of the paper exchange need: one started in this process, signed requests, and waiting for what is to come. */
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { DEFAULT_SEED, startPaperExchange, type PaperExchange, type PaperExchangeOptions } from '../../src/paper/exchange.ts';

export interface LogLine {
  readonly level: string;
  readonly fields: Record<string, unknown>;
  readonly message: string;
}

export type Json = Record<string, unknown>;

export async function startForTest(options: Partial<PaperExchangeOptions> = {}): Promise<PaperExchange & { readonly logs: LogLine[] }> {
  const logs: LogLine[] = [];
  const log = (level: string, fields: Record<string, unknown>, message: string): void => {
    logs.push({ level, fields, message });
  };
  const exchange = await startPaperExchange({ host: '127.0.0.1', port: 0, seed: DEFAULT_SEED, balance: '10000', log, ...options });
  return { ...exchange, logs };
}

export function temporaryDirectory(): { dir: string; remove: () => void } {
  const dir = mkdtempSync(join(tmpdir(), 'vigil-paper-'));
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

export interface Answer<T = Json> {
  readonly status: number;
  readonly headers: Headers;
  readonly json: T;
}

export function query(params: Json): string {
  return Object.entries(params)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`)
    .join('&');
}

export function hmac(secret: string, text: string): string {
  return createHmac('sha256', secret).update(text).digest('hex');
}

/** A client that signs by itself, so that the exchange's own code is not its own witness. */
export class Client {
  readonly url: string;
  readonly key: string;
  readonly secret: string;

  constructor(url: string, key: string = 'paper', secret: string = 'paper') {
    this.url = url;
    this.key = key;
    this.secret = secret;
  }

  async raw<T = Json>(method: string, pathAndQuery: string, init: { body?: string; headers?: Record<string, string> } = {}): Promise<Answer<T>> {
    const response = await fetch(this.url + pathAndQuery, { method, headers: { 'X-MBX-APIKEY': this.key, ...init.headers }, ...(init.body === undefined ? {} : { body: init.body }) });
    const text = await response.text();
    return { status: response.status, headers: response.headers, json: (text === '' ? {} : JSON.parse(text)) as T };
  }

  async get<T = Json>(path: string, params: Json = {}): Promise<Answer<T>> {
    return this.raw<T>('GET', `${path}?${query(params)}`);
  }

  async signed<T = Json>(method: string, path: string, params: Json = {}): Promise<Answer<T>> {
    const text = query({ recvWindow: 5_000, ...params, timestamp: Date.now() });
    return this.raw<T>(method, `${path}?${text}&signature=${hmac(this.secret, text)}`);
  }

  async control<T = Json>(method: string, path: string, body?: unknown): Promise<Answer<T>> {
    return this.raw<T>(method, `/paper/v1/${path}`, body === undefined ? {} : { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } });
  }
}

/** A WebSocket that keeps what came and lets a test wait for what is to come. */
export class Listener {
  readonly socket: WebSocket;
  readonly messages: Json[] = [];
  readonly #waiting: { matches: (message: Json) => boolean; resolve: (message: Json) => void }[] = [];

  constructor(url: string) {
    this.socket = new WebSocket(url);
    this.socket.on('message', (data) => {
      const message = JSON.parse(String(data as Buffer)) as Json;
      this.messages.push(message);
      for (const waiter of this.#waiting.filter(({ matches }) => matches(message))) {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        waiter.resolve(message);
      }
    });
  }

  opened(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.socket.once('open', () => resolve());
      this.socket.once('error', reject);
    });
  }

  /** The first message, past or to come, that matches. */
  until(matches: (message: Json) => boolean): Promise<Json> {
    const past = this.messages.find(matches);
    if (past) return Promise.resolve(past);
    return new Promise((resolve) => {
      this.#waiting.push({ matches, resolve });
    });
  }

  /** Sends a control message and returns its answer. */
  ask(message: Json): Promise<Json> {
    this.socket.send(JSON.stringify(message));
    return this.until((answer) => answer['id'] === message['id'] && ('result' in answer || 'error' in answer));
  }

  /** The code it is closed with. */
  closed(): Promise<number> {
    return new Promise((resolve) => {
      this.socket.on('close', resolve);
    });
  }

  close(): void {
    this.socket.terminate();
  }
}

/** The listeners of one test: opened on its exchange, all closed after it. */
export class Listeners {
  #open: Listener[] = [];

  /** Not waited for: it may be refused. */
  begin(exchange: { readonly url: string }, path: string): Listener {
    const listener = new Listener(exchange.url.replace('http', 'ws') + path);
    this.#open.push(listener);
    return listener;
  }

  async open(exchange: { readonly url: string }, path: string): Promise<Listener> {
    const listener = this.begin(exchange, path);
    await listener.opened();
    return listener;
  }

  closeAll(): void {
    for (const listener of this.#open) listener.close();
    this.#open = [];
  }
}

/**
 * Ends the connections of the SDK's socket. Its keepalive of a listen key, an interval of 50 minutes, goes on: the SDK keeps no way to
 * stop it, so a process that opened its user stream ends by process.exit only (mocha's --exit, or a worker of a parallel run).
 */
export function closeSdk(socket: { closeAll(force: boolean): void }): void {
  socket.closeAll(true);
}
