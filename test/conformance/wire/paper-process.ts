/** The paper exchange as clients meet it: a process of its own, on a port of its own. */
import { fork } from 'node:child_process';
import { once } from 'node:events';

const ENTRY = new URL('../../../src/paper/process.ts', import.meta.url);

export interface PaperProcess {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** The same for streams, `ws://…`. */
  readonly streams: string;
  price(symbol: string, price: string): Promise<void>;
  close(): Promise<void>;
}

export async function startPaperProcess(options: Record<string, unknown> = {}): Promise<PaperProcess> {
  const child = fork(ENTRY, [JSON.stringify(options)], { detached: true, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const url = await new Promise<string>((resolve, reject) => {
    child.on('message', (message: { type: string; url?: string; message?: string }) => {
      if (message.type === 'ready') resolve(message.url!);
      if (message.type === 'refused') reject(new Error(message.message));
    });
    child.once('exit', (code) => reject(new Error(`the paper exchange ended with ${code}`)));
  });
  return {
    url,
    streams: url.replace('http', 'ws'),
    async price(symbol, price) {
      const answer = await fetch(`${url}/paper/v1/price`, { method: 'POST', body: JSON.stringify({ symbol, price }) });
      if (!answer.ok) throw new Error(await answer.text());
    },
    async close() {
      const gone = once(child, 'exit');
      child.disconnect();
      await gone;
    },
  };
}

export type Row = Record<string, unknown>;

/** Keeps what a stream said and lets a test wait for what is to come. */
export class Heard {
  readonly messages: Row[] = [];
  readonly #waiting: { matches: (message: Row) => boolean; resolve: (message: Row) => void }[] = [];

  readonly hear = (message: unknown): void => {
    this.messages.push(message as Row);
    for (const waiter of this.#waiting.filter(({ matches }) => matches(message as Row))) waiter.resolve(message as Row);
  };

  /** The first, past or to come. */
  until(matches: (message: Row) => boolean): Promise<Row> {
    const past = this.messages.find(matches);
    if (past) return Promise.resolve(past);
    return new Promise((resolve) => {
      this.#waiting.push({ matches, resolve });
    });
  }
}
