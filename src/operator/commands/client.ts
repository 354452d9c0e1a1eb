/** Asks the service over its admin socket, with an end to the wait: silence is told apart from a refusal. */
import { request } from 'node:http';
import { VigilError } from '../../protocol/errors.ts';
import { systemClock } from '../../supervision/clock.ts';

/** Longer than anything the service takes to answer, a change of the trading state included. */
export const ANSWER_MS = 5_000;

export interface ApiAnswer {
  readonly status: number;
  /** As it came. */
  readonly text: string;
}

export interface AdminClient {
  readonly socketPath: string;
  /** Rejects with SERVICE_UNREACHABLE when no answer comes; any answer, a refusal too, resolves. */
  request(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<ApiAnswer>;
  /** The same for an answer that goes on: each line as it comes, until its end or `until` aborts. A refusal comes as text. */
  follow(method: 'GET' | 'POST', path: string, body: unknown, onLine: (line: string) => void, until: AbortSignal): Promise<ApiAnswer>;
}

export function adminClient(socketPath: string, answerMs: number = ANSWER_MS): AdminClient {
  return {
    socketPath,
    request: (method, path, body, given) => exchange({ socketPath, answerMs, method, path, body, given }),
    follow: (method, path, body, onLine, until) => exchange({ socketPath, answerMs, method, path, body, given: undefined, onLine, until }),
  };
}

interface Exchange {
  readonly socketPath: string;
  readonly answerMs: number;
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
  /** Headers beside those of the body. */
  readonly given: Readonly<Record<string, string>> | undefined;
  readonly onLine?: (line: string) => void;
  readonly until?: AbortSignal;
}

function exchange({ socketPath, answerMs, method, path, body, given, onLine, until }: Exchange): Promise<ApiAnswer> {
  return new Promise((resolve, reject) => {
    const json = body === undefined ? undefined : JSON.stringify(body);
    // Of a DELETE Node would send the body without saying how long it is.
    const headers = json === undefined ? { ...given } : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(json), ...given };
    const call = request({ socketPath, method, path, headers, agent: false, setHost: false }, (answer) => {
      const status = answer.statusCode ?? 0;
      const follows = onLine !== undefined && status === 200;
      // What goes on may be silent for as long as it likes.
      if (follows) deadline.cancel();
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => {
        text += part;
        if (!follows) return;
        const lines = text.split('\n');
        text = lines.pop() ?? '';
        for (const line of lines) onLine(line);
      });
      answer.on('error', failed);
      answer.on('end', () => {
        settled();
        resolve({ status, text });
      });
    });
    const settled = () => {
      deadline.cancel();
      until?.removeEventListener('abort', interrupted);
    };
    const interrupted = () => {
      settled();
      resolve({ status: 200, text: '' });
      call.destroy();
    };
    const failed = (error: NodeJS.ErrnoException) => {
      settled();
      reject(new VigilError('SERVICE_UNREACHABLE', `${socketPath}: ${reasonOf(error)}`, { cause: error, details: { socket: socketPath } }));
    };
    const deadline = systemClock.after(answerMs, () => call.destroy(new Error(`no answer within ${answerMs} ms`)));
    call.on('error', failed);
    until?.addEventListener('abort', interrupted);
    if (until?.aborted === true) return interrupted();
    call.setHeader('host', 'vigil');
    call.end(json);
  });
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return 'there is no such socket';
  if (code === 'ECONNREFUSED') return 'nobody listens there: the service has ended without removing it';
  if (code === 'EACCES') return 'it belongs to another user';
  return message;
}
