/** The room of the venue: everything that speaks to the exchange, and nothing else does. */
import { gatewayBehaviour } from '../../actors/gateway.ts';
import { listenKeyBehaviour } from '../../actors/listen-key.ts';
import { marketBehaviour } from '../../actors/market/market.ts';
import { paperProcessBehaviour } from '../../actors/paper-process.ts';
import { userStreamBehaviour } from '../../actors/user-stream.ts';
import { supervisor, worker } from '../../supervision/child-spec.ts';
import type { SupervisorSpec } from '../../supervision/child-spec.ts';
import type { Rooms } from './parts.ts';

/** It acts once a minute at most where all is ill: what fails at each act would never spend the budget of a minute. */
const KEY_RESTARTS = { limit: 5, windowMs: 600_000 };

export function venueRoom({ refs, config, venue, venueRest, paper, authority, executorOf, generators, shadows, present, mayRedeem, onClockOffset, refuse }: Rooms): SupervisorSpec {
  const strategists = [...generators, ...shadows].map((one) => one.ref);
  // Of the process, not of an incarnation: it only rises.
  let connections = 0;
  return supervisor('venue', 'Everything that speaks to the exchange.', [
    ...(paper === undefined ? [] : [worker(refs.paper, paperProcessBehaviour({ child: paper }), { startMs: 20_000 })]),
    worker(refs.gateway, gatewayBehaviour({ venue: venue.gateway, redeemer: authority.redeemer, executorOf, userStream: refs.userStream, subscribers: present([refs.governor, refs.readiness, refs.bridge, refs.intake, ...strategists]), onClockOffset, mayRedeem, refuse, mode: config.venue.mode, rest: venueRest, clockSkewMaxMs: config.risk.clockSkewMaxMs, owners: refs })),
    worker(refs.market, marketBehaviour({ streams: venue.marketStreams, gateway: refs.gateway, tickerMs: config.market.tickerMs, candleHistory: config.market.candleHistory, subscribers: present([refs.governor, refs.bridge, refs.exits, refs.readiness, refs.locks, refs.intake, ...strategists]), watchdog: refs.watchdog, executorOf, universe: refs.universe })),
    worker(refs.listenKey, listenKeyBehaviour({ keys: venue.listenKeys, userStream: refs.userStream, watchdog: refs.watchdog }), { policy: KEY_RESTARTS }),
    worker(refs.userStream, userStreamBehaviour({ stream: venue.userStream, listenKey: refs.listenKey, executorOf, account: refs.account, gateway: refs.gateway, subscribers: [refs.governor, refs.readiness, refs.reconciler, refs.gateway], findings: refs.findings, nextConnection: () => ++connections, deafAfterMs: config.execution.streamDeafMs })),
  ]);
}
