/** The service's tree as it is composed, never started: for what must hold for every path of it. */
import { loadConfig, loadPolicy } from '../../src/config.ts';
import type { Config } from '../../src/config.ts';
import type { SymbolName } from '../../src/protocol/names.ts';
import { PROJECT_ROOT } from '../../src/service/build-id.ts';
import { loadStrategies } from '../../src/service/strategies.ts';
import { composeTree } from '../../src/service/tree.ts';
import type { ChildSpec } from '../../src/supervision/child-spec.ts';
import type { Venue } from '../../src/venue/port.ts';
import { MemoryJournal } from './memory-journal.ts';
import { World } from './world.ts';

export function defaultConfig(...sets: readonly string[]): Config {
  return loadConfig({ files: [], env: {}, sets: ['operator.http.listen=off', ...sets], dataDir: '/nowhere', projectRoot: PROJECT_ROOT });
}

/** What `generator.strategies` and `generator.shadows` are by default. */
const DEFAULT_STRATEGIES = await loadStrategies(defaultConfig());

/** Every path: the root, supervisors, workers, one executor. */
export function composedPaths(config: Config = defaultConfig(), strategies = DEFAULT_STRATEGIES): readonly string[] {
  return composedSpecs(config, strategies).map((spec) => spec.path);
}

/** The same, as they are specified. */
export function composedSpecs(config: Config = defaultConfig(), strategies = DEFAULT_STRATEGIES): readonly ChildSpec[] {
  const { system, clock } = new World();
  const ignore = () => undefined;
  // Nothing is started, so nothing of the venue is asked for.
  const venue = { gateway: {}, marketStreams: {}, listenKeys: {}, userStream: {} } as unknown as Venue;
  const tree = composeTree({ system, clock, config, policy: loadPolicy(config.universe.policy!), strategies, journal: new MemoryJournal(), venueRest: { read: () => undefined, write: () => undefined }, readModels: { show: async () => undefined, close: ignore }, tradingState: { read: ignore, write: ignore }, venue, paper: {}, tags: ['test'], intentTokens: new Map(), facts: { configHash: '', buildId: '', startedAt: 0 }, mayRedeem: () => undefined, onClockOffset: ignore, onListening: ignore, audit: ignore, refuse: ignore, stop: ignore, startAfresh: ignore });
  const specsOf = (spec: ChildSpec): ChildSpec[] => [spec, ...(spec.kind === 'supervisor' ? spec.children.flatMap(specsOf) : [])];
  return [...specsOf(tree.spec), tree.executorSpec('GPSUSDT' as SymbolName)];
}
