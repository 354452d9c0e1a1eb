/** POST /v1/intents: a declared source outside hands in an intent; over TCP its own token says who it is, on the socket the file mode does. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { VigilError } from '../../protocol/errors.ts';
import type { Answer, Call, Endpoint } from '../endpoint.ts';
import { checked } from '../endpoint.ts';
import { askKnown } from '../known.ts';
import type { OperatorOptions } from '../options.ts';

/** It waits for the journal: for what is on its way there, and then for its own. */
const TAKE_MS = 11_000;
/** What is not known or not there now may be in a moment. */
const AGAIN = { 'retry-after': '1' };
export const INTENTS_PATH = '/v1/intents';

const keySchema = z.string().trim().min(1).max(200).regex(/^[\x21-\x7e]+$/, 'printable ASCII without blanks');
const sourceSchema = z.looseObject({ source: z.string().min(1).max(100) });

/** Everything else is the asker's to mend. */
const STATUS: Readonly<Record<string, number>> = { INTENT_INVALID: 400, SOURCE_UNKNOWN: 403, IDEMPOTENCY_CONFLICT: 409, CLOCK_SKEW: 503, UNIVERSE_UNKNOWN: 503, STATE_UNKNOWN: 503, JOURNAL_UNAVAILABLE: 503 };

export function intentsEndpoint(options: OperatorOptions): Endpoint {
  return {
    method: 'POST',
    path: INTENTS_PATH,
    does: 'Hands in an intent as a declared source: 202 with its id, or a code. The header Idempotency-Key makes a repetition the same intent.',
    body: '{source, symbol, side, confidence, entryPrice?, notional?, leverage?, stopLoss?, takeProfit?, expiresAt?}',
    answer: (call) => take(options, call),
  };
}

async function take({ system, refs, intentTokens }: OperatorOptions, call: Call): Promise<Answer> {
  const body: unknown = call.body ?? {};
  const source = call.door === 'tcp' ? ofToken(intentTokens, call) : checked(sourceSchema, body, 'body').source;
  const named = sourceSchema.safeParse(body);
  if (call.door === 'tcp' && named.success && named.data.source !== source) return refused(403, 'SOURCE_UNKNOWN', `the token is that of ${source}, and the intent says ${JSON.stringify(named.data.source)}`, {});
  const header = call.headers['idempotency-key'];
  const idempotencyKey = header === undefined ? undefined : checked(keySchema, header, 'Idempotency-Key');
  const known = await askKnown(system, refs.intake, { type: 'submit', source, body, idempotencyKey }, TAKE_MS);
  if (!known.known) return refused(503, 'STATE_UNKNOWN', `${known.why}: whether it is taken is not known. Hand it in again with the same Idempotency-Key, which is taken once at most; if it had none, look first what has become of it: \`vigil explain SYMBOL\``, {});
  const answer = known.value;
  if (answer.ok) return { status: 202, body: { intentId: answer.intentId } };
  return refused(STATUS[answer.code] ?? 422, answer.code, answer.message, answer.details ?? {});
}

function refused(status: number, code: string, message: string, details: Readonly<Record<string, unknown>>): Answer {
  return { status, body: { error: { code, message, details } }, ...(status === 503 ? { headers: AGAIN } : {}) };
}

/** @throws VigilError NOT_AUTHENTICATED: no source has this token. */
function ofToken(tokens: ReadonlyMap<string, string>, { headers }: Call): string {
  const [, bearer] = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '') ?? [];
  const found = bearer === undefined ? undefined : [...tokens].find(([, token]) => same(token, bearer));
  if (found === undefined) throw new VigilError('NOT_AUTHENTICATED', bearer === undefined ? 'an intent over TCP needs its source’s token as Authorization: Bearer' : 'no declared source has this token');
  return found[0];
}

/** In a time that says nothing about how much of it was right. */
function same(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
