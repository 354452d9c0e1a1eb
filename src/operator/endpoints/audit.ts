/** An audit now: the venue's own lists held against the journal. It acts (it asks the venue, and what it finds halts trading), so it is a POST. */
import { z } from 'zod';
import { messageOf, VigilError } from '../../protocol/errors.ts';
import { isoTime } from '../../supervision/clock.ts';
import type { Answer, Call, Endpoint } from '../endpoint.ts';
import { ASKED_FOR, checked, reasonSchema } from '../endpoint.ts';
import type { OperatorOptions } from '../options.ts';

/** Five lists a symbol, in the lane that waits for everybody else. */
export const AUDIT_WAIT_MS = 120_000;
const body = z.strictObject({ reason: reasonSchema.default(ASKED_FOR) });

export interface AuditBody {
  /** The earliest of `symbols`. */
  readonly since: string;
  /** From when on each one's orders and fills were judged now; what is older was judged by an audit before. How things stand is judged each time. */
  readonly symbols: readonly { readonly symbol: string; readonly since: string }[];
  readonly skipped: readonly string[];
  /** `halts`: trading is halted for it now; not for what was known already, nor for a position that was naked and has been closed. */
  readonly findings: readonly { readonly code: string; readonly symbol: string; readonly subject: string; readonly message: string; readonly halts: boolean }[];
  /** Of what was judged now. */
  readonly counts: { readonly [name: string]: number };
  /** The audits before, since the service started; null: this was the first. */
  readonly earlier: { readonly audits: number; readonly since: string; readonly findings: number } | null;
}

export function auditEndpoint(options: OperatorOptions): Endpoint {
  return { method: 'POST', path: '/v1/audit', does: 'Holds the venue\'s own lists of orders, conditional orders, trades and positions against the journal; findings halt trading.', body: '{reason?}', answer: (call) => audit(options, call) };
}

async function audit({ system, refs, audit: trail }: OperatorOptions, call: Call): Promise<Answer> {
  const { reason } = checked(body, call.body ?? {}, 'body');
  trail.record({ action: 'audit', target: 'all', reason, by: `operator@${call.door}` });
  const answer = await system.ask(refs.auditor, { type: 'audit' }, AUDIT_WAIT_MS, 'operator').catch((error: unknown) => {
    throw new VigilError('STATE_UNKNOWN', messageOf(error), { cause: error });
  });
  if (!answer.ok) throw new VigilError('STATE_UNKNOWN', `the audit could not be made: ${answer.message}`);
  const { since, symbols, skipped, findings, counts, earlier } = answer;
  return {
    status: 200,
    body: {
      since: isoTime(since),
      symbols: symbols.map((one) => ({ symbol: one.symbol, since: isoTime(one.since) })),
      skipped,
      findings,
      counts,
      earlier: earlier === undefined ? null : { ...earlier, since: isoTime(earlier.since) },
    } satisfies AuditBody,
  };
}
