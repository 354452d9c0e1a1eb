/** The table of endpoints over HTTP: every fault answered in the same form, and a wrong method told which are right. */
import fastify from 'fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { VigilError } from '../protocol/errors.ts';
import type { ActorLog } from '../supervision/behaviour.ts';
import { errorAnswer, StatusError, wrongMethod } from './api-error.ts';
import type { Answer, Door, Endpoint } from './endpoint.ts';
import { sendStream } from './stream.ts';
import type { Stream } from './stream.ts';

/** The largest body that means anything is a reason of 500 characters. */
const BODY_BYTES = 16_384;
/** Followers at one door: some screens and a script each; more is somebody who forgets to hang up. */
const MOST_STREAMS = 32;

export interface ApiServerOptions {
  readonly door: Door;
  readonly endpoints: readonly Endpoint[];
  readonly log: ActorLog;
  /** Called first for every request; throws what the asker may not do. */
  readonly guard?: (request: FastifyRequest) => void;
  readonly headers?: Readonly<Record<string, string>>;
  /** Adds what only this door has. */
  readonly extend?: (app: FastifyInstance) => void;
}

export async function apiServer(options: ApiServerOptions): Promise<FastifyInstance> {
  const { door, endpoints, log } = options;
  const fail = (error: unknown, request: FastifyRequest, reply: FastifyReply) => sendError(error, log, request, reply);
  const app = fastify({
    bodyLimit: BODY_BYTES,
    forceCloseConnections: true,
    requestTimeout: 10_000,
    frameworkErrors: (error, request, reply) => {
      fail(error, request, reply);
    },
    clientErrorHandler: refuseUnreadable,
    routerOptions: { maxParamLength: 2_000 },
  });
  app.setErrorHandler(fail);
  app.setNotFoundHandler((request) => {
    throw unknownRoute(endpoints, request);
  });
  acceptJson(app, door);
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(options.headers ?? {});
    options.guard?.(request);
  });
  const streams = new Set<FastifyReply>();
  for (const endpoint of endpoints) {
    app.route({ method: endpoint.method, url: endpoint.path, handler: async (request, reply) => {
      const answer = await endpoint.answer({ door, port: request.raw.socket.localPort ?? 0, rest: rest(request), query: queryOf(request), headers: request.headers, body: request.body });
      return answer.stream === undefined || request.method === 'HEAD' ? send(answer, reply) : sendOn(answer.stream, streams, reply);
    } });
  }
  options.extend?.(app);
  await app.ready();
  return app;
}

/** On the socket a body is JSON whatever it is called (`curl -d` says it is a form). Over TCP only what calls itself JSON: no page elsewhere can send that unasked. */
function acceptJson(app: FastifyInstance, door: Door): void {
  app.removeContentTypeParser('text/plain');
  if (door === 'tcp') return;
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => {
    try {
      done(null, body === '' ? undefined : JSON.parse(String(body)));
    } catch (error) {
      done(new VigilError('REQUEST_INVALID', `the body is not JSON: ${(error as Error).message}`));
    }
  });
}

function send(answer: Answer, reply: FastifyReply): FastifyReply {
  // `close` comes in any case, after the answer went out or the asker went away.
  if (answer.afterwards !== undefined) reply.raw.once('close', answer.afterwards);
  return sendJson(reply.headers(answer.headers ?? {}), answer.status, answer.body);
}

function sendOn(stream: Stream, open: Set<FastifyReply>, reply: FastifyReply): FastifyReply {
  if (open.size >= MOST_STREAMS) throw new StatusError(429, 'ACTION_REFUSED', `${MOST_STREAMS} streams are open already: end one first`);
  open.add(reply);
  reply.raw.once('close', () => open.delete(reply));
  reply.hijack();
  sendStream(reply.raw, reply.getHeaders(), stream);
  return reply;
}

function sendJson(reply: FastifyReply, status: number, body: unknown): FastifyReply {
  return reply.code(status).type('application/json; charset=utf-8').send(JSON.stringify(body));
}

function sendError(thrown: unknown, log: ActorLog, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { status, headers, body, defect } = errorAnswer(thrown);
  if (defect) log.error({ error: thrown, method: request.method, url: request.url }, 'an operator’s request failed');
  return sendJson(reply.headers(headers), status, body);
}

/** What is no HTTP at all never reaches a route. */
function refuseUnreadable(error: Error & { code?: string }, socket: Socket): void {
  if (!socket.writable) return void socket.destroy();
  const tooLong = error.code === 'HPE_HEADER_OVERFLOW';
  // A name that is not ASCII, typed into curl as it is.
  const message = tooLong ? 'the headers are too long' : error.code === 'HPE_INVALID_URL' ? 'the path must be percent-encoded UTF-8' : `this is no HTTP request (${error.code ?? error.message})`;
  const body = JSON.stringify({ error: { code: 'REQUEST_INVALID', message, details: {} } });
  socket.end(`HTTP/1.1 ${tooLong ? '431 Request Header Fields Too Large' : '400 Bad Request'}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`);
}

function unknownRoute(endpoints: readonly Endpoint[], request: FastifyRequest): VigilError {
  const path = pathOf(request.raw);
  const allow = new Set(endpoints.filter((one) => covers(one.path, path)).flatMap((one) => (one.method === 'GET' ? ['GET', 'HEAD'] : [one.method])));
  return allow.size === 0 ? new VigilError('NOT_FOUND', `there is no ${request.method} ${path}`, { details: { method: request.method, path } }) : wrongMethod(request.method, path, [...allow]);
}

function covers(pattern: string, path: string): boolean {
  return pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : path === pattern;
}

export function pathOf({ url = '/' }: IncomingMessage): string {
  return url.split('?', 1)[0] ?? '/';
}

function queryOf({ raw: { url = '' } }: FastifyRequest): URLSearchParams {
  const mark = url.indexOf('?');
  return new URLSearchParams(mark === -1 ? '' : url.slice(mark + 1));
}

/** What stands for the `*`, as it came: fastify would decode it as a whole, and an encoded slash could not be told from a plain one. */
function rest(request: FastifyRequest): string {
  const pattern = request.routeOptions.url ?? '';
  return pattern.endsWith('*') ? pathOf(request.raw).slice(pattern.length - 1) : '';
}
