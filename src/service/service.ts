/** The process: opens what the tree needs, runs the tree, and ends in order on every way out: never by running out of work, never without last words. */
import { join } from 'node:path';
import { entityOf } from '../actors/executor/record.ts';
import { announce } from './announce.ts';
import { auditTrail } from './audit-trail.ts';
import { buildId } from './build-id.ts';
import { drainAndStop } from './drain.ts';
import { configHash, credentialsOf, loadPolicy } from '../config.ts';
import type { Config } from '../config.ts';
import { instanceTag } from './instance-tag.ts';
import { onLauncherGone } from '../launcher.ts';
import { logLifecycle } from './lifecycle-log.ts';
import { createLogger, partLog } from './log.ts';
import { paperChild } from './paper-child.ts';
import { once, onDefects, onSignals } from './process-ends.ts';
import { acquireInstanceLock } from '../persistence/instance-lock.ts';
import { openSqliteJournal } from '../persistence/sqlite-journal.ts';
import { tradingStateFile } from '../persistence/trading-state-file.ts';
import type { Journal } from '../persistence/port.ts';
import { messageOf } from '../protocol/errors.ts';
import type { VigilError } from '../protocol/errors.ts';
import type { SymbolName } from '../protocol/names.ts';
import { residualExposure } from './residual.ts';
import { keepAlive, systemClock } from '../supervision/clock.ts';
import { startLoopWatch } from '../supervision/loop-watch.ts';
import { nactTurns } from '../supervision/nact.ts';
import { systemRandom } from '../supervision/random.ts';
import { ActorSystem } from '../supervision/system.ts';
import { composeTree } from './tree.ts';
import type { Tree } from './tree.ts';
import { createBinanceVenue } from '../venue/binance-venue.ts';
import { resolveEndpoint } from '../venue/endpoint.ts';

/** Exit codes of the service: the launcher starts it again after a crash, and not after the others. */
export const EXIT = { done: 0, refused: 2, crashed: 70 } as const;


/** Runs until it is stopped or fails; resolves with the exit code. @throws VigilError when it refuses to start. */
export async function runService(config: Config): Promise<number> {
  const clock = systemClock;
  const logger = createLogger(config.log);
  const log = partLog(logger, 'service');
  const lock = acquireInstanceLock(config.dataDir);
  const alive = keepAlive();
  const ended = Promise.withResolvers<number>();
  const end = (code: number) => ended.resolve(code);
  let journal: Journal | undefined;
  const watch = startLoopWatch({ socketPath: join(config.dataDir, 'watch.sock'), lastWordsPath: join(config.dataDir, 'last-words.json'), clock, onFailure: (error) => log.error({ error }, 'the loop watch is broken; trading goes on without it') });
  try {
    const facts = { configHash: configHash(config), buildId: buildId(), startedAt: clock.now() };
    journal = await openSqliteJournal({ file: join(config.dataDir, 'journal.db'), now: () => clock.now(), onDeath: (error) => log.error({ error }, 'the journal\'s thread died') });
    log.info({ ...facts, mode: config.venue.mode, dataDir: config.dataDir, incarnation: journal.writerEpoch, pid: process.pid }, `vigil ${facts.buildId} starts, ${config.venue.mode} venue`);
    const system = new ActorSystem({ clock, random: systemRandom, turns: nactTurns(), logFor: (path) => partLog(logger, path), marker: watch.marker });
    system.subscribe((event) => logLifecycle(event, logger));

    let offsetMs = 0;
    let refusal: VigilError | undefined;
    let announced = false;
    const paper = await paperChild(config);
    const endpoint = resolveEndpoint({ mode: config.venue.mode, armed: config.venue.armed, paperUrl: paper?.url ?? config.venue.paper.url });
    const credentials = config.venue.mode === 'paper' ? { apiKey: config.venue.apiKey ?? 'paper', apiSecret: config.venue.apiSecret ?? 'paper' } : credentialsOf(config);
    log.info({ restUrl: endpoint.restUrl, streamUrl: endpoint.streamUrl }, 'venue');
    const venue = createBinanceVenue({ endpoint, armed: config.venue.armed, credentials, clock, offsetMs: () => offsetMs, log: (level, message, fields) => logger.child({ actor: 'venue' })[level](fields ?? {}, message) });
    const tags: [string, ...string[]] = [instanceTag(config.dataDir, systemRandom), ...(config.adoption.instanceTag === null ? [] : [config.adoption.instanceTag])];
    const stop = once((reason, code) => {
      log.info({ reason }, 'stopping');
      drainAndStop(system, tree, clock).then(
        (lives) => {
          const open = lives.filter((life) => life.phase !== 'Flat');
          log.info({ open }, open.length === 0 ? 'stopped; nothing is open' : `stopped; still open: ${open.map((life) => life.symbol).join(', ')}`);
          announce(residualExposure(lives));
          end(code);
        },
        (error: unknown) => {
          log.error({ error }, 'the stop failed');
          end(EXIT.crashed);
        },
      );
    });
    const tree: Tree = composeTree({
      system,
      clock,
      config,
      policy: config.universe.policy === null ? undefined : loadPolicy(config.universe.policy),
      journal,
      tradingState: tradingStateFile(join(config.dataDir, 'trading-state')),
      venue,
      paper: paper?.options,
      tags,
      facts,
      onClockOffset: (measured) => (offsetMs = measured),
      onListening: ({ socket, url }) => {
        log.info({ socket }, 'admin socket is open');
        if (url !== undefined && !announced) announce(`Vigil's page: ${url}`);
        announced = true;
      },
      audit: await auditTrail(journal, clock.now.bind(clock), (error) => log.error({ error }, 'an operator\'s act could not be journalled')),
      refuse(error) {
        refusal ??= error;
        stop('refused', EXIT.refused);
      },
      stop: (reason) => stop(reason, EXIT.done),
    });
    // Whatever has a life on record has an executor, in the universe or not.
    for (const entity of await journal.entities(entityOf(''))) tree.executors.member(entity.slice(entityOf('').length) as SymbolName);

    onSignals((signal) => stop(signal, EXIT.done), log);
    onLauncherGone(() => stop('the launcher is gone', EXIT.done));
    onDefects((kind, error) => {
      log.error({ error }, `${kind}: ending, to be started afresh; stops and targets stay on the exchange`);
      end(EXIT.crashed);
    });
    await system.start(tree.spec, (error) => {
      log.error({ error }, 'the root of the tree gave up');
      end(EXIT.crashed);
    });
    watch.notifyReady();
    const code = await ended.promise;
    if (refusal !== undefined) throw refusal;
    return code;
  } finally {
    await journal?.close().catch((error: unknown) => log.error({ error: messageOf(error) }, 'the journal could not be closed'));
    await watch.stop();
    alive.cancel();
    lock.release();
  }
}
