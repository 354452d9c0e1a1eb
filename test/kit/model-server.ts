/** A model server on loopback that answers as the test says: well, late, never, wrongly, or not in JSON. */
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What becomes of one question: its answer, or a hand on the response. */
type Reply = { readonly status?: number; readonly body: string } | 'hang' | 'reset' | ((response: ServerResponse) => void);

export interface ModelServer {
  readonly url: string;
  /** The bodies of the questions, in the order in which they came. */
  readonly questions: Record<string, unknown>[];
  /** Questions whose asker went away before there was an answer. */
  readonly gone: () => number;
  reply: (question: Record<string, unknown>) => Reply;
  /** How many questions were waiting for their answers at the same time, at the most. */
  readonly atOnce: () => number;
  /** Resolves when so many questions have come in all. */
  asked(count: number): Promise<void>;
  /** Resolves when so many questions are gone. */
  left(count: number): Promise<void>;
  close(): Promise<void>;
}

export const well = (side: string, confidence: number): Reply => ({ body: JSON.stringify({ side, confidence }) });

export async function modelServer(): Promise<ModelServer> {
  const questions: Record<string, unknown>[] = [];
  const waiting: (() => void)[] = [];
  let gone = 0;
  let open = 0;
  let most = 0;
  const look = () => {
    for (const one of waiting.splice(0)) one();
  };
  const until = async (holds: () => boolean) => {
    while (!holds()) await new Promise<void>((resolve) => waiting.push(resolve));
  };
  const take = (question: Record<string, unknown>, request: IncomingMessage, response: ServerResponse) => {
    questions.push(question);
    most = Math.max(most, (open += 1));
    response.on('close', () => {
      open -= 1;
      if (!response.writableFinished) gone += 1;
      look();
    });
    const reply = model.reply(question);
    if (reply === 'reset') request.socket.destroy();
    else if (typeof reply === 'function') reply(response);
    else if (reply !== 'hang') response.writeHead(reply.status ?? 200, { 'content-type': 'application/json' }).end(reply.body);
    look();
  };
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (part: string) => (body += part));
    request.on('end', () => take(JSON.parse(body) as Record<string, unknown>, request, response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const model: ModelServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/predict`,
    questions,
    gone: () => gone,
    atOnce: () => most,
    reply: () => well('hold', 0.5),
    asked: (count) => until(() => questions.length >= count),
    left: (count) => until(() => gone >= count),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return model;
}
