/** The endpoints of what could not be delivered or handled: counted by reason, the last ones kept, and forgotten when somebody says so. */
import { z } from 'zod';
import { isoTime } from '../../supervision/clock.ts';
import type { Call, Endpoint } from '../endpoint.ts';
import { checked, reading, reasonSchema } from '../endpoint.ts';
import type { OperatorOptions } from '../options.ts';

const clearBody = z.strictObject({ reason: reasonSchema });

export function deadLetterEndpoints(options: OperatorOptions): readonly Endpoint[] {
  return [
    reading('/v1/deadletters', 'Messages that could not be delivered or handled, newest first, and their count by reason.', () => deadLetters(options)),
    { method: 'POST', path: '/v1/deadletters/clear', does: 'Forgets the dead letters that are kept; the counts stay.', body: '{reason}', answer: (call) => ({ status: 200, body: clear(options, call) }) },
  ];
}

function deadLetters({ system }: OperatorOptions): unknown {
  const counts = system.deadLetters.counts();
  // What a newer message replaced, as its mailbox is meant to do, is counted and is no loss.
  const total = Object.entries(counts).reduce((sum, [reason, count]) => (reason === 'superseded' ? sum : sum + count), 0);
  return { total, counts, recent: system.deadLetters.recent().toReversed().map((letter) => ({ ...letter, at: isoTime(letter.at) })) };
}

function clear({ system, audit }: OperatorOptions, call: Call): unknown {
  const { reason } = checked(clearBody, call.body ?? {}, 'body');
  audit.record({ action: 'clear-dead-letters', target: 'service', reason, by: `operator@${call.door}` });
  return { cleared: system.deadLetters.clear() };
}
