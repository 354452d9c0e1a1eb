/** The room of the strategies that only watch: outside the one that decides, so that nothing that becomes of a shadow touches a generator. */
import { shadowBehaviour } from '../../actors/shadow.ts';
import { supervisor, worker } from '../../supervision/child-spec.ts';
import type { SupervisorSpec } from '../../supervision/child-spec.ts';
import { shadowEdge } from '../contracts.ts';
import { TICKER_POLLS_MISSED } from './parts.ts';
import type { Rooms } from './parts.ts';

export function shadowRoom({ refs, config, shadows }: Rooms): SupervisorSpec {
  const { cycleMs } = config.generator;
  return supervisor(
    'shadows',
    'The strategies that only watch.',
    shadows.map((one) =>
      worker(
        one.ref,
        shadowBehaviour({
          source: one.source,
          cycleMs,
          dataMaxAgeMs: TICKER_POLLS_MISSED * config.market.tickerMs,
          terms: { notional: config.trading.notional, stopLossPercent: config.trading.stopLossPercent, takeProfitPercent: config.trading.takeProfitPercent, takerFeeBps: config.risk.takerFeeBps, minConfidence: config.generator.minConfidence, timeMs: config.exits.timeStopMs, priceMaxAgeMs: config.risk.priceMaxAgeMs },
          journal: refs.journal,
          watchdog: refs.watchdog,
          edge: shadowEdge(one.name),
        }),
      ),
    ),
  );
}
