/** The process: opens what the tree needs, runs the tree, and ends in order on every way out: never by running out of work, never without last words. */
import { createServer } from 'node:net';
import { join } from 'node:path';
import { entityOf } from './actors/executor/record.ts';
import { buildId } from './build-id.ts';
import { configHash, credentialsOf, loadPolicy, readHostPort } from './config.ts';
import type { Config } from './config.ts';
import { instanceTag } from './instance-tag.ts';
import { onLauncherGone } from './launcher.ts';
import { createLogger, partLog } from './log.ts';
import type { AuditEntry } from './operator/options.ts';
import { acquireInstanceLock } from './persistence/instance-lock.ts';
import { openSqliteJournal } from './persistence/sqlite-journal.ts';
import { tradingStateFile } from './persistence/trading-state-file.ts';
import type { Journal } from './persistence/port.ts';
import { messageOf } from './protocol/errors.ts';
import type { VigilError } from './protocol/errors.ts';
import type { LifeView } from './protocol/messages.ts';
import type { SymbolName } from './protocol/names.ts';
import { residualExposure } from './residual.ts';
import { keepAlive, sleep, systemClock } from './supervision/clock.ts';
import type { LifecycleEvent } from './supervision/inspection.ts';
import { startLoopWatch } from './supervision/loop-watch.ts';
import { nactTurns } from './supervision/nact.ts';
import { systemRandom } from './supervision/random.ts';
import { ActorSystem } from './supervision/system.ts';
import { composeTree } from './tree.ts';
import type { Tree } from './tree.ts';
import { createBinanceVenue } from './venue/binance-venue.ts';
import { resolveEndpoint } from './venue/endpoint.ts';

/** Exit codes of the service: the launcher starts it again after a crash, and not after the others. */
export const EXIT = { done: 0, refused: 2, crashed: 70 } as const;

