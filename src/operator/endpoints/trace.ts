/** POST /v1/actors/PATH/trace: the messages of one actor as they pass, a line of JSON each; always with limits, and over when nobody reads. */
import { z } from 'zod';
import { VigilError } from '../../protocol/errors.ts';
import type { Answer, Call } from '../endpoint.ts';
import { checked, reasonSchema } from '../endpoint.ts';
import type { OperatorOptions } from '../options.ts';
import type { Outlet } from '../stream.ts';

const MOST_MESSAGES = 10_000;
const LONGEST_MS = 600_000;

const whole = (most: number, of: string) => {
  const expected = `a whole number of ${of}, 1 to ${most}`;
  return z.number(expected).int(expected).min(1, expected).max(most, expected);
};
const traceBody = z.strictObject({ reason: reasonSchema, messages: whole(MOST_MESSAGES, 'messages'), ms: whole(LONGEST_MS, 'milliseconds'), payload: z.boolean('true or false').default(false) });

/** One trace an actor: a new one ends the one before. */
export function followed({ system, audit }: OperatorOptions, path: string, call: Call): Answer {
  const { reason, ...limits } = checked(traceBody, call.body ?? {}, 'body');
  const node = system.inspect(path);
  if (node === undefined) throw new VigilError('ACTOR_NOT_FOUND', `there is no actor ${path}`, { details: { path } });
  if (node.kind === 'supervisor') throw new VigilError('ACTION_REFUSED', `${path} is a supervisor and has no messages: trace an actor below it`, { details: { path, action: 'trace' } });
  audit.record({ action: 'trace', target: path, reason, by: `operator@${call.door}` });
  return { status: 200, body: null, stream: { type: 'application/x-ndjson', open } };

  function open(outlet: Outlet): () => void {
    let slow = false;
    const line = (event: object) => outlet.write(`${JSON.stringify(event)}\n`);
    const stop = system.trace(path, limits, (event) => {
      if (event.direction === 'end') {
        line(slow ? { ...event, reason: 'slow-reader' } : event);
        outlet.end();
      } else if (!line(event) && !slow) {
        slow = true;
        stop?.();
      }
    });
    if (stop !== undefined) return stop;
    // Gone between the look and now.
    outlet.end();
    return () => undefined;
  }
}
