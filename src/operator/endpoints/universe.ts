/** The symbols traded and why the others are not; asking the venue now; and taking what is left of a universe that shrank. */
import { z } from 'zod';
import { messageOf, VigilError } from '../../protocol/errors.ts';
import type { Answer, Call, Endpoint } from '../endpoint.ts';
import { checked, reading, reasonSchema } from '../endpoint.ts';
import { stateOf, valueOf } from '../known.ts';
import type { OperatorOptions } from '../options.ts';

/** It waits for nobody but its own mailbox. */
const ACCEPT_MS = 3_000;
const bodySchema = z.strictObject({ reason: reasonSchema });

export function universeEndpoints(options: OperatorOptions): readonly Endpoint[] {
  const { system, refs, audit } = options;
  return [
    reading('/v1/universe', 'The symbols traded, and why the others are not.', () => valueOf(stateOf(system, 'universe'))),
    {
      method: 'POST',
      path: '/v1/universe/refresh',
      does: 'Asks the venue now what it trades; the answer of GET /v1/universe changes when the venue has answered.',
      body: '{reason}',
      answer(call): Answer {
        const { reason } = checked(bodySchema, call.body ?? {}, 'body');
        audit.record({ action: 'refresh-universe', target: 'universe', reason, by: `operator@${call.door}` });
        if (!system.tell(refs.universe, { type: 'refresh' })) throw new VigilError('STATE_UNKNOWN', 'the universe actor takes no messages now');
        return { status: 202, body: { refreshing: true } };
      },
    },
    { method: 'POST', path: '/v1/universe/accept', does: 'Takes what is left of a universe that shrank as the whole: openings are allowed again (UNIVERSE_SHRUNK).', body: '{reason}', answer: (call) => accept(options, call) },
  ];
}

async function accept({ system, refs, audit }: OperatorOptions, call: Call): Promise<Answer> {
  const { reason } = checked(bodySchema, call.body ?? {}, 'body');
  audit.record({ action: 'accept-universe', target: 'universe', reason, by: `operator@${call.door}` });
  const answer = await system.ask(refs.universe, { type: 'accept', reason, by: 'operator' }, ACCEPT_MS, 'operator').catch((error: unknown) => {
    throw new VigilError('STATE_UNKNOWN', `${messageOf(error)}; it may still take effect`, { cause: error });
  });
  if (!answer.ok) throw new VigilError('ACTION_REFUSED', answer.message, { details: { action: 'accept' } });
  return { status: 200, body: { version: answer.version } };
}