/** How long openings under way may come to rest before the tree is stopped. */
const DRAIN_MS = 2_000;
const DRAIN_STEP_MS = 50;
/** A second signal within this time is the same wish (ruling 30). */
const REPEAT_MS = 2_000;

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
    system.subscribe((event) => tell(event, logger));

    let offsetMs = 0;
    let refusal: VigilError | undefined;
    const paper = await paperOptions(config);
    const endpoint = resolveEndpoint({ mode: config.venue.mode, armed: config.venue.armed, paperUrl: paper?.url ?? config.venue.paper.url });
    const credentials = config.venue.mode === 'paper' ? { apiKey: config.venue.apiKey ?? 'paper', apiSecret: config.venue.apiSecret ?? 'paper' } : credentialsOf(config);
    log.info({ restUrl: endpoint.restUrl, streamUrl: endpoint.streamUrl }, 'venue');
    const venue = createBinanceVenue({ endpoint, armed: config.venue.armed, credentials, clock, offsetMs: () => offsetMs, log: (level, message, fields) => logger.child({ actor: 'venue' })[level](fields ?? {}, message) });
    const tags: [string, ...string[]] = [instanceTag(config.dataDir, systemRandom), ...(config.adoption.instanceTag === null ? [] : [config.adoption.instanceTag])];
    const stop = onceStop((reason, code) => {
      log.info({ reason }, 'stopping');
      drainAndStop(system, tree, clock.monotonic()).then(
        (lives) => {
          process.stdout.write(`${residualExposure(lives)}\n`);
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
      paper: paper?.child,
      tags,
      facts,
      onClockOffset: (measured) => (offsetMs = measured),
      onListening: ({ socket, url }) => {
        log.info({ socket }, 'admin socket is open');
        if (url !== undefined) process.stdout.write(`Vigil's page: ${url}\n`);
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

/** No new opening, then a moment for those under way, then the tree in reverse order. Returns what is left. */
async function drainAndStop(system: ActorSystem, tree: Tree, startedAt: number): Promise<readonly LifeView[]> {
  for (const path of tree.openers) system.control(path, 'suspend', 'stopping');
  tree.epochs.advance();
  const lives = () => tree.executors.keys().map((symbol) => (system.inspect(`executor/${symbol}`) as { state?: { life?: LifeView } } | undefined)?.state?.life).filter((life) => life !== undefined);
  while (systemClock.monotonic() - startedAt < DRAIN_MS && lives().some((life) => life.phase === 'Opening' || life.plan?.stage === 'pending')) await sleep(systemClock, DRAIN_STEP_MS);
  const left = lives();
  await system.stop('stopping');
  return left;
}

/** The paper exchange's process and the address it will have: chosen here, so that a restarted child is found where it was. */
async function paperOptions(config: Config): Promise<{ readonly url: string; readonly child: object } | undefined> {
  if (config.venue.mode !== 'paper' || config.venue.paper.url !== undefined) return undefined;
  const { host, port } = readHostPort(config.paper.listen)!;
  const fixed = port === 0 ? await freePort(host) : port;
  const { seed, balance, replay, speed, replayHistory, replayAlign } = config.paper;
  const child = {
    host,
    port: fixed,
    balance,
    stateDir: join(config.dataDir, 'paper'),
    ...(seed === null ? {} : { seed }),
    ...(replay === null ? {} : { replay: { dir: replay, speed, history: replayHistory, align: replayAlign } }),
  };
  return { url: `http://${host.includes(':') ? `[${host}]` : host}:${fixed}`, child };
}

function freePort(host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, host, () => {
      const address = probe.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}

/** Every act of an operator goes into the journal, with its reason. */
async function auditTrail(journal: Journal, now: () => number, onFailure: (error: unknown) => void): Promise<(entry: AuditEntry) => void> {
  let sequence = (await journal.read('operator')).at(-1)?.sequence ?? 0;
  return (entry) => {
    journal.append([{ entity: 'operator', sequence: ++sequence, type: 'OperatorActed', version: 1, at: now(), payload: entry }]).catch(onFailure);
  };
}

function onceStop(run: (reason: string, code: number) => void): (reason: string, code: number) => void {
  let stopping = false;
  return (reason, code) => {
    if (stopping) return;
    stopping = true;
    run(reason, code);
  };
}

function onSignals(stop: (signal: string) => void, log: { warn(fields: object, message: string): void }): void {
  let first: number | undefined;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      const now = systemClock.monotonic();
      if (first !== undefined && now - first < REPEAT_MS) return;
      if (first !== undefined) log.warn({ signal }, 'already stopping');
      first ??= now;
      stop(signal);
    });
  }
}

function onDefects(end: (kind: string, error: unknown) => void): void {
  process.on('uncaughtException', (error) => end('uncaught exception', error));
  process.on('unhandledRejection', (error) => end('unhandled rejection', error));
}

/** What happens in the tree, told as it happens. */
function tell(event: LifecycleEvent, logger: ReturnType<typeof createLogger>): void {
  const { type, ...fields } = event;
  const actor = 'path' in event ? event.path : event.to;
  const child = logger.child({ actor });
  switch (event.type) {
    case 'crashed':
      return child.error({ incarnation: event.incarnation, during: event.crash.during, stack: event.crash.stack }, `crashed: ${event.crash.reason}`);
    case 'budget-spent':
      return child.error(fields, 'restarts are used up: trying again slowly, for ever');
    case 'restarting':
      return child.warn(fields, `restarting in ${event.inMs} ms`);
    case 'dead-letter':
      return child.debug(fields, `dead letter: ${event.message} (${event.reason})`);
    case 'started':
      return event.incarnation > 1 ? child.info({ incarnation: event.incarnation }, 'running again') : child.debug({ incarnation: event.incarnation }, 'running');
    case 'stopped':
    case 'suspended':
    case 'resumed':
      return child.debug(fields, type);
  }
}
