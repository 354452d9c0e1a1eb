/** What rests and why; ending a lock before its time, with a reason on record. */
import { z } from 'zod';
import { messageOf, VigilError } from '../../protocol/errors.ts';
import { isoTime } from '../../supervision/clock.ts';
import { decodeActorPath } from '../actor-path.ts';
import type { Answer, Call, Endpoint } from '../endpoint.ts';
import { ASKED_FOR, checked, reading, reasonSchema } from '../endpoint.ts';
import { askKnown, valueOf } from '../known.ts';
import type { OperatorOptions } from '../options.ts';

const CLEAR_MS = 3_000;
/** A DELETE often comes without a body. */
const clearSchema = z.strictObject({ reason: reasonSchema.default(ASKED_FOR) });

/** As shown: times ISO-8601. */
export interface LockRow {
  readonly lockId: string;
  readonly kind: string;
  /** Null: all symbols. */
  readonly symbol: string | null;
  /** Null: both sides. */
  readonly side: string | null;
  readonly code: string;
  readonly since: string;
  /** Null: until its condition ends, or somebody clears it. */
  readonly until: string | null;
  readonly cause: string;
}

export function lockEndpoints(options: OperatorOptions): readonly Endpoint[] {
  const { system, refs } = options;
  return [
    reading('/v1/locks', 'What rests after closes, losses, stops and refusals, until when and why.', async (): Promise<readonly LockRow[]> => {
      const { locks } = valueOf(await askKnown(system, refs.locks, { type: 'get' }));
      return locks.map((lock) => ({ ...lock, since: isoTime(lock.since), until: lock.until === null ? null : isoTime(lock.until) }));
    }),
    { method: 'DELETE', path: '/v1/locks/*', does: 'Ends a lock before its time: /v1/locks/ID.', body: '{reason?}', answer: (call) => clear(options, call) },
  ];
}

async function clear({ system, refs, audit }: OperatorOptions, call: Call): Promise<Answer> {
  const lockId = decodeActorPath(call.rest);
  const { reason } = checked(clearSchema, call.body ?? {}, 'body');
  audit.record({ action: 'clear-lock', target: lockId, reason, by: `operator@${call.door}` });
  const answer = await system.ask(refs.locks, { type: 'clear', lockId, reason, by: 'operator' }, CLEAR_MS, 'operator').catch((error: unknown) => {
    throw new VigilError('STATE_UNKNOWN', `${messageOf(error)}; it may still take effect`, { cause: error });
  });
  if (!answer.ok) throw new VigilError('LOCK_NOT_FOUND', answer.message, { details: { lockId } });
  return { status: 200, body: { cleared: lockId } };
}
