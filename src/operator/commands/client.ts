/** Asks the service over its admin socket, with an end to the wait: silence is told apart from a refusal. */
import { request } from 'node:http';
import { VigilError } from '../../protocol/errors.ts';
import { systemClock } from '../../supervision/clock.ts';

/** Longer than anything the service takes to answer, a change of the trading state included. */
const ANSWER_MS = 5_000;

export interface ApiAnswer {
  readonly status: number;
  /** As it came. */
  readonly text: string;
}

export interface AdminClient {
  readonly socketPath: string;
  /** Rejects with SERVICE_UNREACHABLE when no answer comes; any answer, a refusal too, resolves. */
  request(method: 'GET' | 'POST', path: string, body?: unknown): Promise<ApiAnswer>;
}

export function adminClient(socketPath: string, answerMs: number = ANSWER_MS): AdminClient {
  return { socketPath, request: (method, path, body) => exchange(socketPath, answerMs, method, path, body) };
}

function exchange(socketPath: string, answerMs: number, method: string, path: string, body: unknown): Promise<ApiAnswer> {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    const call = request({ socketPath, method, path, headers, agent: false, setHost: false }, (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.on('error', failed);
      answer.on('end', () => {
        deadline.cancel();
        resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(parts).toString('utf8') });
      });
    });
    const failed = (error: NodeJS.ErrnoException) => {
      deadline.cancel();
      reject(new VigilError('SERVICE_UNREACHABLE', `${socketPath}: ${reasonOf(error)}`, { cause: error, details: { socket: socketPath } }));
    };
    const deadline = systemClock.after(answerMs, () => call.destroy(new Error(`no answer within ${answerMs} ms`)));
    call.on('error', failed);
    call.setHeader('host', 'vigil');
    call.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return 'there is no such socket';
  if (code === 'ECONNREFUSED') return 'nobody listens there: the service has ended without removing it';
  if (code === 'EACCES') return 'it belongs to another user';
  return message;
}
