/** The process: opens what the tree needs, runs the tree, and ends in order on every way out: never by running out of work, never without last words. */
import { dirname, join } from 'node:path';
import { entityOf } from '../actors/executor/record.ts';
import { configHash, credentialsOf, intentTokensOf, loadPolicy } from '../config.ts';
import type { Config } from '../config.ts';
import { onLauncherGone, tellLauncherHolds } from '../launcher.ts';
import { chooseSocketPath } from '../operator/socket-path.ts';
import { acquireInstanceLock } from '../persistence/instance-lock.ts';
import type { Journal } from '../persistence/port.ts';
import { tradingStateFile } from '../persistence/trading-state-file.ts';
import { venueRestFile } from '../persistence/venue-rest-file.ts';
import type { VigilError } from '../protocol/errors.ts';
import type { SymbolName } from '../protocol/names.ts';
import type { ActorLog } from '../supervision/behaviour.ts';
import { keepAlive, systemClock } from '../supervision/clock.ts';
import { startLoopWatch } from '../supervision/loop/loop-watch.ts';
import type { LoopWatch } from '../supervision/loop/loop-watch.ts';
import { nactTurns } from '../supervision/nact.ts';
import { systemRandom } from '../supervision/random.ts';
import { ActorSystem } from '../supervision/system.ts';
import { createBinanceVenue } from '../venue/binance-venue.ts';
import { resolveEndpoint } from '../venue/endpoint.ts';
import { announce } from './announce.ts';
import { auditTrail } from './audit-trail.ts';
import { buildId } from './build-id.ts';
import { drainAndStop } from './drain.ts';
import { EXIT } from './exit-codes.ts';
import { instanceTag } from './instance-tag.ts';
import { refuseForeign } from './journal/families.ts';
import { logLifecycle } from './lifecycle-log.ts';
import { createLogger, partLog } from './log.ts';
import { closeWithin } from './journal/close.ts';
import { openJournal } from './journal/open.ts';
import { isNotToBeHad, openStandIn } from './journal/stand-in.ts';
import type { OpenedJournal } from './journal/open.ts';
import { paperChild } from './paper-child.ts';
import { once, onDefects, onSignals } from './process-ends.ts';
import { loadStrategies } from './strategies.ts';
import type { StrategyRoles } from './strategies.ts';
import { notOnRecord, residualExposure } from './residual.ts';
import { refsOf } from './rooms/parts.ts';
import { composeTree } from './tree.ts';
import type { Tree, TreeParts } from './tree.ts';

const clock = systemClock;

/** For a journal that is closed after the stop has used up its budget. */
const CLOSE_AT_LEAST_MS = 500;

/** What is done instead of trading, with a tree in which nobody decides to open anything. */
export interface ExitsAlone {
  /** The answer is the command's: the log goes elsewhere. */
  readonly logTo: NodeJS.WriteStream & { readonly fd: number };
  /** When the journal cannot be had, a file of its own stands in for it. */
  readonly withoutJournal: boolean;
  /** The whole of it; when it ends, the tree is stopped. */
  readonly work: (running: Running) => Promise<void>;
}

export interface Running {
  readonly system: ActorSystem;
  readonly refs: ReturnType<typeof refsOf>;
  readonly symbols: () => readonly SymbolName[];
  readonly tags: readonly string[];
  readonly audit: TreeParts['audit'];
  /** What stood in for the journal. */
  readonly standIn: string | undefined;
}

/** Why it runs, where that is not the usual. */
export interface Occasion {
  readonly exitsAlone?: ExitsAlone;
  /** The service worked here, has crashed, and may have left positions open. */
  readonly afterCrash?: boolean;
}

