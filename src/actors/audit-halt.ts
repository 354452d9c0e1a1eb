/** What an audit finds halts trading, each finding once (ruling 12): what an operator has looked at does not halt it again, and a halt that was refused is asked for until it is made. */
import type { KeptFinding } from '../protocol/findings.ts';
import type { TradingStateActorMessage, TradingStateAnswer } from '../protocol/messages.ts';
import type { AuditFinding } from '../rules/audit/facts.ts';
import { haltsTrading } from '../rules/audit-run.ts';
import type { ActorContext, Outcome } from '../supervision/behaviour.ts';
import type { Ref } from '../supervision/ref.ts';

const SET_TIMEOUT_MS = 10_000;
const AGAIN_MS = 2_000;

/** Its own messages, which its actor hands back to it. */
export type HaltMessage = { readonly type: 'halt' } | { readonly type: 'halted'; readonly outcome: Outcome<TradingStateAnswer> };

type Context = Pick<ActorContext<HaltMessage>, 'ask' | 'log' | 'path' | 'timers'>;

export class AuditHalt {
  readonly #tradingState: Ref<TradingStateActorMessage>;
  /** Findings that have halted trading, in this process or before. */
  readonly #known = new Set<string>();
  /** Why trading is to be halted, until it is. */
  #reason: string | undefined;

  constructor(tradingState: Ref<TradingStateActorMessage>) {
    this.#tradingState = tradingState;
  }

  /** Found before, and on record. */
  know(kept: readonly KeptFinding[]): void {
    for (const { code, subject } of kept) this.#known.add(`${code}/${subject}`);
  }

  /** @returns those for which trading is halted now. */
  found(findings: readonly AuditFinding[], ctx: Context): ReadonlySet<AuditFinding> {
    const fresh = findings.filter((finding) => haltsTrading(finding) && !this.#known.has(keyOf(finding)));
    for (const finding of findings) this.#known.add(keyOf(finding));
    const [first] = fresh;
    if (first !== undefined) {
      this.#reason = `the audit found ${first.code}${fresh.length === 1 ? '' : ` and ${fresh.length - 1} more`}: ${first.message}`;
      this.ask(ctx);
    }
    return new Set(fresh);
  }

  /** Unless it is halted already. */
  ask(ctx: Context): void {
    if (this.#reason === undefined) return;
    ctx.ask(this.#tradingState, { type: 'set', state: 'HALTED', symbol: undefined, reason: this.#reason, by: ctx.path }, SET_TIMEOUT_MS, (outcome) => ({ type: 'halted', outcome }));
  }

  answered(outcome: Outcome<TradingStateAnswer>, ctx: Context): void {
    if (outcome.ok && outcome.value.ok) {
      this.#reason = undefined;
      return;
    }
    const reason = !outcome.ok ? outcome.error.message : outcome.value.ok ? '' : outcome.value.message;
    ctx.log.error({ reason, againInMs: AGAIN_MS }, 'trading could not be halted for what the audit found; trying again');
    ctx.timers.once('halt', AGAIN_MS, { type: 'halt' });
  }
}

/** As the findings are kept: by code and subject. */
function keyOf({ code, symbol, subject }: AuditFinding): string {
  return `${code}/${symbol} ${subject}`;
}
