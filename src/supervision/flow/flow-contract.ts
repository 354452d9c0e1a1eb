/** What an edge between actors must carry, as data, and whether it does: silence is noticed within its time, and a restart is given its own. */

/** The outcome of what went through; every other outcome says why it did not. */
export const ACCEPTED = 'accepted';

export interface FlowContract {
  readonly edge: string;
  /** The path of the actor that reports what the edge carries. */
  readonly producer: string;
  /**
   * It reports at least this often; evaluations count, those that came to nothing too, so that its silence is its own
   * and never its inputs'. Null: silence says nothing here.
   */
  readonly everyMs: number | null;
  /** Counted from a (re)start of the producer: until it is over, silence is a start. Never less than `everyMs`. */
  readonly graceMs: number;
  /** Something is accepted at least this often, or the edge runs dry: told, and nothing is restarted. */
  readonly acceptEveryMs?: number;
  /** The largest share of outcomes that say that something is configured wrongly; beyond it the breaker of the edge opens. */
  readonly maxMisconfiguredRatio?: number;
  /** Those outcomes. Refusals that belong to the work are none of them. */
  readonly misconfigurations?: ReadonlySet<string>;
  /** Outcomes are counted over this long. */
  readonly windowMs: number;
  /** A share of fewer outcomes than this says nothing. */
  readonly minimum: number;
  /**
   * How often silence may restart the producer. Its own budget counts these restarts too, but over a window that is
   * shorter than a grace: that one alone would let silence restart it for ever.
   */
  readonly restarts: { readonly limit: number; readonly windowMs: number };
  /** Paths without which the producer cannot work: while one is away, a restart of the producer would mend nothing. */
  readonly needs: readonly string[];
  /** It holds only while this condition does; whoever tracks the contract knows when. */
  readonly heldWhile?: string;
}

export interface FlowVerdict {
  /** `released`: not held to it now. `grace`: it has not carried anything in time, and may still be starting. `dry`: it reports, and nothing is accepted. */
  readonly state: 'released' | 'grace' | 'fine' | 'silent' | 'dry';
  /** How long it has been silent or dry; 0 otherwise. */
  readonly forMs: number;
  /** It is silent, its last restart has had its grace, and the contract has restarts left. */
  readonly restartDue: boolean;
  /** It is silent, and the contract's restarts are used up. */
  readonly restartsSpent: boolean;
  readonly misconfigured: boolean;
  /** Of the outcomes in the window; 0 for none. */
  readonly misconfiguredRatio: number;
  readonly broken: boolean;
}

/** Slices of the window: an outcome is forgotten at most one slice late. */
const SLICES = 30;

interface Slice {
  readonly index: number;
  readonly counts: Map<string, number>;
}

/** The state of one contract. All times are monotonic ms, given from outside. */
export class FlowTrack {
  readonly contract: FlowContract;
  #seenAt: number | undefined;
  #acceptedAt: number | undefined;
  #heldSince: number | undefined;
  /** The last (re)start, and the first since anything was seen: neither restarts upon restarts nor one for a silence hide it. */
  #armedAt = 0;
  #silenceArmedAt = 0;
  #restarts: number[] = [];
  #slices: Slice[] = [];

  constructor(contract: FlowContract) {
    this.contract = contract;
  }

  get lastSeenAt(): number | undefined {
    return this.#seenAt;
  }

  /** Counts what the edge carried, by outcome. Nothing at all is a report, too. */
  flowed(outcomes: Readonly<Record<string, number>>, at: number): void {
    this.#seenAt = at;
    const index = Math.floor((at * SLICES) / this.contract.windowMs);
    let slice = this.#slices.at(-1);
    if (slice === undefined || slice.index < index) this.#slices.push((slice = { index, counts: new Map() }));
    for (const [code, count] of Object.entries(outcomes)) {
      if (count > 0 && code === ACCEPTED) this.#acceptedAt = at;
      slice.counts.set(code, (slice.counts.get(code) ?? 0) + count);
    }
    this.#forget(at);
  }

  /** The producer has (re)started, or is held to the contract from now on. */
  arm(at: number): void {
    this.#armedAt = at;
    const flowedSince = this.#seenAt !== undefined && this.#seenAt >= this.#silenceArmedAt;
    if (this.#heldSince === undefined || (flowedSince && at <= this.#silentFrom())) this.#silenceArmedAt = at;
    this.#heldSince ??= at;
  }

  get held(): boolean {
    return this.#heldSince !== undefined;
  }

  /** It is not held to the contract until armed again. */
  release(): void {
    this.#heldSince = undefined;
  }

  /** It has been restarted for its silence. */
  restarted(at: number): void {
    this.#restarts = [...this.#recentRestarts(at), at];
  }

  /** By outcome, over the window. */
  outcomes(at: number): Readonly<Record<string, number>> {
    this.#forget(at);
    const totals = new Map<string, number>();
    for (const { counts } of this.#slices) for (const [code, count] of counts) totals.set(code, (totals.get(code) ?? 0) + count);
    return Object.fromEntries(totals);
  }

  restartsInWindow(at: number): number {
    return this.#recentRestarts(at).length;
  }

  verdict(at: number): FlowVerdict {
    const { everyMs, graceMs, restarts } = this.contract;
    const misconfiguredRatio = this.#misconfiguredRatio(at);
    const misconfigured = misconfiguredRatio > (this.contract.maxMisconfiguredRatio ?? 1);
    const found = (state: FlowVerdict['state'], forMs = 0, restart: Partial<FlowVerdict> = {}): FlowVerdict => ({ state, forMs, restartDue: false, restartsSpent: false, misconfigured, misconfiguredRatio, broken: misconfigured || state === 'silent' || state === 'dry', ...restart });
    const heldSince = this.#heldSince;
    if (heldSince === undefined) return found('released');
    if (everyMs !== null) {
      if (at > this.#silentFrom()) {
        const restartsSpent = this.#recentRestarts(at).length >= restarts.limit;
        return found('silent', at - Math.max(this.#seenAt ?? -Infinity, heldSince), { restartDue: !restartsSpent && at > this.#armedAt + graceMs, restartsSpent });
      }
      if (this.#seenAt === undefined || at - this.#seenAt > everyMs) return found('grace');
    }
    const dryFrom = Math.max(this.#acceptedAt ?? -Infinity, heldSince);
    return at - dryFrom > (this.contract.acceptEveryMs ?? Infinity) ? found('dry', at - dryFrom) : found('fine');
  }

  #silentFrom(): number {
    const { everyMs, graceMs } = this.contract;
    return Math.max((this.#seenAt ?? -Infinity) + (everyMs ?? Infinity), this.#silenceArmedAt + graceMs);
  }

  #misconfiguredRatio(at: number): number {
    const counts = Object.entries(this.outcomes(at));
    const total = counts.reduce((sum, [, count]) => sum + count, 0);
    if (total < this.contract.minimum || total === 0) return 0;
    return counts.reduce((sum, [code, count]) => sum + (this.contract.misconfigurations?.has(code) === true ? count : 0), 0) / total;
  }

  #recentRestarts(at: number): number[] {
    return this.#restarts.filter((one) => at - one < this.contract.restarts.windowMs);
  }

  #forget(at: number): void {
    const oldest = Math.floor((at * SLICES) / this.contract.windowMs) - SLICES;
    if ((this.#slices[0]?.index ?? Infinity) <= oldest) this.#slices = this.#slices.filter((slice) => slice.index > oldest);
  }
}
