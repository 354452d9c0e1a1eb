/** Reads an answer that goes on, as far as the test wants, and hangs up when it says so. */
import { request } from 'node:http';
import type { IncomingMessage, RequestOptions } from 'node:http';

export interface Followed {
  readonly answer: IncomingMessage;
  /** Everything that has come so far. */
  text(): string;
  /** Resolves when so much of it is there that `enough` says so; rejects when the answer ends without. */
  until(enough: (text: string) => boolean): Promise<string>;
  readonly ended: Promise<string>;
  hangUp(): void;
}

/** `read: false`: takes the headers and then nothing more. */
export function follow({ headers = {}, ...to }: Omit<RequestOptions, 'headers'> & { readonly headers?: Readonly<Record<string, string>> }, body?: unknown, read = true): Promise<Followed> {
  return new Promise((resolve, reject) => {
    const call = request({ agent: false, ...to, headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers } }, (answer) => {
      let text = '';
      const looks = new Set<() => void>();
      const look = () => {
        for (const one of looks) one();
      };
      if (read) answer.setEncoding('utf8').on('data', (part: string) => {
        text += part;
        look();
      });
      const ended = new Promise<string>((settle) => {
        answer.on('close', () => {
          settle(text);
          look();
        });
      });
      answer.on('error', () => undefined);
      resolve({
        answer,
        text: () => text,
        ended,
        until: (enough) => new Promise((settle, fail) => {
          const one = () => {
            if (enough(text)) settle(text);
            else if (answer.closed) fail(new Error(`it ended with: ${text}`));
            else return;
            looks.delete(one);
          };
          looks.add(one);
          one();
        }),
        hangUp: () => call.destroy(),
      });
    });
    call.on('error', reject);
    call.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** The lines of JSON in it. */
// oxlint-disable-next-line typescript/no-explicit-any -- what a test looks into is what the interface promises
export function lines(text: string): any[] {
  return text.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as unknown);
}
