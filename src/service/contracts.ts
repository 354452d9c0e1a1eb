/** The flow contracts of this configuration: what each edge must carry. Few, and each about one who would otherwise be missed by nobody. */
import type { Config } from '../config.ts';
import { MISCONFIGURATIONS } from '../protocol/denials.ts';
import type { FlowContract } from '../supervision/flow/flow-contract.ts';

/** A pause of the machine is no silence. */
const SHORTEST_EVERY_MS = 10_000;
const GRACE_MS = 180_000;
/** "Alert if no signal for more than ten minutes" was left for later once, and seventeen hours went by (failure 1). */
const NO_SIGNAL_MS = 600_000;
const WINDOW_MS = 600_000;
const HOUR_MS = 3_600_000;
/** What an answer of the venue may take; see the reads of market and account. */
const READ_MS = 10_000;
const ROUTINE = { windowMs: WINDOW_MS, minimum: 5, restarts: { limit: 5, windowMs: HOUR_MS }, needs: [] } as const;

/** The edge that carries one generator's evaluations, holds included. */
export function evaluationEdge(strategy: string): string {
  return `evaluation/${strategy}`;
}

export function flowContracts(config: Config): readonly FlowContract[] {
  const { generator, account } = config;
  const held = (contract: Omit<FlowContract, 'graceMs' | keyof typeof ROUTINE> & Partial<FlowContract>): FlowContract => ({ ...ROUTINE, ...contract, graceMs: Math.max(GRACE_MS, contract.everyMs ?? 0) });
  return [
    // Needs what its cycle needs; before the ready gate opens there is none (ruling 17).
    ...generator.strategies.map((strategy) =>
      held({ edge: evaluationEdge(strategy), producer: `generator/${strategy}`, everyMs: Math.max(2 * generator.cycleMs, SHORTEST_EVERY_MS), acceptEveryMs: Math.max(NO_SIGNAL_MS, 5 * generator.cycleMs), windowMs: Math.max(WINDOW_MS, 5 * generator.cycleMs), needs: ['gateway', 'market', 'universe', 'readiness'], heldWhile: 'ready' }),
    ),
    // Reported every 5 s, with or without prices: a venue that is away makes it dry, not silent.
    held({ edge: 'prices', producer: 'market', everyMs: 30_000, acceptEveryMs: 60_000 }),
    held({ edge: 'account', producer: 'account', everyMs: 2 * (account.pollMs + READ_MS), acceptEveryMs: Math.max(60_000, 4 * account.pollMs) }),
    // No intent for a while is the market's affair; intents that nobody could ever trade are not.
    held({ edge: 'intents', producer: 'bridge', everyMs: null, maxMisconfiguredRatio: 0.95, misconfigurations: MISCONFIGURATIONS }),
  ];
}
