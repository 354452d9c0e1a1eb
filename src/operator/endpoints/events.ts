/** GET /v1/events: what happens, each kind under its own name, as server-sent events; who was away a moment misses nothing that is still kept. */
import { z } from 'zod';
import type { Clock, TimerHandle } from '../../supervision/clock.ts';
import type { Call, Endpoint } from '../endpoint.ts';
import { checked } from '../endpoint.ts';
import { EVENT_NAMES } from '../event-log.ts';
import type { EventLog, LoggedEvent } from '../event-log.ts';
import type { Outlet } from '../stream.ts';

/** A comment so often, so that a reader that has vanished without a word is noticed, and one that waits knows that we live. */
const BEAT_MS = 15_000;

const eventNumber = z.string().regex(/^\d{1,15}$/, 'the number of an event, 0 for all that are kept').transform(Number);
const eventNames = z.string().transform((list) => list.split(',')).pipe(z.array(z.enum(EVENT_NAMES, `names among ${EVENT_NAMES.join(', ')}`)).min(1));
const eventsQuery = z.strictObject({ since: eventNumber.optional(), follow: z.enum(['true', 'false'], 'true or false').default('true'), only: eventNames.optional() });

export function eventsEndpoint(events: EventLog, clock: Clock): Endpoint {
  return {
    method: 'GET',
    path: '/v1/events',
    does: 'What happens, as server-sent events: lifecycle (of actors), decision, order, fill, alert.',
    query: 'since (an event’s number: those after it that are still kept first; also as the header Last-Event-ID), follow (default true; false: what is kept, and the end), only (names of events, comma separated)',
    answer: (call) => ({ status: 200, body: null, stream: { type: 'text/event-stream', open: begin(events, clock, call) } }),
  };
}

function begin(events: EventLog, clock: Clock, { query, headers }: Call): (outlet: Outlet) => () => void {
  const { since, follow, only } = checked(eventsQuery, Object.fromEntries(query), 'query');
  const last = headers['last-event-id'];
  // Who does not wait for what comes wants what was.
  const first = follow === 'false' ? 0 : undefined;
  const after = since ?? (last === undefined ? first : checked(eventNumber, last, 'Last-Event-ID'));
  const wanted = ({ name }: LoggedEvent) => only === undefined || only.includes(name);
  return (outlet) => {
    for (const logged of after === undefined ? [] : events.after(after).filter(wanted)) outlet.write(written(logged));
    if (follow === 'false') {
      outlet.end();
      return () => undefined;
    }
    let beat: TimerHandle | undefined;
    const stop = events.follow((logged) => {
      // Too slow: it comes back with the number of the last one it had.
      if (wanted(logged) && !outlet.write(written(logged))) outlet.end();
    });
    const keepAwake = () => {
      outlet.write(': still here\n\n');
      beat = clock.after(BEAT_MS, keepAwake);
    };
    keepAwake();
    return () => {
      stop();
      beat?.cancel();
    };
  };
}

function written({ id, at, name, event }: LoggedEvent): string {
  return `id: ${id}\nevent: ${name}\ndata: ${JSON.stringify({ at, ...event })}\n\n`;
}
