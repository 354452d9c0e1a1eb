/** The flow contracts of this configuration: what each edge must carry. Few, and each about one who would otherwise be missed by nobody. */
import type { Config } from '../config.ts';
import { MISCONFIGURATIONS } from '../protocol/denials.ts';
import type { FlowContract } from '../supervision/flow/flow-contract.ts';

/** A pause of the machine is no silence. */
const SHORTEST_EVERY_MS = 10_000;
const GRACE_MS = 180_000;
/** "Alert if no signal for more than ten minutes" was left for later once, and seventeen hours went by (failure 1). */
const NO_SIGNAL_MS = 600_000;
/** Over which shares of outcomes and of fallback signals are taken: this, or so many cycles. */
export const WINDOW_MS = 600_000;
export const RECENT_CYCLES = 5;
const HOUR_MS = 3_600_000;
/** What an answer of the venue may take; see the reads of market and account. */
const READ_MS = 10_000;
const ROUTINE = { windowMs: WINDOW_MS, minimum: 5, restarts: { limit: 5, windowMs: HOUR_MS }, needs: [] } as const;

/** The edge that carries one generator's evaluations, holds included. */
export function evaluationEdge(strategy: string): string {
  return `evaluation/${strategy}`;
}

/** The edge that carries what one shadow saw. */
export function shadowEdge(strategy: string): string {
  return `shadow/${strategy}`;
}

/** @param strategies the names of those that trade and of those that watch, as they were loaded. */
export function flowContracts(config: Config, strategies: { readonly live: readonly string[]; readonly shadows: readonly string[] }): readonly FlowContract[] {
  const { generator, account } = config;
  const held = (contract: Omit<FlowContract, 'graceMs' | keyof typeof ROUTINE> & Partial<FlowContract>): FlowContract => ({ ...ROUTINE, ...contract, graceMs: Math.max(GRACE_MS, contract.everyMs ?? 0) });
  return [
    // Needs what its cycle needs; before the ready gate opens there is none (ruling 17).
    ...strategies.live.map((strategy) =>
      held({ edge: evaluationEdge(strategy), producer: `generator/${strategy}`, everyMs: Math.max(2 * generator.cycleMs, SHORTEST_EVERY_MS), acceptEveryMs: Math.max(NO_SIGNAL_MS, RECENT_CYCLES * generator.cycleMs), windowMs: Math.max(WINDOW_MS, RECENT_CYCLES * generator.cycleMs), needs: ['gateway', 'market', 'universe', 'readiness'], heldWhile: 'ready' }),
    ),
    // What a shadow found does not matter, only that it looks: it is held to no signal.
    ...strategies.shadows.map((strategy) => held({ edge: shadowEdge(strategy), producer: `shadow/${strategy}`, everyMs: Math.max(2 * generator.cycleMs, SHORTEST_EVERY_MS), windowMs: Math.max(WINDOW_MS, RECENT_CYCLES * generator.cycleMs), needs: ['gateway', 'market', 'universe', 'journal'], heldWhile: 'ready' })),
    // Reported every 5 s, with or without prices: a venue that is away makes it dry, not silent.
    held({ edge: 'prices', producer: 'market', everyMs: 30_000, acceptEveryMs: 60_000 }),
    held({ edge: 'account', producer: 'account', everyMs: 2 * (account.pollMs + READ_MS), acceptEveryMs: Math.max(60_000, 4 * account.pollMs) }),
    // No intent for a while is the market's affair; intents that nobody could ever trade are not.
    held({ edge: 'intents', producer: 'bridge', everyMs: null, maxMisconfiguredRatio: 0.95, misconfigurations: MISCONFIGURATIONS }),
  ];
}
