/** The room of decisions: from signals to plans, and when to get out; and the strategies, those that trade. */
import { bridgeBehaviour } from '../../actors/bridge.ts';
import { exitsBehaviour } from '../../actors/exits/exits.ts';
import { generatorBehaviour } from '../../actors/generator.ts';
import { intakeBehaviour } from '../../actors/intake.ts';
import { supervisor, worker } from '../../supervision/child-spec.ts';
import type { SupervisorSpec } from '../../supervision/child-spec.ts';
import { evaluationEdge, RECENT_CYCLES, WINDOW_MS } from '../contracts.ts';
import { TICKER_POLLS_MISSED } from './parts.ts';
import type { Rooms } from './parts.ts';

export function decisionsRoom(rooms: Rooms): SupervisorSpec {
  const { refs, config, executorOf, generators, shadows } = rooms;
  const { cycleMs } = config.generator;
  return supervisor('decisions', 'From signals to plans, and when to get out.', [
    worker(refs.bridge, bridgeBehaviour({ sources: { strategies: new Set(generators.map((one) => one.name)), shadows: new Set(shadows.map((one) => one.name)), external: new Set(config.intents.sources) }, limits: { ...config.risk, entrySlippageBps: config.trading.entrySlippageBps }, executorOf, decisions: refs.decisions, journal: refs.journal, watchdog: refs.watchdog })),
    worker(refs.exits, exitsBehaviour({ settings: config.exits, stopPassedMs: config.execution.stopPassedMs, priceMaxAgeMs: config.risk.priceMaxAgeMs, stopLossPercent: config.trading.stopLossPercent, takeProfitPercent: config.trading.takeProfitPercent, executorOf, decisions: refs.decisions })),
    worker(refs.intake, intakeBehaviour({ sources: new Set(config.intents.sources), terms: { notional: config.trading.notional, leverage: config.trading.leverage, stopLossPercent: config.trading.stopLossPercent, takeProfitPercent: config.trading.takeProfitPercent, intentExpiryMs: config.trading.intentExpiryMs ?? 2 * cycleMs, minConfidence: config.generator.minConfidence }, bridge: refs.bridge, decisions: refs.decisions, journal: refs.journal })),
    generatorRoom(rooms),
  ]);
}

function generatorRoom({ refs, config, generators }: Rooms): SupervisorSpec {
  const { cycleMs } = config.generator;
  return supervisor(
    'generators',
    'The strategies.',
    generators.map((one) =>
      worker(
        one.ref,
        generatorBehaviour({
          source: one.source,
          cycleMs,
          minConfidence: config.generator.minConfidence,
          dataMaxAgeMs: TICKER_POLLS_MISSED * config.market.tickerMs,
          intentExpiryMs: config.trading.intentExpiryMs ?? 2 * cycleMs,
          notional: config.trading.notional,
          leverage: config.trading.leverage,
          stopLossPercent: config.trading.stopLossPercent,
          takeProfitPercent: config.trading.takeProfitPercent,
          maxFallbackShare: config.generator.remoteModel.maxFallbackShare,
          shareWindowMs: Math.max(WINDOW_MS, RECENT_CYCLES * cycleMs),
          bridge: refs.bridge,
          decisions: refs.decisions,
          watchdog: refs.watchdog,
          edge: evaluationEdge(one.name),
        }),
      ),
    ),
  );
}
