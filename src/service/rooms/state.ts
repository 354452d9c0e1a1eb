/** The room of what is known and allowed: universe, account, trading state, locks, and the gate that opens when all of it is there. */
import { accountBehaviour } from '../../actors/account.ts';
import { locksBehaviour } from '../../actors/locks.ts';
import { readinessBehaviour } from '../../actors/readiness.ts';
import { tradingStateBehaviour } from '../../actors/trading-state.ts';
import { universeBehaviour } from '../../actors/universe.ts';
import { supervisor, worker } from '../../supervision/child-spec.ts';
import type { SupervisorSpec } from '../../supervision/child-spec.ts';
import type { Rooms } from './parts.ts';

export function stateRoom({ refs, config, policy, tradingState, authority, executorOf, executorKeys, generators, shadows, present, refuse }: Rooms): SupervisorSpec {
  const strategists = [...generators, ...shadows].map((one) => one.ref);
  return supervisor('state', 'What is known and allowed.', [
    worker(
      refs.universe,
      universeBehaviour({
        rules: { policy: policy, chosen: config.universe.symbols ?? undefined, top: config.universe.top, minQuoteVolume: config.universe.minQuoteVolume },
        minOverlap: config.universe.minOverlap,
        refreshMs: config.universe.refreshMs,
        gateway: refs.gateway,
        journal: refs.journal,
        subscribers: present([refs.market, refs.governor, refs.bridge, refs.readiness, refs.reconciler, refs.intake, ...strategists]),
        executorOf,
        executors: executorKeys,
        watchdog: refs.watchdog,
        refuse,
      }),
    ),
    worker(refs.account, accountBehaviour({ gateway: refs.gateway, journal: refs.journal, pollMs: config.account.pollMs, dailyLossPercent: config.risk.dailyLossPercent, subscribers: [refs.governor, refs.readiness, refs.tradingState, refs.locks], watchdog: refs.watchdog })),
    worker(refs.tradingState, tradingStateBehaviour({ file: tradingState, epochs: authority.epochs, journal: refs.journal, subscribers: [refs.governor, refs.readiness, refs.account, refs.gateway], executorOf, executors: executorKeys, flattenDrawdownPercent: config.risk.flattenDrawdownPercent })),
    worker(refs.locks, locksBehaviour({ rules: { cooldownMs: config.risk.symbolCooldownMs, ...config.protections }, journal: refs.journal, gateway: refs.gateway, decisions: refs.decisions, watchdog: refs.watchdog, subscribers: [refs.governor] })),
    worker(refs.readiness, readinessBehaviour({ subscribers: present([refs.governor, refs.watchdog, ...generators.map((one) => one.ref)]) })),
  ]);
}