/** Runs until it is stopped or fails; resolves with the exit code. @throws VigilError when it refuses to start. */
export async function runService(config: Config, { exitsAlone, afterCrash = false }: Occasion = {}): Promise<number> {
  // Before anything is opened: a file of a user that cannot be loaded leaves nothing half-started.
  const strategies = exitsAlone === undefined ? await loadStrategies(config) : { live: [], shadows: [] };
  const lock = acquireInstanceLock(config.dataDir, { passing: exitsAlone !== undefined });
  tellLauncherHolds();
  const alive = keepAlive();
  const logger = createLogger(config.log, exitsAlone?.logTo);
  const log = partLog(logger, 'service');
  // Before anything is opened: a signal that comes meanwhile is the same wish as one that comes later (ruling 30).
  const signalled = Promise.withResolvers<string>();
  onSignals((signal) => signalled.resolve(signal), log);
  const watch = loopWatch(config.dataDir, log);
  let opened: OpenedJournal | undefined;
  let stoppingSince: number | undefined;
  const onStopping = () => void (stoppingSince ??= clock.monotonic());
  try {
    const ended = Promise.withResolvers<VigilError>();
    const system = new ActorSystem({ clock, random: systemRandom, turns: nactTurns, logFor: (path) => partLog(logger, path), marker: watch.marker });
    system.subscribe((event) => logLifecycle(event, logger));
    const surroundings = { clock, random: systemRandom, log, onEnded: ended.resolve };
    opened = await openJournal(config, surroundings).catch((error: unknown) => {
      if (exitsAlone?.withoutJournal !== true || !isNotToBeHad(error)) throw error;
      return openStandIn(config, surroundings, error);
    });
    await refuseForeign(opened.journal);
    // Without the journal nobody knows which positions are whose: what is there is taken over, to be closed.
    const settings: Config = opened.standIn === undefined ? config : { ...config, adoption: { ...config.adoption, unknownPositions: 'adopt' } };
    return await runTree(settings, strategies, system, opened, watch, { signalled: signalled.promise, journalEnded: ended.promise, onStopping, exitsAlone, afterCrash }, log, (level, message, fields) => logger.child({ actor: 'venue' })[level](fields ?? {}, message));
  } finally {
    onStopping();
    // What is left of the stop's budget, and in any case a moment.
    if (opened !== undefined) await closeWithin(opened, Math.max(CLOSE_AT_LEAST_MS, config.shutdown.budgetMs - (clock.monotonic() - stoppingSince!)), clock, log);
    await watch.stop();
    alive.cancel();
    lock.release();
  }
}

type VenueLog = Parameters<typeof createBinanceVenue>[0]['log'];

/** What ends the process from outside the tree. */
interface Ends {
  readonly signalled: Promise<string>;
  /** Nothing more can be recorded by this process. */
  readonly journalEnded: Promise<VigilError>;
  readonly onStopping: () => void;
  readonly exitsAlone: ExitsAlone | undefined;
  readonly afterCrash: boolean;
}

async function runTree(config: Config, strategies: StrategyRoles, system: ActorSystem, { journal, standIn, readModels, mayRedeem, onFinding }: OpenedJournal, watch: LoopWatch, { signalled, journalEnded, onStopping, exitsAlone, afterCrash }: Ends, log: ActorLog, venueLog: VenueLog): Promise<number> {
  const ended = Promise.withResolvers<number>();
  let failure: unknown;
  let stopping = false;
  let recordable = true;
  const stop = once((reason: string, code: number) => {
    stopping = true;
    onStopping();
    log.info({ reason }, 'stopping');
    clock.after(config.shutdown.budgetMs, () => {
      log.error({ budgetMs: config.shutdown.budgetMs }, 'the stop takes longer than its budget; ending all the same. Stops and targets stay on the exchange');
      ended.resolve(code);
    });
    stopInOrder(system, tree, log, { budgetMs: config.shutdown.budgetMs, recordable: () => recordable, aloud: exitsAlone === undefined }).then(
      () => ended.resolve(code),
      (error: unknown) => {
        log.error({ error }, 'the stop failed');
        ended.resolve(EXIT.crashed);
      },
    );
  });
  const parts = await partsOf(config, journal, log, venueLog);
  const tree = composeTree({
    ...parts,
    strategies,
    exitsAlone: exitsAlone !== undefined,
    afterCrash,
    system,
    readModels,
    mayRedeem,
    refuse(error) {
      failure ??= error;
      stop('refused', EXIT.refused);
    },
    stop: (reason) => stop(reason, EXIT.done),
    startAfresh: (reason) => stop(`ending, to be started afresh: ${reason}`, EXIT.startAfresh),
  });
  // Whatever has a life on record has an executor, in the universe or not.
  for (const entity of await journal.entities(entityOf(''))) tree.executors.member(entity.slice(entityOf('').length) as SymbolName);

  signalled.then((signal) => stop(signal, EXIT.done), () => {});
  journalEnded.then((error) => {
    recordable = false;
    log.error({ error }, 'the journal can no longer be written by this process');
    stop('ending, to be started afresh: the journal', EXIT.startAfresh);
  }, () => {});
  onLauncherGone(() => stop('the launcher is gone', EXIT.done));
  onDefects((kind, error) => {
    log.error({ error }, `${kind}: ending, to be started afresh; stops and targets stay on the exchange`);
    ended.resolve(EXIT.crashed);
  });
  const rootGaveUp = (error: unknown) => {
    log.error({ error }, 'the root of the tree gave up');
    ended.resolve(EXIT.crashed);
  };
  try {
    await system.start(tree.spec, rootGaveUp);
    watch.notifyReady();
    onFinding((finding) => system.tell(refsOf(system).findings, { type: 'finding', from: 'journal', finding }));
    exitsAlone?.work({ system, refs: refsOf(system), symbols: () => tree.executors.keys(), tags: parts.tags, audit: parts.audit, standIn }).then(
      () => stop('done', EXIT.done),
      (error: unknown) => {
        failure ??= error;
        stop('failed', EXIT.crashed);
      },
    );
  } catch (error) {
    // Stopped while it was still starting: the stop goes on to its end.
    if (!stopping) throw error;
  }
  const code = await ended.promise;
  if (failure !== undefined) throw failure;
  return code;
}

