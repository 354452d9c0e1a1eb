/**
 * The incident of the night of 2 February, in virtual time: a generator dies without a word, and nobody notices for
 * 17 hours 39 minutes. Here it dies in each way it can, and its contract bounds the silence; a watchdog that gives no
 * grace would have made the blackout itself (reference nact.md, 5.4).
 */
import { expect } from 'chai';
import { watchdogBehaviour } from '../../src/actors/watchdog.ts';
import type { WatchdogMessage } from '../../src/protocol/messages.ts';
import type { AlertView } from '../../src/protocol/read-models.ts';
import type { Behaviour, Outcome } from '../../src/supervision/behaviour.ts';
import { same } from '../../src/supervision/behaviour.ts';
import { worker } from '../../src/supervision/child-spec.ts';
import type { FlowContract } from '../../src/supervision/flow/flow-contract.ts';
import type { Ref, Tagged } from '../../src/supervision/ref.ts';
import type { RestartPolicy } from '../../src/supervision/tree/restart-budget.ts';
import { Probe } from '../kit/probe.ts';
import { World } from '../kit/world.ts';

const PATH = 'generator/incident';
const CYCLE_MS = 60_000;
const BLACKOUT_MS = (17 * 60 + 39) * 60_000;
const DIES_AT_MS = 30 * 60_000;
const CONTRACT: FlowContract = { edge: 'evaluation', producer: PATH, everyMs: 2 * CYCLE_MS, graceMs: 180_000, windowMs: 600_000, minimum: 5, restarts: { limit: 5, windowMs: 3_600_000 }, needs: [] };
/** Silence at most: what is expected, then one restart and its first cycle; a few looks besides. */
const NOTICED_MS = CONTRACT.everyMs! + 10_000;
/** A night of looks each second would be the same, and take its time. */
const LOOK_EVERY_MS = 5_000;

/** How the next incarnations end; taken one by one, and then they are well. */
type Death = 'hang' | 'throw' | 'quiet';
type Message = { readonly type: 'cycle' } | { readonly type: 'evaluated'; readonly outcome: Outcome<void> };

interface Scene {
  /** Deaths to come, each for one incarnation; `for ever`: the last repeats. */
  deaths: Death[];
  forEver: boolean;
  /** How long an incarnation needs before its first evaluation. */
  startsInMs: number;
  /** When it evaluated. */
  readonly evaluatedAt: number[];
}

/** Evaluates each minute as an effect, as one does that asks a model; its next cycle is set when the last has come back. */
function generator(watchdog: Ref<WatchdogMessage>, scene: Scene, now: () => number, diesFrom: number): Behaviour<Message, { dying: Death | undefined }> {
  return {
    role: 'generator', purpose: 'evaluates', consumes: { cycle: '', evaluated: '' }, emits: [], mailbox: { capacity: 10, overflow: 'reject', onRestart: 'flush' },
    init(ctx) {
      ctx.timers.once('cycle', scene.startsInMs, { type: 'cycle' });
      return { dying: undefined };
    },
    receive(state, message, ctx) {
      if (message.type === 'cycle') {
        if (now() >= diesFrom && state.dying === undefined) state.dying = scene.forEver ? scene.deaths[0] : scene.deaths.shift();
        if (state.dying === 'throw') throw new TypeError('a format error in a fallback');
        if (state.dying === 'quiet') return same;
        const never = state.dying === 'hang';
        ctx.effect({ name: 'evaluate', deadlineMs: never ? 1e12 : 5_000, run: () => (never ? Promise.withResolvers<void>().promise : Promise.resolve()), report: (outcome) => ({ type: 'evaluated', outcome }) });
        return same;
      }
      scene.evaluatedAt.push(now());
      ctx.tell(watchdog, { type: 'flowed', edge: 'evaluation', outcomes: { HOLD: 1 } });
      ctx.timers.once('cycle', CYCLE_MS, { type: 'cycle' });
      return same;
    },
    view: () => null,
  };
}

async function night(scene: Partial<Scene> & { readonly contract?: Partial<FlowContract>; readonly policy?: Partial<RestartPolicy>; readonly watched?: boolean; readonly diesAtMs?: number }) {
  const world = new World();
  const { system, clock } = world;
  const played: Scene = { deaths: [], forEver: false, startsInMs: 0, evaluatedAt: [], ...scene };
  const watchdog = system.ref<WatchdogMessage>('watchdog');
  const begin = clock.now();
  const tradingState = new Probe<{ readonly type: 'causes' }>(world, 'trading-state');
  const kills: number[] = [];
  const behaviour = watchdogBehaviour({ contracts: scene.watched === false ? [] : [{ ...CONTRACT, ...scene.contract }], tree: () => system.tree(), kill(path, reason) {
    kills.push(clock.now() - begin);
    system.control(path, 'kill', reason);
  }, tradingState: tradingState.ref as never, startAfresh: () => undefined, lookEveryMs: LOOK_EVERY_MS });
  await world.start(
    tradingState.spec,
    worker(system.ref<Message>(PATH), generator(watchdog, played, () => clock.now(), begin + (scene.diesAtMs ?? DIES_AT_MS)), { policy: scene.policy ?? {} }),
    worker(watchdog as unknown as Ref<Tagged>, behaviour as unknown as Behaviour<Tagged, unknown>),
  );
  await world.advance(DIES_AT_MS + BLACKOUT_MS + 3_600_000);
  const moments = [begin, ...played.evaluatedAt, clock.now()];
  const longestSilenceMs = Math.max(...moments.slice(1).map((at, index) => at - moments[index]!));
  const answer = system.ask(watchdog, { type: 'get-alerts' }, 1_000);
  await world.settle();
  const alerts = (await answer) as readonly AlertView[];
  const alertedAt = world.logs.filter((line) => line.path === 'watchdog' && line.message.startsWith('alert: ')).length;
  return { kills, longestSilenceMs, alerts: alerts.map((alert) => alert.name), alertedAt, node: system.inspect(PATH)! };
}

