/** The endpoints that show actors: the busiest of them, and one with everything that is known of it. A busy or absent one makes nobody wait. */
import { z } from 'zod';
import { VigilError } from '../../protocol/errors.ts';
import { isoTime } from '../../supervision/clock.ts';
import type { TopRow } from '../../supervision/top.ts';
import { decodeActorPath } from '../actor-path.ts';
import { wrongMethod } from '../api-error.ts';
import type { Endpoint } from '../endpoint.ts';
import { checked, reading } from '../endpoint.ts';
import { stateInTurn } from '../known.ts';
import type { OperatorOptions } from '../options.ts';
import { isAct } from './control.ts';

const SORTS = ['queue', 'age', 'time', 'handled', 'restarts'] as const;
const MOST_ROWS = 1_000;
const LONGEST_WINDOW_MS = 60_000;

const wholeIn = (least: number, most: number, of: string) => {
  const expected = `a whole number${of}, ${least} to ${most}`;
  return z.string().regex(/^\d{1,12}$/, expected).transform(Number).pipe(z.number().min(least, expected).max(most, expected));
};
const topQuery = z.strictObject({
  sort: z.enum(SORTS, `one of ${SORTS.join(', ')}`).default('queue'),
  n: wholeIn(1, MOST_ROWS, '').default(20),
  windowMs: wholeIn(0, LONGEST_WINDOW_MS, ' of milliseconds').default(1_000),
});

export interface TopBody {
  readonly sort: (typeof SORTS)[number];
  readonly windowMs: number;
  readonly actors: readonly TopRow[];
}

export function actorEndpoints(options: OperatorOptions): readonly Endpoint[] {
  return [
    reading('/v1/actors', 'The first actors by queue, age of the oldest message, time in handlers, messages handled, or restarts; within a window from now.', ({ query }) => busiest(options, query), `sort (${SORTS.join(', ')}; default queue), n (default 20), windowMs (default 1000; 0: since the start)`),
    reading('/v1/actors/*', 'One actor: state without secrets, mailbox, accounts, timing, recent messages, crashes, what it has parked.', (call) => one(options, call.rest)),
  ];
}

async function busiest({ system }: OperatorOptions, query: URLSearchParams): Promise<TopBody> {
  const { sort, n, windowMs } = checked(topQuery, Object.fromEntries(query), 'query');
  return { sort, windowMs, actors: await system.top(sort, n, windowMs) };
}

async function one({ system }: OperatorOptions, encoded: string): Promise<unknown> {
  const path = decodeActorPath(encoded);
  // The state first: it may take a moment, and the rest is then of the moment of the answer.
  const state = await stateInTurn(system, path);
  const node = system.inspect(path);
  if (node === undefined) {
    const [action = '', ...parents] = path.split('/').toReversed();
    // Somebody tries an action with GET: it has no effect, and says how it is done.
    if (isAct(action) && system.inspect(parents.toReversed().join('/')) !== undefined) throw wrongMethod('GET', `/v1/actors/${encoded}`, ['POST']);
    throw new VigilError('ACTOR_NOT_FOUND', `there is no actor ${path}`, { details: { path } });
  }
  if (!('state' in node)) return node;
  return { ...node, ...(state.known ? { state: state.value ?? null } : { state: null, stateUnknown: state.why }), crashes: node.crashes.map((crash) => ({ ...crash, at: isoTime(crash.at) })) };
}
