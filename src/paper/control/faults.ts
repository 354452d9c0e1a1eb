/** Faults on the Binance wire, on demand: what a test asked for happens to the requests it named, as often as it said, and is logged. */
import { z } from 'zod';
import { sleep, type Clock } from '../../supervision/clock.ts';
import { VenueError } from '../core/venue-error.ts';
import type { Log } from '../venue.ts';
import { refusalAnswer, type WireAnswer, type WireCall } from '../wire/dispatch.ts';
import type { Params } from '../wire/params.ts';
import { Throttled } from '../wire/rate-limits.ts';

const MAX_DELAY_MS = 600_000;

/** What is answered, and so has no meaning where nothing is. */
const ANSWERED = ['status', 'code', 'message', 'text', 'processed'] as const;
const ANSWERING: ReadonlySet<string> = new Set(['error', 'rate-limit']);

const fieldsSchema = z.strictObject({
  match: z.strictObject({ method: z.enum(['GET', 'POST', 'PUT', 'DELETE']).optional(), path: z.string().startsWith('/').optional(), params: z.record(z.string().min(1), z.string()).optional() }).default({}),
  action: z.enum(['delay', 'error', 'drop-request', 'drop-response', 'reset', 'rate-limit']),
  /** How many requests it happens to; left out: all, until it is deleted. */
  times: z.int().positive().optional(),
  /** Waited before anything else. */
  delayMs: z.int().min(0).max(MAX_DELAY_MS).default(0),
  status: z.int().min(400).max(599).optional(),
  code: z.int().optional(),
  message: z.string().optional(),
  /** Instead of JSON: what a gateway in front of the venue answers. */
  text: z.string().optional(),
  /** `error` and `rate-limit`: the request is carried out before it is answered so. */
  processed: z.boolean().default(false),
});

/** `path` and the values of `params` are exact, or a beginning followed by `*`; what is left out of `match` matches everything. */
export const faultSchema = fieldsSchema.superRefine((spec, context) => {
  const refuse = (field: keyof typeof spec, message: string) => context.addIssue({ code: 'custom', path: [field], message });
  if (spec.action === 'delay' && spec.delayMs === 0) refuse('delayMs', 'expected at least 1 for a delay: say how long');
  if (spec.action === 'rate-limit' && spec.status !== undefined && spec.status !== 429 && spec.status !== 418) refuse('status', 'expected 429 or 418 for a rate-limit');
  if (spec.action === 'rate-limit' && spec.text !== undefined) refuse('text', 'a rate-limit answers JSON: leave it out, or make it an error');
  if (ANSWERING.has(spec.action)) return;
  for (const field of ANSWERED) if (spec[field] !== undefined && spec[field] !== false) refuse(field, `means nothing where nothing is answered (${spec.action}): leave it out, or make it an error`);
});
type FaultSpec = z.infer<typeof faultSchema>;

export interface Fault extends FaultSpec {
  readonly id: string;
  /** How many requests it has happened to. */
  used: number;
}

/** What a fault is matched with. */
type Target = Pick<WireCall, 'method' | 'path' | 'address' | 'params'>;

function matches({ match }: FaultSpec, target: Target): boolean {
  if (match.method !== undefined && match.method !== target.method) return false;
  if (match.path !== undefined && !fits(match.path, target.path)) return false;
  if (match.params === undefined) return true;
  const sent = readable(target);
  return sent !== undefined && Object.entries(match.params).every(([name, wanted]) => fits(wanted, sent.text(name) ?? ''));
}

function fits(wanted: string, found: string): boolean {
  return wanted.endsWith('*') ? found.startsWith(wanted.slice(0, -1)) : found === wanted;
}

/** Undefined: they cannot be read, and the request is refused for that in any case. */
function readable({ params }: Target): Params | undefined {
  try {
    return params();
  } catch (error) {
    if (error instanceof VenueError) return undefined;
    throw error;
  }
}

/** The answer that `error` and `rate-limit` give instead of the venue's. */
function faultAnswer(fault: Fault, address: string, now: number): WireAnswer {
  if (fault.action === 'rate-limit') {
    const banned = fault.status === 418;
    const throttled = banned ? new Throttled(120, 'BANNED', address, String(now + 120_000)) : new Throttled(5, 'TOO_MANY_REQUESTS', address, '2400');
    const answer = refusalAnswer(throttled);
    return { ...answer, json: { code: fault.code ?? throttled.code, msg: fault.message ?? throttled.message } };
  }
  const unknown = new VenueError('UNKNOWN');
  if (fault.text !== undefined) return { status: fault.status ?? 503, headers: {}, text: fault.text, json: null };
  return { status: fault.status ?? 503, headers: {}, json: { code: fault.code ?? unknown.code, msg: fault.message ?? unknown.message } };
}

/** What becomes of a request: an answer, none, or a connection that is reset. */
export type Outcome = WireAnswer | 'silence' | 'reset';

/** Serves a request with whatever was asked to happen to it. */
export async function serveWithFaults(faults: Faults, clock: Clock, request: Target & { readonly now: () => number; readonly serve: () => WireAnswer }): Promise<Outcome> {
  const taken = faults.take(request);
  const delayMs = taken.reduce((total, fault) => total + fault.delayMs, 0);
  if (delayMs > 0) await sleep(clock, delayMs);
  const fault = taken.find(({ action }) => action !== 'delay');
  if (!fault || fault.action === 'delay') return request.serve();
  switch (fault.action) {
    case 'error':
    case 'rate-limit':
      if (fault.processed) request.serve();
      return faultAnswer(fault, request.address, request.now());
    case 'drop-request':
      return 'silence';
    case 'drop-response':
      request.serve();
      return 'silence';
    case 'reset':
      return 'reset';
  }
}

export class Faults {
  readonly #faults = new Map<string, Fault>();
  readonly #log: Log;
  #lastId = 0;

  constructor(log: Log) {
    this.#log = log;
  }

  add(spec: FaultSpec): string {
    const id = `f${++this.#lastId}`;
    this.#faults.set(id, { ...spec, id, used: 0 });
    return id;
  }

  list(): readonly Fault[] {
    return [...this.#faults.values()];
  }

  /** Removes one, or all. False when there is none of that id. */
  remove(id: string | null): boolean {
    if (id !== null) return this.#faults.delete(id);
    this.#faults.clear();
    return true;
  }

  /** All that happens to a request: every delay that matches, and the oldest of the others. Each is used up by one; spent ones are forgotten. */
  take(request: Target): readonly Fault[] {
    const matching = this.list().filter((fault) => matches(fault, request));
    const other = matching.find(({ action }) => action !== 'delay');
    const taken = matching.filter((fault) => fault.action === 'delay' || fault === other);
    for (const fault of taken) this.#use(fault, request);
    return taken;
  }

  #use(fault: Fault, request: Target): void {
    fault.used += 1;
    if (fault.times !== undefined && fault.used >= fault.times) this.#faults.delete(fault.id);
    this.#log('warn', { fault: fault.id, action: fault.action, method: request.method, path: request.path, used: fault.used, times: fault.times }, 'a fault was injected');
  }
}