/** Everything the tree is composed from but the system, the strategies and the ways to end it. */
async function partsOf(config: Config, journal: Journal, log: ActorLog, venueLog: VenueLog): Promise<Omit<TreeParts, 'system' | 'strategies' | 'readModels' | 'mayRedeem' | 'refuse' | 'stop' | 'startAfresh'>> {
  const { venue: settings, dataDir } = config;
  const facts = { configHash: configHash(config), buildId: buildId(), startedAt: clock.now() };
  log.info({ ...facts, mode: settings.mode, dataDir, incarnation: journal.writerEpoch, servicePid: process.pid }, `vigil ${facts.buildId} starts, ${settings.mode} venue, start ${journal.writerEpoch}`);
  const paper = await paperChild(config);
  const endpoint = resolveEndpoint({ mode: settings.mode, armed: settings.armed, paperUrl: paper?.url ?? settings.paper.url });
  log.info({ restUrl: endpoint.restUrl, streamUrl: endpoint.streamUrl }, 'the venue');
  let offsetMs = 0;
  const venueRest = venueRestFile({ path: join(dataDir, 'venue-rest'), venue: settings.mode, now: () => clock.now(), onFailure: (reason) => log.warn({}, reason) });
  const kept = venueRest.read();
  const bannedMs = kept?.banned === true ? Math.max(0, kept.until - clock.now()) : 0;
  const announceOnce = once((url: string) => announce(`Vigil's page: ${url}`));
  return {
    clock,
    config,
    policy: config.universe.policy === null ? undefined : loadPolicy(config.universe.policy),
    journal,
    tradingState: tradingStateFile(join(dataDir, 'trading-state')),
    venue: createBinanceVenue({ endpoint, armed: settings.armed, credentials: credentialsOf(config), clock, offsetMs: () => offsetMs, bannedMs, log: venueLog }),
    venueRest,
    paper: paper?.options,
    tags: [instanceTag(dataDir, systemRandom), ...(config.adoption.instanceTag === null ? [] : [config.adoption.instanceTag])],
    intentTokens: intentTokensOf(config),
    facts,
    onClockOffset: (measured) => (offsetMs = measured),
    onListening({ socket, url }) {
      log.info({ socket }, 'the admin socket is open');
      if (url !== undefined) announceOnce(url);
    },
    audit: await auditTrail(journal, clock, log),
  };
}

async function stopInOrder(system: ActorSystem, tree: Tree, log: ActorLog, { budgetMs, recordable, aloud }: { readonly budgetMs: number; readonly recordable: () => boolean; readonly aloud: boolean }): Promise<void> {
  const { lives, unrecorded } = await drainAndStop(system, tree, clock, budgetMs, recordable);
  const open = lives.filter((life) => life.phase !== 'Flat');
  const unread = tree.executors.keys().filter((symbol) => !lives.some((life) => life.symbol === symbol));
  log.info({ open, unread }, open.length > 0 ? `stopped; still open: ${open.map((life) => life.symbol).join(', ')}` : unread.length > 0 ? 'stopped before everything was known' : 'stopped; nothing is open');
  if (unrecorded.size > 0) log.error({ unrecorded: Object.fromEntries(unrecorded) }, notOnRecord(unrecorded));
  if (aloud) announce([residualExposure(lives, unread), ...(unrecorded.size > 0 ? [notOnRecord(unrecorded)] : [])].join('\n'));
}

/** Beside the admin socket, wherever that is. */
function loopWatch(dataDir: string, log: ActorLog): LoopWatch {
  const { path, moved } = chooseSocketPath(dataDir);
  const socketPath = moved ? path.replace(/\.sock$/, '-watch.sock') : join(dirname(path), 'watch.sock');
  return startLoopWatch({ socketPath, lastWordsPath: join(dataDir, 'last-words.json'), clock, onFailure: (error) => log.error({ error }, 'the loop watch is broken; trading goes on without it') });
}
