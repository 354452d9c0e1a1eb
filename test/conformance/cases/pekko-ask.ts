/** The cases of Pekko's AskSpec, and what became of each: a failure has its reason, and is not always a timeout. */
import type { ConformanceCase } from './case.ts';

const ASK = 'Ask pattern';
const STATUS = 'askWithStatus pattern';
const VALUE = 'an answer is a value of its declared type: one that may be a failure says so in the type';

export const pekkoAsk: readonly ConformanceCase[] = [
  { name: 'fail the future if the actor is already terminated', group: ASK, status: 'ported' },
  { name: 'succeed when the actor is alive', group: ASK, status: 'ported' },
  { name: 'provide a symbolic alias that works the same', group: ASK, status: 'not-applicable', note: 'there is one way to ask' },
  { name: 'fail the future if the actor doesn’t reply in time', group: ASK, status: 'ported' },
  { name: 'fail the future if the actor doesn’t exist', group: ASK, status: 'ported' },
  { name: 'publish dead-letter if the context.ask has completed on timeout', group: ASK, status: 'ported' },
  { name: 'publish dead-letter if the AskPattern.ask has completed on timeout', group: ASK, status: 'ported' },
  { name: 'transform a replied org.apache.pekko.actor.Status.Failure to a failed future', group: ASK, status: 'not-applicable', note: VALUE },
  { name: 'fail asking actor if responder function throws', group: ASK, status: 'ported' },
  { name: 'unwrap nested response a successful response', group: STATUS, status: 'not-applicable', note: VALUE },
  { name: 'fail future for a fail response with text', group: STATUS, status: 'not-applicable', note: VALUE },
  { name: 'fail future for a fail response with custom exception', group: STATUS, status: 'not-applicable', note: VALUE },
];
