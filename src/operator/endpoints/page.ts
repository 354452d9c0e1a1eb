/** The page and its session: the token comes in the fragment, which no server sees, and is exchanged once for a cookie. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { VigilError } from '../../protocol/errors.ts';
import type { Endpoint } from '../endpoint.ts';
import { checked } from '../endpoint.ts';
import { PAGE_HEADERS, pageFiles } from '../page-files.ts';
import type { Sessions } from '../session.ts';

const sessionBody = z.strictObject({ token: z.string().min(1).max(500) });

export function addPage(app: FastifyInstance): void {
  for (const { path, type, text } of pageFiles()) app.get(path, async (_request, reply) => reply.headers(PAGE_HEADERS).type(type).send(text));
}

export function sessionEndpoint(sessions: Sessions): Endpoint {
  return {
    method: 'POST',
    path: '/v1/session',
    does: 'Exchanges the token for a session cookie.',
    body: '{token}',
    answer({ body, port }) {
      const { token } = checked(sessionBody, body ?? {}, 'body');
      if (!sessions.isToken(token)) throw new VigilError('NOT_AUTHENTICATED', 'the token is not valid');
      return { status: 200, body: { ok: true }, headers: { 'set-cookie': sessions.cookie(port) } };
    },
  };
}
