/** The paper exchange's own endpoints under /paper/v1/, for tests and checkers on this machine; each use is in the log. */
import type { StreamFaults } from '../streams/stream-faults.ts';
import type { Log, PaperVenue } from '../venue.ts';
import type { WireAnswer, WireRequest } from '../wire/dispatch.ts';
import { autoDeleverage, changeStatus, loseStops, movePrice, openAccount, skewClock } from './actions.ts';
import { BadBody, failed, ok, read } from './answers.ts';
import { faultSchema, type Faults } from './faults.ts';
import { streamFaultAnswer } from './stream-faults.ts';
import { truth } from './truth.ts';

export const CONTROL_PREFIX = '/paper/v1/';

const MAX_LOGGED_BODY = 400;
const ENDPOINTS = 'there are GET truth, GET, POST and DELETE of faults and streams, and POST price, clock, accounts, symbols/SYMBOL, adl and stops/drop';

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.') || address.startsWith('::ffff:127.');
}

/** What one POST does to the exchange; beside these a symbol's status, and the faults of requests and streams. */
export const ACTS: Readonly<Record<string, (venue: PaperVenue, body: string) => WireAnswer>> = { price: movePrice, clock: skewClock, accounts: openAccount, adl: autoDeleverage, 'stops/drop': loseStops };

export interface ControlParts {
  readonly venue: PaperVenue;
  readonly faults: Faults;
  readonly streamFaults: StreamFaults;
  readonly log: Log;
}

export class Control {
  readonly #venue: PaperVenue;
  readonly #faults: Faults;
  readonly #streamFaults: StreamFaults;
  readonly #log: Log;

  constructor({ venue, faults, streamFaults, log }: ControlParts) {
    this.#venue = venue;
    this.#faults = faults;
    this.#streamFaults = streamFaults;
    this.#log = log;
  }

  answer(request: WireRequest): WireAnswer {
    let status = 500;
    try {
      const answer = this.#answer(request);
      ({ status } = answer);
      return answer;
    } finally {
      this.#log('info', { method: request.method, path: request.path, body: redacted(request.body), status }, 'the control was used');
    }
  }

  #answer(request: WireRequest): WireAnswer {
    if (!isLoopback(request.address)) return failed(403, 'CONTROL_FOREIGN_ADDRESS', 'the control of the paper exchange answers on loopback only');
    try {
      return this.#run(request);
    } catch (error) {
      if (error instanceof BadBody || error instanceof RangeError) return failed(400, 'CONTROL_BAD_REQUEST', error.message);
      throw error;
    }
  }

  #run({ method, path, body }: WireRequest): WireAnswer {
    const name = path.slice(CONTROL_PREFIX.length);
    const [first = '', ...rest] = name.split('/');
    if (first === 'streams') return streamFaultAnswer(this.#streamFaults, method, name, body);
    if (first === 'symbols' && method === 'POST' && rest.length === 1) return changeStatus(this.#venue, rest[0]!, body);
    if (first === 'faults' && method === 'DELETE' && rest.length === 1) {
      return this.#faults.remove(rest[0]!) ? ok({}) : failed(404, 'CONTROL_UNKNOWN_FAULT', `no fault ${JSON.stringify(rest[0])}: GET faults lists them`);
    }
    const act = method === 'POST' && Object.hasOwn(ACTS, name) ? ACTS[name] : undefined;
    if (act !== undefined) return act(this.#venue, body);
    switch (`${method} ${name}`) {
      case 'GET truth':
        return ok(truth(this.#venue));
      case 'POST faults':
        return ok({ id: this.#faults.add(read(faultSchema, body)) });
      case 'GET faults':
        return ok({ faults: this.#faults.list() });
      case 'DELETE faults':
        this.#faults.remove(null);
        return ok({});
      default:
        return failed(404, 'CONTROL_UNKNOWN_PATH', `${method} ${path} is not an endpoint of the paper exchange's control: ${ENDPOINTS}`);
    }
  }
}

/** Secrets of test accounts are secrets all the same. */
function redacted(body: string): string {
  return body.slice(0, MAX_LOGGED_BODY).replaceAll(/"apiSecret"\s*:\s*"(?:[^"\\]|\\.)*"?/g, '"apiSecret":"…"');
}