describe('the incident', function () {
  this.timeout(60_000);

  for (const death of ['hang', 'throw', 'quiet'] as const) {
    it(`a generator that ends in a ${death} is noticed within its contract and evaluates again`, async () => {
      const { kills, longestSilenceMs, alerts, node } = await night({ deaths: [death] });
      expect(longestSilenceMs).to.be.at.most(NOTICED_MS);
      expect(node).to.include({ incarnation: 2, status: 'running', restarts: 1 });
      expect(kills, 'a throw is its supervisor\'s to mend').to.have.length(death === 'throw' ? 0 : 1);
      expect(alerts).to.deep.equal([]);
    });
  }

  it('without a contract a hang or a quiet end lasts the whole night: this is what it is for', async () => {
    for (const death of ['hang', 'quiet'] as const) {
      const { longestSilenceMs, node } = await night({ deaths: [death], watched: false });
      expect(longestSilenceMs).to.be.greaterThan(BLACKOUT_MS);
      expect(node).to.include({ incarnation: 1, status: 'running' });
    }
  });

  it('one that dies again after each restart, in one way after the other, evaluates again in the end', async () => {
    const { longestSilenceMs, node, alerts } = await night({ deaths: ['hang', 'quiet', 'throw', 'hang', 'quiet'] });
    expect(longestSilenceMs).to.be.at.most(CONTRACT.everyMs! + 4 * CONTRACT.graceMs + 20_000);
    expect(node).to.include({ incarnation: 6, status: 'running' });
    expect(alerts).to.deep.equal([]);
  });

  it('one that cannot be mended is restarted five times an hour and told of all the while: an alert, not a loop (ruling 27)', async () => {
    for (const death of ['hang', 'quiet'] as const) {
      const { kills, alerts, alertedAt } = await night({ deaths: [death], forEver: true });
      for (const from of kills) expect(kills.filter((at) => at >= from && at < from + 3_600_000).length).to.be.at.most(5);
      expect(kills.length, 'and goes on being tried').to.be.greaterThan(50);
      expect(alerts).to.deep.equal(['flow-silent/evaluation']);
      expect(alertedAt, 'raised once').to.equal(1);
    }
  });

  it('counts its restarts in the budget of the generator, and does not go beyond it', async () => {
    const { kills, alerts, node } = await night({ deaths: ['quiet'], forEver: true, policy: { limit: 2, windowMs: 100 * 3_600_000 } });
    expect(kills).to.have.length(2);
    expect(node.restartBudget).to.include({ used: 2, limit: 2 });
    expect(node).to.include({ incarnation: 3, status: 'running' });
    expect(alerts).to.deep.equal(['flow-silent/evaluation']);
  });

  it('one that throws for ever is retried slowly by its supervisor, and told of as silent and as spent', async () => {
    const { kills, alerts } = await night({ deaths: ['throw'], forEver: true });
    expect(kills).to.deep.equal([]);
    expect(alerts).to.have.members(['flow-silent/evaluation', `restarts-spent/${PATH}`]);
  });

  describe('a healthy generator that takes two and a half minutes to start', () => {
    const slow = { startsInMs: 150_000, deaths: ['quiet'] as Death[] };

    it('is given its grace, and is never killed for it', async () => {
      const { kills, longestSilenceMs, node } = await night(slow);
      expect(kills, 'once, for going quiet').to.have.length(1);
      expect(longestSilenceMs).to.be.at.most(NOTICED_MS + slow.startsInMs);
      expect(node).to.include({ incarnation: 2, status: 'running' });
    });

    it('is killed for ever by a watchdog without grace: the whole blackout, self-made', async () => {
      const graceless = await night({ ...slow, contract: { graceMs: 0, restarts: { limit: Infinity, windowMs: 1 } }, policy: { limit: 1_000_000, windowMs: 1_000, backoff: { minMs: 100, maxMs: 100 } } });
      expect(graceless.kills.length).to.be.greaterThan(5_000);
      expect(graceless.longestSilenceMs).to.be.greaterThan(BLACKOUT_MS);
    });
  });
});
