/** The room of the operator: what is seen and done from outside; it comes up first and goes down last, and its death never touches trading. */
import { readModelsBehaviour } from '../../actors/read-models.ts';
import { decisionLogBehaviour } from '../../operator/decision-log.ts';
import { operatorHttpBehaviour } from '../../operator/http-actor.ts';
import { supervisor, worker } from '../../supervision/child-spec.ts';
import type { SupervisorSpec } from '../../supervision/child-spec.ts';
import type { Rooms } from './parts.ts';

export function operatorRoom({ refs, system, config, facts, journal, stop, intentTokens, executors, executorKeys, audit, onListening, readModels }: Rooms): SupervisorSpec {
  return supervisor('operator', 'What operators see and do; its death never touches trading.', [
    worker(refs.decisions, decisionLogBehaviour({ journal: refs.journal, listeners: [refs.http, ...(readModels === undefined ? [] : [refs.readModels])] })),
    ...(readModels === undefined ? [] : [worker(refs.readModels, readModelsBehaviour(readModels))]),
    worker(
      refs.http,
      operatorHttpBehaviour({
        system,
        service: { mode: config.venue.mode, ...facts, incarnation: journal.writerEpoch, dataDir: config.dataDir, stop },
        refs: { readiness: refs.readiness, tradingState: refs.tradingState, decisions: refs.decisions, watchdog: refs.watchdog, universe: refs.universe, locks: refs.locks, intake: refs.intake, reconciler: refs.reconciler, auditor: refs.auditor },
        intentTokens,
        executors,
        // Every symbol that may be opened or is held has an executor.
        symbols: () => (executorKeys().length === 0 ? undefined : executorKeys()),
        http: { listen: config.operator.http.listen, allowControl: config.operator.http.allowControl, ...(config.operator.http.token === undefined ? {} : { token: config.operator.http.token }) },
        audit: { record: audit },
        onListening,
      }),
    ),
  ]);
}
