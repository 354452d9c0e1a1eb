/** OTP 25's supervisor_SUITE, case by case and by name, in our terms; what became of each case is in cases/otp-supervisor.ts. */
import { expect } from 'chai';
import type { ExitKind } from '../../src/supervision/behaviour.ts';
import { faultsOf, worker } from '../../src/supervision/child-spec.ts';
import type { AutoShutdown, ChildSpec, Strategy, SupervisorOptions } from '../../src/supervision/child-spec.ts';
import type { RestartType } from '../../src/supervision/inspection.ts';
import type { Shutdown } from '../../src/supervision/tree/node.ts';
import type { Intensity } from '../../src/supervision/tree/restart-budget.ts';
import type { ChildResult } from '../../src/supervision/tree/requests.ts';
import type { Supervisor } from '../../src/supervision/tree/supervisor.ts';
import { Stage } from './kit.ts';
import type { Init, Puppet } from './kit.ts';

const HOUR_MS = 3_600_000;

/** OTP's default is one restart in five seconds. */
function intensity(limit: number, windowMs = HOUR_MS): { readonly intensity: Intensity } {
  return { intensity: { limit, windowMs, whenSpent: 'escalate' } };
}

function expectDone(result: ChildResult): void {
  expect(result).to.include({ ok: true });
}

function expectRefused(result: ChildResult, error: string): void {
  expect(result).to.include({ ok: false, error });
}

/** Starts once, and never again. */
const onlyOnce = (start: number): Init => (start === 1 ? 'run' : 'fail');

/** Nobody ended: neither these nor their supervisor, for a second. */
async function expectQuiet(stage: Stage, ...paths: readonly string[]): Promise<void> {
  const before = paths.map((path) => stage.exits(path).length);
  await stage.world.advance(1_000);
  expect(paths.map((path) => stage.exits(path).length)).to.deep.equal(before);
  for (const path of paths) expect(stage.alive(path), path).to.equal(true);
}

/** Each child as `path state`. */
function states(sup: Supervisor): readonly string[] {
  return sup.whichChildren().map((child) => `${child.path} ${child.state}`);
}

async function faultsAtStart(children: readonly ChildSpec[], options: SupervisorOptions = {}): Promise<string> {
  const stage = new Stage();
  let failure: unknown;
  await stage.startSupervisor(children, options).catch((error: unknown) => (failure = error));
  expect(failure, 'refused').to.be.instanceOf(TypeError);
  expect(stage.world.system.inspect('sup'), 'nothing was started').to.equal(undefined);
  return (failure as TypeError).message;
}

describe('supervisor_SUITE', () => {
  describe('sup_start', () => {
    it('sup_start_normal', async () => {
      const stage = new Stage();
      await stage.startSupervisor([], intensity(2));
      expect(stage.alive('sup')).to.equal(true);
      await stage.stop();
      expect(stage.exits('sup')).to.deep.equal(['shutdown']);
    });

    it('sup_start_ignore_child', async () => {
      const stage = new Stage();
      const sup = await stage.startSupervisor([], intensity(2));
      expectDone(await stage.now(sup.startChild(stage.puppet('child1', { init: 'ignore' }).spec())));
      expectDone(await stage.now(sup.startChild(stage.puppet('child2').spec())));
      expect(states(sup)).to.deep.equal(['child1 stopped', 'child2 running']);
      expect(stage.counts()).to.deep.equal([2, 1, 0, 2]);
    });

    it('sup_start_ignore_temporary_child', async () => {
      const stage = new Stage();
      const sup = await stage.startSupervisor([stage.puppet('child1', { init: 'ignore' }).spec({ restart: 'temporary' }), stage.puppet('child2').spec({ restart: 'temporary' })], intensity(2));
      expect(states(sup)).to.deep.equal(['child2 running']);
      expect(stage.counts()).to.deep.equal([1, 1, 0, 1]);
    });

    it('sup_start_ignore_temporary_child_start_child', async () => {
      const stage = new Stage();
      const sup = await stage.startSupervisor([], intensity(2));
      expectDone(await stage.now(sup.startChild(stage.puppet('child1', { init: 'ignore' }).spec({ restart: 'temporary' }))));
      expectDone(await stage.now(sup.startChild(stage.puppet('child2').spec({ restart: 'temporary' }))));
      expect(states(sup)).to.deep.equal(['child2 running']);
      expect(stage.counts()).to.deep.equal([1, 1, 0, 1]);
    });

    it('sup_start_ignore_temporary_child_start_child_simple', async () => {
      const stage = new Stage();
      const sup = await stage.startSupervisor([], { strategy: 'dynamic', ...intensity(2) });
      expectDone(await stage.now(sup.startChild(stage.puppet('child1', { init: 'ignore' }).spec({ restart: 'temporary' }))));
      expectDone(await stage.now(sup.startChild(stage.puppet('child2').spec({ restart: 'temporary' }))));
      expect(states(sup)).to.deep.equal(['child2 running']);
      expect(stage.counts()).to.deep.equal([1, 1, 0, 1]);
    });

    it('sup_start_ignore_permanent_child_start_child_simple', async () => {
      const stage = new Stage();
      const sup = await stage.startSupervisor([], { strategy: 'dynamic', ...intensity(2) });
      expectDone(await stage.now(sup.startChild(stage.puppet('child1', { init: 'ignore' }).spec())));
      expectDone(await stage.now(sup.startChild(stage.puppet('child2').spec())));
      expect(states(sup)).to.deep.equal(['child2 running']);
      expect(stage.counts()).to.deep.equal([1, 1, 0, 1]);
      await stage.stop();
      expect(stage.exits('sup')).to.deep.equal(['shutdown']);
    });

    it('sup_start_error_return', async () => {
      const { system } = new Stage().world;
      let failure: unknown;
      await system.start('invalid' as never, () => undefined).catch((error: unknown) => (failure = error));
      expect(failure).to.be.instanceOf(TypeError).with.property('message').that.matches(/^a specification is invalid;/);
      expect(system.supervisor('vigil')).to.equal(undefined);
    });

    it('sup_start_fail', async () => {
      const stage = new Stage();
      const sup = await stage.startSupervisor([]);
      const failing: ChildSpec = {
        ...stage.puppet('child1').spec(),
        make: () => {
          throw new Error('badmatch');
        },
      };
      const result = await stage.now(sup.startChild(stage.supervisor('sup1', [stage.puppet('child0').spec(), failing])));
      expectRefused(result, 'failed-to-start');
      expect(result).to.have.property('reason').that.matches(/badmatch/);
      for (const path of ['sup1', 'child0', 'child1']) expect(stage.world.system.inspect(path), path).to.equal(undefined);
      expectDone(await stage.now(sup.startChild(stage.supervisor('sup1', [stage.puppet('child0').spec()]))));
    });

    it('sup_start_restart_child_returns_error', async () => {
      const stage = new Stage();
      const sup = await stage.startSupervisor([stage.puppet('child1', { init: onlyOnce }).spec()], intensity(2));
      expectDone(await stage.now(sup.terminateChild('child1')));
      const result = await stage.now(sup.restartChild('child1'));
      expectRefused(result, 'failed-to-start');
      expect(result).to.have.property('reason').that.matches(/child1 cannot start/);
      expect(states(sup)).to.deep.equal(['child1 stopped']);
      expect(stage.counts()).to.deep.equal([1, 0, 0, 1]);
    });

    it('sup_start_child_returns_error', async () => {
      const stage = new Stage();
      const sup = await stage.startSupervisor([], intensity(2));
      const thrower = stage.puppet('child2');
      const throwing = (): never => {
        throw new Error('before anything was awaited');
      };
      expectRefused(await stage.now(sup.startChild(stage.puppet('child1', { init: 'fail' }).spec())), 'failed-to-start');
      expectRefused(await stage.now(sup.startChild(worker(thrower.ref, { ...thrower.behaviour(), init: throwing }))), 'failed-to-start');
      expect(states(sup)).to.deep.equal([]);
      expect(stage.alive('sup')).to.equal(true);
      expect(stage.world.system.inspect('child1')).to.equal(undefined);
    });

    it('sup_start_child_returns_error_simple', async () => {
      const stage = new Stage();
      const sup = await stage.startSupervisor([], { strategy: 'dynamic', ...intensity(2) });
      for (const path of ['child1', 'child2']) expectRefused(await stage.now(sup.startChild(stage.puppet(path, { init: 'fail' }).spec())), 'failed-to-start');
      expect(states(sup)).to.deep.equal([]);
      expect(stage.alive('sup')).to.equal(true);
    });
  });

  describe('sup_start_map', () => {
    it('sup_start_map', async () => {
      const stage = new Stage();
      const sup = await stage.startSupervisor([stage.puppet('child1').spec(), stage.puppet('child2').spec({ shutdown: 'brutal' }), stage.supervisor('child3', [])]);
      expect(sup.childSpec('child1')).to.include({ path: 'child1', restart: 'permanent', shutdown: 2_000, kind: 'worker', significant: false });
      expect(sup.childSpec('child2')).to.include({ path: 'child2', restart: 'permanent', shutdown: 'brutal', kind: 'worker', significant: false });
      expect(sup.childSpec('child3')).to.include({ path: 'child3', restart: 'permanent', shutdown: 'infinity', kind: 'supervisor', significant: false });
      expect(sup.childSpec('child4')).to.equal(undefined);
      await stage.stop();
    });

    it('sup_start_map_simple', async () => {
      const stage = new Stage();
      const sup = await stage.startSupervisor([], { strategy: 'dynamic' });
      for (const path of ['child1', 'child2', 'child3']) expectDone(await stage.now(sup.startChild(stage.puppet(path).spec({ restart: 'temporary' }))));
      for (const path of ['child1', 'child2', 'child3']) expect(sup.childSpec(path)).to.include({ path, restart: 'temporary', shutdown: 2_000, kind: 'worker', significant: false });
      expect(sup.childSpec('observer'), 'not its child').to.equal(undefined);
      await stage.stop();
    });

    it('sup_start_map_faulty_specs', async () => {
      const stage = new Stage();
      const whole = stage.puppet('child').spec();
      const { path: _path, ...nameless } = whole;
      const { make: _make, ...lifeless } = whole;
      expect(await faultsAtStart([nameless as ChildSpec])).to.match(/^\(no path\): path is undefined; give each child a path/);
      expect(await faultsAtStart([lifeless as ChildSpec])).to.match(/^child: make is undefined;/);
      expect(await faultsAtStart(['child4' as never])).to.match(/^a specification is child4;/);
      const silly = { ...stage.puppet('child3').spec(), sillyFlag: true };
      const sup = await stage.startSupervisor([silly]);
      expect(states(sup)).to.deep.equal(['child3 running']);
    });
  });

  describe('sup_stop', () => {
    it('sup_stop_infinity', async () => {
      const stage = new Stage();
      const sup = await stage.startSupervisor([], intensity(2));
      expectDone(await stage.now(sup.startChild(stage.supervisor('child1', [], { shutdown: 'infinity' }))));
      expectDone(await stage.now(sup.startChild(stage.puppet('child2', { terminate: 30_000 }).spec({ shutdown: 'infinity' }))));
      expect(await stage.stop()).to.equal(30_000);
      for (const path of ['child1', 'child2', 'sup']) expect(stage.exits(path), path).to.deep.equal(['shutdown']);
    });

    it('sup_stop_timeout', async () => {
      const stage = new Stage();
      const sup = await stage.startSupervisor([], intensity(2));
      await stage.now(sup.startChild(stage.puppet('child1').spec({ shutdown: 1_000 })));
      await stage.now(sup.startChild(stage.puppet('child2', { terminate: 200_000 }).spec({ shutdown: 1_000 })));
      expect(await stage.stop()).to.equal(1_000);
      expect(stage.exits('child1')).to.deep.equal(['shutdown']);
      expect(stage.exits('child2')).to.deep.equal(['killed']);
    });

    it('sup_stop_timeout_dynamic', async () => {
      const stage = new Stage();
      const sup = await stage.startSupervisor([], { strategy: 'dynamic', ...intensity(2) });
      await stage.now(sup.startChild(stage.puppet('child1').spec({ restart: 'temporary', shutdown: 1_000 })));
      await stage.now(sup.startChild(stage.puppet('child2', { terminate: 200_000 }).spec({ restart: 'temporary', shutdown: 1_000 })));
      expect(await stage.stop()).to.equal(1_000);
      expect(stage.exits('sup')).to.deep.equal(['shutdown']);
      expect(stage.exits('child1')).to.deep.equal(['shutdown']);
      expect(stage.exits('child2')).to.deep.equal(['killed']);
    });

    it('sup_stop_brutal_kill', async () => {
      const stage = new Stage();
      const sup = await stage.startSupervisor([], intensity(2));
      await stage.now(sup.startChild(stage.puppet('child1').spec({ shutdown: 1_000 })));
      await stage.now(sup.startChild(stage.puppet('child2').spec({ shutdown: 'brutal' })));
      expect(await stage.stop()).to.equal(0);
      expect(stage.exits('child1')).to.deep.equal(['shutdown']);
      expect(stage.exits('child2')).to.deep.equal(['killed']);
      expect(stage.order, 'nothing was asked of it').not.to.include('stop child2');
    });

    it('sup_stop_brutal_kill_dynamic', async () => {
      const stage = new Stage();
      const sup = await stage.startSupervisor([], { strategy: 'dynamic', ...intensity(2) });
      const paths = Array.from({ length: 10 }, (_, index) => `child${index}`);
      for (const path of paths) await stage.now(sup.startChild(stage.puppet(path).spec({ restart: 'temporary', shutdown: 'brutal' })));
      await stage.stop();
      expect(stage.exits('sup')).to.deep.equal(['shutdown']);
      for (const path of paths) expect(stage.exits(path), path).to.deep.equal(['killed']);
    });

    it('sup_stop_race', async () => {
      const stage = new Stage();
      const sup = await stage.startSupervisor([], intensity(2));
      await stage.now(sup.startChild(stage.puppet('child-a').spec({ restart: 'temporary', shutdown: 1_000 })));
      const racers: { readonly puppet: Puppet; readonly kind: ExitKind }[] = [];
      for (const restart of ['temporary', 'transient', 'permanent'] as const) {
        for (const kind of ['normal', 'shutdown', 'crashed', 'killed'] as const) {
          const puppet = stage.puppet(`child-${restart}-${kind}`);
          racers.push({ puppet, kind });
          await stage.now(sup.startChild(puppet.spec({ restart, shutdown: 1_000 })));
        }
      }
      await stage.now(sup.startChild(stage.puppet('child-z', { terminate: 1_000 }).spec({ restart: 'temporary', shutdown: 2_000 })));
      const stopping = stage.find('vigil').terminateChild('sup');
      await stage.world.advance(200);
      for (const { puppet, kind } of racers) await puppet.end(kind);
      await stage.within(10_000, stopping);
      expect(stage.exits('sup')).to.deep.equal(['shutdown']);
      expect(stage.exits('child-z')).to.deep.equal(['shutdown']);
      for (const { puppet, kind } of racers) {
        expect(stage.exits(puppet.path), puppet.path).to.deep.equal([kind]);
        expect(puppet.starts, puppet.path).to.equal(1);
      }
      expect(stage.exits('child-a')).to.deep.equal(['shutdown']);
    });

    it('sup_stop_non_shutdown_exit_dynamic', async () => {
      for (const restart of ['temporary', 'transient', 'permanent'] as const) {
        const stage = new Stage();
        const sup = await stage.startSupervisor([], { strategy: 'dynamic', ...intensity(2) });
        for (const terminate of ['end', 'fail', 'hang'] as const) await stage.now(sup.startChild(stage.puppet(terminate, { terminate }).spec({ restart, shutdown: 5_000 })));
        expect(await stage.stop()).to.equal(5_000);
        expect(stage.exits('sup')).to.deep.equal(['shutdown']);
        expect(stage.exits('end')).to.deep.equal(['shutdown']);
        expect(stage.exits('fail')).to.deep.equal(['crashed']);
        expect(stage.exits('hang')).to.deep.equal(['killed']);
      }
    });
  });

  describe('all', () => {
    it('child_adm', async () => {
      const stage = new Stage();
      const child = stage.puppet('child1').spec({ shutdown: 1_000 });
      const sup = await stage.startSupervisor([child], intensity(2));
      expect(stage.children()).to.deep.equal(['child1 running 1']);
      expect(stage.counts()).to.deep.equal([1, 1, 0, 1]);
      expect(stage.world.system.supervisor('foo'), 'no such supervisor').to.equal(undefined);
      expectRefused(await stage.now(sup.startChild(child)), 'already-started');

      expectRefused(await stage.now(sup.terminateChild('hej')), 'not-found');
      expectDone(await stage.now(sup.terminateChild('child1')));
      expect(stage.exits('child1')).to.deep.equal(['shutdown']);
      expect(states(sup)).to.deep.equal(['child1 stopped']);
      expect(stage.counts()).to.deep.equal([1, 0, 0, 1]);
      expectDone(await stage.now(sup.terminateChild('child1')));
      expectRefused(await stage.now(sup.startChild(child)), 'already-present');

      expectDone(await stage.now(sup.restartChild('child1')));
      expect(stage.children()).to.deep.equal(['child1 running 2']);
      expect(stage.counts()).to.deep.equal([1, 1, 0, 1]);
      expectRefused(await stage.now(sup.restartChild('child1')), 'running');
      expectRefused(await stage.now(sup.restartChild('child2')), 'not-found');

      expectRefused(await stage.now(sup.deleteChild('child1')), 'running');
      expectRefused(await stage.now(sup.deleteChild('hej')), 'not-found');
      expectDone(await stage.now(sup.terminateChild('child1')));
      expectDone(await stage.now(sup.deleteChild('child1')));
      expectRefused(await stage.now(sup.restartChild('child1')), 'not-found');
      expect(states(sup)).to.deep.equal([]);
      expect(stage.counts()).to.deep.equal([0, 0, 0, 0]);

      expectDone(await stage.now(sup.startChild(child)));
      expect(stage.children(), 'above every number given before').to.deep.equal(['child1 running 3']);
      expect(stage.counts()).to.deep.equal([1, 1, 0, 1]);
      expectRefused(await stage.now(sup.terminateChild('observer')), 'not-found');
      expect(stage.alive('observer'), 'another supervisor\'s').to.equal(true);
    });

    it('child_adm_simple', async () => {
      const stage = new Stage();
      const sup = await stage.startSupervisor([], { strategy: 'dynamic', ...intensity(2) });
      expect(states(sup)).to.deep.equal([]);
      expect(stage.counts()).to.deep.equal([0, 0, 0, 0]);

      for (const path of ['child1', 'child2']) expectDone(await stage.now(sup.startChild(stage.puppet(path).spec({ shutdown: 1_000 }))));
      expect(states(sup)).to.deep.equal(['child1 running', 'child2 running']);
      expect(stage.counts()).to.deep.equal([2, 2, 0, 2]);

      expectDone(await stage.now(sup.terminateChild('child1')));
      expect(states(sup)).to.deep.equal(['child2 running']);
      expect(stage.counts()).to.deep.equal([1, 1, 0, 1]);
      expect(stage.alive('child1')).to.equal(false);
      expectRefused(await stage.now(sup.terminateChild('child1')), 'not-found');
      expectRefused(await stage.now(sup.terminateChild('observer')), 'not-found');
      expect(stage.alive('observer')).to.equal(true);

      expectRefused(await stage.now(sup.restartChild('child2')), 'dynamic');
      expectRefused(await stage.now(sup.deleteChild('child2')), 'dynamic');
      expect(states(sup)).to.deep.equal(['child2 running']);
    });

    it('extra_return', async () => {
      const stage = new Stage();
      const puppet = stage.puppet('child1');
      const child = puppet.spec({ shutdown: 1_000 });
      const sup = await stage.startSupervisor([child], intensity(2));
      for (const result of [sup.terminateChild('hej'), sup.deleteChild('hej'), sup.restartChild('hej')]) expectRefused(await stage.now(result), 'not-found');
      for (const result of [sup.deleteChild('child1'), sup.restartChild('child1')]) expectRefused(await stage.now(result), 'running');
      expectDone(await stage.now(sup.terminateChild('child1')));
      expect(stage.counts()).to.deep.equal([1, 0, 0, 1]);
      expect(await stage.now(sup.restartChild('child1')), 'told which incarnation').to.deep.equal({ ok: true, path: 'child1', incarnation: 2 });
      expectDone(await stage.now(sup.terminateChild('child1')));
      expectDone(await stage.now(sup.terminateChild('child1')));
      expectDone(await stage.now(sup.deleteChild('child1')));
      expect(stage.counts()).to.deep.equal([0, 0, 0, 0]);
      expect(await stage.now(sup.startChild(child))).to.deep.equal({ ok: true, path: 'child1', incarnation: 3 });
      await puppet.end('crashed');
      expect(stage.children()).to.deep.equal(['child1 running 4']);
      expect(stage.counts()).to.deep.equal([1, 1, 0, 1]);
    });

    it('child_specs', async () => {
      const stage = new Stage();
      const sup = await stage.startSupervisor([], intensity(2));
      const whole = stage.puppet('child').spec();
      const faulty = [
        ['hej', /^a specification is hej;/],
        [{ ...whole, make: 'mfa' }, /^child: make is mfa;/],
        [{ ...whole, restart: 'prmanent' }, /^child: restart is prmanent;/],
        [{ ...whole, shutdown: -10 }, /^child: shutdown is -10;/],
        [{ ...whole, kind: 'wrker' }, /^child: kind is wrker;/],
      ] as const;
      for (const [spec, message] of faulty) {
        const child = spec as never;
        const result = await stage.now(sup.startChild(child));
        expectRefused(result, 'invalid-spec');
        expect(result).to.have.property('reason').that.matches(message);
        expect(faultsOf(child, 'never').join('\n')).to.match(message);
        expect(await faultsAtStart([child])).to.match(message);
      }
      expect(states(sup), 'nothing was added').to.deep.equal([]);
      for (const restart of ['permanent', 'transient', 'temporary'] as const) {
        for (const shutdown of [0, 1_000, 'infinity', 'brutal'] as const) {
          expect(faultsOf(stage.puppet('child').spec({ restart, shutdown }), 'never')).to.deep.equal([]);
          expect(faultsOf(stage.supervisor('child', [], { restart, shutdown }), 'never')).to.deep.equal([]);
        }
      }
      const twice = [stage.puppet('child').spec({ shutdown: 'infinity' }), stage.supervisor('child', [])];
      expect(await faultsAtStart(twice)).to.match(/^sup: children is two called child;/);
    });

    it('child_specs_map', async () => {
      const stage = new Stage();
      const sup = await stage.startSupervisor([]);
      const whole = stage.puppet('child').spec();
      const { path: _path, ...nameless } = whole;
      const { make: _make, ...lifeless } = whole;
      const faulty = [
        [{}, /path is undefined;/],
        [nameless, /^\(no path\): path is undefined;/],
        [lifeless, /^child: make is undefined;/],
        [{ ...whole, restart: 'prmanent' }, /^child: restart is prmanent;/],
        [{ ...whole, shutdown: -10 }, /^child: shutdown is -10;/],
        [{ ...whole, kind: 'wrker' }, /^child: kind is wrker;/],
        [{ ...whole, significant: 'maybe' }, /^child: significant is maybe;/],
      ] as const;
      for (const [spec, message] of faulty) {
        const child = spec as never;
        expectRefused(await stage.now(sup.startChild(child)), 'invalid-spec');
        expect(faultsOf(child, 'never').join('\n')).to.match(message);
      }
      for (const autoShutdown of [undefined, 'never', 'any-significant', 'all-significant'] as (AutoShutdown | undefined)[]) {
        for (const restart of [undefined, 'permanent', 'transient', 'temporary'] as (RestartType | undefined)[]) {
          for (const shutdown of [undefined, 0, 1_000, 'infinity', 'brutal'] as (Shutdown | undefined)[]) {
            for (const significant of [undefined, true, false]) {
              const options = { ...(restart === undefined ? {} : { restart }), ...(shutdown === undefined ? {} : { shutdown }), ...(significant === undefined ? {} : { significant }) };
              for (const child of [stage.puppet('child').spec(options), stage.supervisor('child', [], options)]) {
                const faults = faultsOf(child, autoShutdown ?? 'never').join('\n');
                if (significant !== true) expect(faults).to.equal('');
                else if ((autoShutdown ?? 'never') === 'never') expect(faults).to.match(/^child: significant is true; its supervisor's autoShutdown is never/m);
                else if ((restart ?? 'permanent') === 'permanent') expect(faults).to.match(/^child: significant is true; a permanent child/m);
                else expect(faults).to.equal('');
              }
            }
          }
        }
      }
      expect(await faultsAtStart([stage.puppet('child').spec(), stage.puppet('child').spec()])).to.match(/two called child/);
      expect(await faultsAtStart([stage.puppet('child').spec({ restart: 'transient', significant: true })], { autoShutdown: 'never' })).to.match(/^child: significant is true;/);
    });

    it('sup_flags', async () => {
      const faulty: [SupervisorOptions, RegExp][] = [
        [{ strategy: 'none-for-one' as never }, /^sup: strategy is none-for-one;/],
        [intensity(Infinity), /^sup: intensity.limit is Infinity;/],
        [intensity(-1), /^sup: intensity.limit is -1;/],
        [intensity(1.5), /^sup: intensity.limit is 1.5;/],
        [intensity(2, 0), /^sup: intensity.windowMs is 0;/],
        [intensity(2, Infinity), /^sup: intensity.windowMs is Infinity;/],
        [{ autoShutdown: 'sometimes' as never }, /^sup: autoShutdown is sometimes;/],
      ];
      for (const [options, message] of faulty) expect(await faultsAtStart([], options)).to.match(message);
      const stage = new Stage();
      await stage.startSupervisor([], { sillyFlag: true } as SupervisorOptions);
      expect(stage.alive('sup')).to.equal(true);
    });

    it('multiple_restarts', async () => {
      const stage = new Stage();
      const sup = await stage.startSupervisor([], intensity(1, 1_000));
      const child = stage.puppet('child1');
      await stage.now(sup.startChild(child.spec({ shutdown: 'brutal' })));
      await child.end('crashed');
      for (let i = 0; i < 3; i++) {
        await stage.world.advance(2_100);
        await child.end('crashed');
      }
      expect(stage.children()).to.deep.equal(['child1 running 5']);
      expectDone(await stage.now(sup.terminateChild('child1')));
      expectDone(await stage.now(sup.deleteChild('child1')));
      expect(stage.alive('sup')).to.equal(true);
    });

    it('child_unlink', async () => {
      const stage = new Stage();
      const sup = await stage.startSupervisor([], intensity(2));
      expectDone(await stage.now(sup.startChild(stage.puppet('naughty-child', { terminate: 'hang' }).spec({ shutdown: 1_000 }))));
      const terminating = sup.terminateChild('naughty-child');
      const next = sup.startChild(stage.puppet('foo').spec());
      expectDone(await stage.within(1_000, terminating));
      expectDone(await stage.now(next));
      expect(stage.exits('naughty-child')).to.deep.equal(['killed']);
      expect(states(sup)).to.deep.equal(['naughty-child stopped', 'foo running']);
    });

    it('tree', async () => {
      const stage = new Stage();
      const [child1, child2, child4] = ['child1', 'child2', 'child4'].map((path) => stage.puppet(path));
      const child3 = stage.puppet('child3', { init: onlyOnce });
      stage.world.system.subscribe((event) => {
        if (event.type === 'escalated' && event.path === 'supchild2') child3.init = 'run';
      });
      const sup = await stage.startSupervisor([], { strategy: 'one-for-all', ...intensity(4) });
      expectDone(await stage.now(sup.startChild(stage.supervisor('supchild1', [child1!.spec(), child2!.spec()], intensity(4)))));
      expectDone(await stage.now(sup.startChild(stage.supervisor('supchild2', [], intensity(4)))));
      expectDone(await stage.now(sup.startChild(stage.supervisor('supchild3', [], { restart: 'transient', ...intensity(4) }))));
      expectDone(await stage.now(sup.terminateChild('supchild3')));
      expect(stage.counts()).to.deep.equal([3, 2, 3, 0]);
      expect(stage.counts('supchild1')).to.deep.equal([2, 2, 0, 2]);
      expect(stage.counts('supchild2')).to.deep.equal([0, 0, 0, 0]);

      const sup2 = stage.find('supchild2');
      expectDone(await stage.now(sup2.startChild(child3.spec())));
      expectDone(await stage.now(sup2.startChild(child4!.spec())));
      expectDone(await stage.now(sup2.startChild(stage.puppet('passing').spec({ restart: 'temporary' }))));
      expect(stage.counts('supchild2')).to.deep.equal([3, 3, 0, 3]);

      await child4!.end('crashed');
      expect(stage.children('supchild1'), 'who did not end is not restarted').to.deep.equal(['child1 running 1', 'child2 running 1']);
      expect(stage.children('supchild2')).to.deep.equal(['child3 running 1', 'child4 running 2', 'passing running 1']);

      await child3.end('crashed');
      expect(stage.exits('supchild2')).to.deep.equal(['shutdown']);
      expect(states(sup), 'the terminated one is started with the others').to.deep.equal(['supchild1 running', 'supchild2 running', 'supchild3 running']);
      expect(stage.counts()).to.deep.equal([3, 3, 3, 0]);
      expect(stage.children('supchild1')).to.deep.equal(['child1 running 2', 'child2 running 2']);
      expect(states(sup2), 'children added at run time are kept, but the temporary').to.deep.equal(['child3 running', 'child4 running']);
      expect(stage.counts('supchild3')).to.deep.equal([0, 0, 0, 0]);
    });

    it('count_children', async () => {
      const stage = new Stage();
      const sup = await stage.startSupervisor([], { strategy: 'dynamic', ...intensity(2) });
      const puppets = Array.from({ length: 2_000 }, (_, index) => stage.puppet(`child${index}`));
      await stage.now(Promise.all(puppets.slice(0, 1_000).map((puppet) => sup.startChild(puppet.spec({ restart: 'temporary' })))));
      expect(sup.whichChildren()).to.have.length(1_000);
      expect(stage.counts()).to.deep.equal([1_000, 1_000, 0, 1_000]);
      await stage.now(Promise.all(puppets.slice(1_000).map((puppet) => sup.startChild(puppet.spec({ restart: 'temporary' })))));
      expect(stage.counts()).to.deep.equal([2_000, 2_000, 0, 2_000]);
      expect(sup.whichChildren().map((child) => child.path)).to.deep.equal(puppets.map((puppet) => puppet.path));
      for (const puppet of puppets) stage.world.system.control(puppet.path, 'kill', 'as told');
      await stage.world.settle();
      expect(stage.counts()).to.deep.equal([0, 0, 0, 0]);
      expect(stage.alive('sup')).to.equal(true);
    });

    it('count_children_supervisor', async () => {
      const stage = new Stage();
      const sup = await stage.startSupervisor([], { strategy: 'dynamic', ...intensity(2) });
      const paths = Array.from({ length: 2_000 }, (_, index) => `child${index}`);
      await stage.now(Promise.all(paths.slice(0, 1_000).map((path) => sup.startChild(stage.supervisor(path, [], { restart: 'temporary' })))));
      expect(stage.counts()).to.deep.equal([1_000, 1_000, 1_000, 0]);
      await stage.now(Promise.all(paths.slice(1_000).map((path) => sup.startChild(stage.supervisor(path, [], { restart: 'temporary' })))));
      expect(stage.counts()).to.deep.equal([2_000, 2_000, 2_000, 0]);
      expect(sup.whichChildren().every((child) => child.kind === 'supervisor' && child.state === 'running')).to.equal(true);
      for (const path of paths) stage.world.system.control(path, 'kill', 'as told');
      await stage.world.settle();
      expect(stage.counts()).to.deep.equal([0, 0, 0, 0]);
    });

    it('count_restarting_children', async () => {
      const stage = new Stage();
      const sup = await stage.startSupervisor([], { strategy: 'dynamic', ...intensity(20, 10_000) });
      const deadlock = new Deadlock();
      const puppets = ['child1', 'child2', 'child3'].map((path) => stage.puppet(path, { init: deadlock.init }));
      for (const [index, puppet] of puppets.entries()) {
        expect(stage.counts()[1]).to.equal(index);
        expectDone(await stage.now(sup.startChild(puppet.spec({ shutdown: 'brutal' }))));
      }
      for (const puppet of puppets) await puppet.end('crashed');
      await stage.world.advance(400);
      expect(stage.counts()).to.deep.equal([3, 3, 0, 3]);

      deadlock.failing = true;
      await puppets[0]!.end('crashed');
      await puppets[1]!.end('crashed');
      await stage.world.advance(4_000);
      expect(stage.counts()).to.deep.equal([3, 1, 0, 3]);
      expect(states(sup)).to.deep.equal(['child1 restarting', 'child2 restarting', 'child3 running']);

      deadlock.failing = false;
      await stage.world.advance(4_000);
      expect(stage.counts()).to.deep.equal([3, 3, 0, 3]);
      for (const [index, path] of ['child3', 'child1', 'child2'].entries()) {
        expectDone(await stage.now(sup.terminateChild(path)));
        expect(stage.counts()).to.deep.equal([2 - index, 2 - index, 0, 2 - index]);
      }
    });

    it('do_not_save_child_specs_for_temporary_children', async () => {
      for (const strategy of ['one-for-all', 'one-for-one', 'rest-for-one'] as const) {
        for (const how of ['killed', 'normal', 'crashed', 'supervisor'] as const) {
          const stage = new Stage();
          const sup = await stage.startSupervisor([], { strategy, ...intensity(2) });
          const ended = async (path: string, restart: RestartType): Promise<ChildSpec> => {
            const child = stage.puppet(path);
            const spec = child.spec({ restart, shutdown: 1_000 });
            expectDone(await stage.now(sup.startChild(spec)));
            if (how === 'supervisor') expectDone(await stage.now(sup.terminateChild(path)));
            else await child.end(how);
            return spec;
          };
          const permanent = await ended('child1', 'permanent');
          expectRefused(await stage.now(sup.startChild(permanent)), how === 'supervisor' ? 'already-present' : 'already-started');
          if (how === 'supervisor') expectDone(await stage.now(sup.restartChild('child1')));
          const transient = await ended('child2', 'transient');
          const stays = how === 'supervisor' || how === 'normal';
          expectRefused(await stage.now(sup.startChild(transient)), stays ? 'already-present' : 'already-started');
          if (stays) expectDone(await stage.now(sup.restartChild('child2')));
          const temporary = await ended('child3', 'temporary');
          expect(sup.childSpec('child3')).to.equal(undefined);
          expectDone(await stage.now(sup.startChild(temporary)));
        }
      }
    });

    it('simple_one_for_one_scale_many_temporary_children', async () => {
      const stage = new Stage();
      const sup = await stage.startSupervisor([], { strategy: 'dynamic', ...intensity(2) });
      for (const size of [1_000, 10_000]) {
        const puppets = Array.from({ length: size }, (_, index) => stage.puppet(`child${index}`));
        const started = await stage.now(Promise.all(puppets.map((puppet) => sup.startChild(puppet.spec({ restart: 'temporary' })))));
        expect(started.every((result) => result.ok)).to.equal(true);
        const ended = await stage.now(Promise.all(puppets.map((puppet) => sup.terminateChild(puppet.path))));
        expect(ended.every((result) => result.ok)).to.equal(true);
        expect(stage.counts()).to.deep.equal([0, 0, 0, 0]);
      }
    });

    it('temporary_bystander', async () => {
      for (const strategy of ['one-for-all', 'rest-for-one'] as const) {
        const stage = new Stage();
        const sup = await stage.startSupervisor([], { strategy, ...intensity(2, 300_000) });
        const child1 = stage.puppet('child1');
        const child2 = stage.puppet('child2');
        expectDone(await stage.now(sup.startChild(child1.spec({ shutdown: 100 }))));
        expectDone(await stage.now(sup.startChild(child2.spec({ restart: 'temporary', shutdown: 100 }))));
        await child1.end('normal');
        await stage.world.advance(350);
        expect(stage.alive('sup')).to.equal(true);
        expect(stage.children()).to.deep.equal(['child1 running 2']);
        expect(child2.starts).to.equal(1);
      }
    });

    it('simple_global_supervisor', async () => {
      const grow = async () => {
        const stage = new Stage();
        const server = stage.puppet('server');
        await stage.startSupervisor([stage.supervisor('sup2', [server.spec()], { strategy: 'one-for-all', shutdown: 2_000, ...intensity(3, 60_000) })], { strategy: 'one-for-all', ...intensity(3, 60_000) });
        return { stage, server };
      };
      const stopAll = async (stage: Stage) => {
        stage.world.system.control('sup', 'kill', 'as told');
        await stage.world.settle();
        for (const path of ['sup', 'sup2', 'server']) expect(stage.world.system.inspect(path), path).to.equal(undefined);
      };

      const one = await grow();
      one.stage.world.system.control('sup2', 'kill', 'as told');
      await one.stage.world.settle();
      expect(one.stage.exits('sup2')).to.deep.equal(['killed']);
      expect(one.stage.children()).to.deep.equal(['sup2 running 2']);
      expect(one.stage.children('sup2')).to.deep.equal(['server running 2']);
      await stopAll(one.stage);

      for (const kind of ['killed', 'crashed'] as const) {
        const { stage, server } = await grow();
        await server.end(kind);
        expect(stage.children()).to.deep.equal(['sup2 running 1']);
        expect(stage.children('sup2')).to.deep.equal(['server running 2']);
        await stopAll(stage);
      }

      const { stage } = await grow();
      expectDone(await stage.now(stage.find('sup2').terminateChild('server')));
      expectDone(await stage.now(stage.find('sup2').restartChild('server')));
      expect(stage.children('sup2')).to.deep.equal(['server running 2']);
      await stopAll(stage);
    });

    it('hanging_restart_loop', async () => {
      const { stage, sup, deadlock, child } = await deadlocked('one-for-one', ['child1']);
      expectRefused(await stage.now(sup.startChild(child.spec())), 'already-present');
      expectRefused(await stage.now(sup.restartChild('child1')), 'restarting');
      expectRefused(await stage.now(sup.deleteChild('child1')), 'restarting');
      expect(states(sup)).to.deep.equal(['child1 restarting']);
      expect(stage.counts()).to.deep.equal([1, 0, 0, 1]);

      expectDone(await stage.now(sup.terminateChild('child1')));
      expect(stage.exits('child1')[0]).to.equal('crashed');
      expect(states(sup)).to.deep.equal(['child1 stopped']);
      const { starts } = child;
      await stage.world.advance(10_000);
      expect(child.starts, 'terminated is terminated').to.equal(starts);

      deadlock.failing = false;
      expectDone(await stage.now(sup.restartChild('child1')));
      await loops(stage, deadlock, child);
      expect(await stage.stop(), 'a start under way holds up no stop').to.equal(0);
      expect(stage.exits('sup')).to.deep.equal(['shutdown']);
    });

    it('hanging_restart_loop_rest_for_one', async () => {
      const { stage, sup, deadlock, child } = await deadlocked('rest-for-one', ['child1', 'child2', 'child3'], 'child2');
      const answers = [sup.startChild(child.spec()), sup.restartChild('child2'), sup.deleteChild('child2')];
      await stage.world.advance(2_000);
      for (const [index, error] of ['already-present', 'restarting', 'restarting'].entries()) expectRefused(await stage.now(answers[index]!), error);
      expect(stage.children()[0]).to.equal('child1 running 1');
      expect(states(sup)).to.deep.equal(['child1 running', 'child2 restarting', 'child3 restarting']);
      expect(stage.counts()).to.deep.equal([3, 1, 0, 3]);

      expectDone(await stage.within(2_000, sup.terminateChild('child2')));
      expect(stage.exits('child2')[0]).to.equal('crashed');
      expect(states(sup)).to.deep.equal(['child1 running', 'child2 stopped', 'child3 stopped']);

      deadlock.failing = false;
      expectDone(await stage.now(sup.restartChild('child2')));
      expect(states(sup)).to.deep.equal(['child1 running', 'child2 running', 'child3 stopped']);
      await loops(stage, deadlock, child);
      expect(await stage.stop(), 'a start under way holds up no stop').to.equal(0);
      expect(stage.exits('sup')).to.deep.equal(['shutdown']);
    });

    it('hanging_restart_loop_simple', async () => {
      const { stage, sup, deadlock, child } = await deadlocked('dynamic', ['child1']);
      expectRefused(await stage.now(sup.restartChild('child1')), 'dynamic');
      expectRefused(await stage.now(sup.deleteChild('child1')), 'dynamic');
      expect(states(sup)).to.deep.equal(['child1 restarting']);
      expect(stage.counts()).to.deep.equal([1, 0, 0, 1]);

      expectDone(await stage.now(sup.terminateChild('child1')));
      expect(stage.exits('child1')[0]).to.equal('crashed');
      expect(states(sup)).to.deep.equal([]);

      deadlock.failing = false;
      expectDone(await stage.now(sup.startChild(child.spec({ shutdown: 'brutal' }))));
      await loops(stage, deadlock, child);
      expect(await stage.stop(), 'a start under way holds up no stop').to.equal(0);
      expect(stage.exits('sup')).to.deep.equal(['shutdown']);
    });

    it('code_change', async () => {
      const stage = new Stage();
      const child1 = stage.puppet('child1');
      const sup = await stage.startSupervisor([], intensity(0, 1_000));
      expect(states(sup)).to.deep.equal([]);
      const upgrade = (children: readonly ChildSpec[], options: SupervisorOptions) => stage.now(sup.upgrade(stage.supervisor('sup', children, options)));

      expectDone(await upgrade([], intensity(1, 3_000)));
      expect(sup.spec.intensity).to.include({ limit: 1, windowMs: 3_000 });
      const { make: _make, ...faulty } = child1.spec();
      expectRefused(await upgrade([faulty as ChildSpec], intensity(0, 1_000)), 'invalid-spec');
      expect(sup.spec.intensity, 'refused as a whole').to.include({ limit: 1 });

      expectDone(await upgrade([child1.spec({ shutdown: 2_000 }), stage.puppet('child2').spec({ shutdown: 'brutal' })], intensity(0, 1_000)));
      expect(states(sup), 'not started of themselves').to.deep.equal(['child1 stopped', 'child2 stopped']);
      for (const path of ['child1', 'child2']) expectDone(await stage.now(sup.restartChild(path)));

      expectDone(await upgrade([child1.spec({ shutdown: 1_000 }), stage.puppet('child3').spec({ shutdown: 'brutal' })], intensity(0, 1_000)));
      expect(states(sup), 'none is deleted').to.deep.equal(['child1 running', 'child3 stopped', 'child2 running']);

      expectRefused(await upgrade([], intensity(Number.NaN, 1_000)), 'invalid-spec');
      expectRefused(await stage.now(sup.upgrade('faulty' as never)), 'invalid-spec');
      await child1.end('crashed');
      expect(stage.exits('sup'), 'no restart is allowed since').to.deep.equal(['shutdown']);
    });

    it('code_change_map', async () => {
      const stage = new Stage();
      const child1 = stage.puppet('child1');
      const sup = await stage.startSupervisor([]);
      const upgrade = (children: readonly ChildSpec[], options: SupervisorOptions = {}) => stage.now(sup.upgrade(stage.supervisor('sup', children, options)));
      expect(sup.spec.intensity).to.equal(undefined);
      expectDone(await upgrade([], intensity(1, 3_000)));
      expect(sup.spec.intensity).to.include({ limit: 1, windowMs: 3_000 });

      expectDone(await upgrade([child1.spec({ shutdown: 2_000 }), stage.puppet('child2').spec()]));
      for (const path of ['child1', 'child2']) expectDone(await stage.now(sup.restartChild(path)));
      expect(states(sup)).to.deep.equal(['child1 running', 'child2 running']);
      expect(sup.childSpec('child1')).to.include({ shutdown: 2_000 });

      expectDone(await upgrade([child1.spec({ shutdown: 1_000 }), stage.puppet('child3').spec()]));
      expect(states(sup)).to.deep.equal(['child1 running', 'child3 stopped', 'child2 running']);
      expect(sup.childSpec('child1')).to.include({ shutdown: 1_000 });
      child1.terminate = 'hang';
      await stage.within(1_000, sup.terminateChild('child1'));
      expect(stage.exits('child1'), 'by its new time').to.deep.equal(['killed']);

      expectRefused(await upgrade([], { autoShutdown: 'sometimes' as never }), 'invalid-spec');
    });

    it('code_change_simple', async () => {
      const { stage, sup, puppets: [child1] } = await grown('dynamic', 1, ['child1']);
      const upgrade = (children: readonly ChildSpec[]) => stage.now(sup.upgrade(stage.supervisor('sup', children, { strategy: 'dynamic', ...intensity(1) })));
      expectDone(await upgrade([child1!.spec({ shutdown: 'brutal' })]));
      expect(sup.childSpec('child1')).to.include({ shutdown: 'brutal' });
      expectDone(await upgrade([]));
      expect(states(sup), 'none is deleted').to.deep.equal(['child1 running']);
      await stage.stop();
      expect(stage.exits('child1')).to.deep.equal(['killed']);
    });

    it('code_change_simple_map', async () => {
      const { stage, sup, puppets: [child1] } = await grown('dynamic', 1, ['child1']);
      expectDone(await stage.now(sup.upgrade(stage.supervisor('sup', [child1!.spec({ restart: 'temporary' })], { strategy: 'dynamic' }))));
      await child1!.end('crashed');
      expect(states(sup), 'temporary since').to.deep.equal([]);
    });

    it('order_of_children', async () => {
      const stage = new Stage();
      const paths = ['ch7', 'ch3', 'ch10', 'ch2', 'ch5'];
      const puppets = paths.map((path) => stage.puppet(path));
      await stage.startSupervisor(puppets.map((puppet) => puppet.spec({ shutdown: 1_000 })), { strategy: 'rest-for-one', ...intensity(2) });
      expect(stage.order).to.deep.equal(paths.map((path) => `start ${path}`));
      stage.order.length = 0;
      await puppets[2]!.end('crashed');
      expect(stage.order).to.deep.equal(['stop ch5', 'stop ch2', 'start ch10', 'start ch2', 'start ch5']);
      expect(stage.children()).to.deep.equal(['ch7 running 1', 'ch3 running 1', 'ch10 running 2', 'ch2 running 2', 'ch5 running 2']);
      stage.order.length = 0;
      await stage.stop();
      expect(stage.order).to.deep.equal(paths.toReversed().map((path) => `stop ${path}`));
    });

    it('scale_start_stop_many_children', async () => {
      const stage = new Stage();
      const sup = await stage.startSupervisor([], intensity(2));
      for (const size of [1_000, 10_000]) {
        const puppets = Array.from({ length: size }, (_, index) => stage.puppet(`child${size}-${index}`));
        const started = await stage.now(Promise.all(puppets.map((puppet) => sup.startChild(puppet.spec({ shutdown: 1_000 })))));
        expect(started.every((result) => result.ok)).to.equal(true);
        const ended = await stage.now(Promise.all(puppets.map((puppet) => sup.terminateChild(puppet.path))));
        expect(ended.every((result) => result.ok)).to.equal(true);
      }
      expect(stage.counts()).to.deep.equal([11_000, 0, 0, 11_000]);
    });
  });

  describe('restart_one_for_one', () => {
    it('one_for_one', async () => {
      const { stage, puppets: [child1, child2] } = await grown('one-for-one', 2, ['child1', 'child2']);
      await child1!.end('crashed');
      expect(stage.children()).to.deep.equal(['child1 running 2', 'child2 running 1']);
      expect(stage.counts()).to.deep.equal([2, 2, 0, 2]);
      await child2!.end('crashed');
      expect(stage.alive('sup')).to.equal(true);
      await child2!.end('crashed');
      expect(stage.exits('sup')).to.deep.equal(['shutdown']);
    });

    it('one_for_one_escalation', async () => {
      const { stage, puppets: [child1, child2] } = await grown('one-for-one', 4, ['child1', 'child2'], { child1: onlyOnce });
      await child1!.end('crashed');
      expect(stage.exits('sup')).to.deep.equal(['shutdown']);
      expect(stage.exits('child2')).to.deep.equal(['shutdown']);
      expect(child1!.starts, 'the first, and four tries').to.equal(5);
      expect(child2!.starts).to.equal(1);
    });
  });

  describe('restart_one_for_all', () => {
    it('one_for_all', async () => {
      const { stage, puppets: [child1, child2] } = await grown('one-for-all', 2, ['child1', 'child2']);
      await child1!.end('crashed');
      expect(stage.exits('child2')).to.deep.equal(['shutdown']);
      expect(stage.children()).to.deep.equal(['child1 running 2', 'child2 running 2']);
      expect(stage.counts()).to.deep.equal([2, 2, 0, 2]);
      await child2!.end('crashed');
      expect(stage.children()).to.deep.equal(['child1 running 3', 'child2 running 3']);
      await child2!.end('crashed');
      expect(stage.exits('sup')).to.deep.equal(['shutdown']);
    });

    it('one_for_all_escalation', async () => {
      const { stage, puppets: [child1, child2] } = await grown('one-for-all', 4, ['child1', 'child2'], { child2: onlyOnce });
      await child1!.end('crashed');
      expect(stage.exits('sup')).to.deep.equal(['shutdown']);
      expect(stage.exits('child2')[0]).to.equal('shutdown');
      expect(child2!.starts, 'the first, and four tries').to.equal(5);
    });

    it('one_for_all_other_child_fails_restart', async () => {
      const { stage, puppets: [child1] } = await grown('one-for-all', 3, ['child1', 'child2'], { child2: (start) => (start === 2 ? 'fail' : 'run') });
      stage.order.length = 0;
      await child1!.end('killed');
      expect(stage.order).to.deep.equal(['stop child2', 'start child1', 'start child2', 'stop child1', 'start child1', 'start child2']);
      expect(stage.exits('child1')).to.deep.equal(['killed', 'shutdown']);
      expect(stage.children()).to.deep.equal(['child1 running 3', 'child2 running 3']);
    });
  });

  describe('restart_simple_one_for_one', () => {
    it('simple_one_for_one', async () => {
      const { stage, puppets: [child1, child2] } = await grown('dynamic', 2, ['child1', 'child2']);
      await child1!.end('crashed');
      expect(stage.children()).to.deep.equal(['child1 running 2', 'child2 running 1']);
      expect(stage.counts()).to.deep.equal([2, 2, 0, 2]);
      await child2!.end('crashed');
      expect(stage.alive('sup')).to.equal(true);
      await child2!.end('crashed');
      expect(stage.exits('sup')).to.deep.equal(['shutdown']);
    });

    it('simple_one_for_one_shutdown', async () => {
      const stage = new Stage();
      const sup = await stage.startSupervisor([], { strategy: 'dynamic', ...intensity(2) });
      for (const [path, terminate] of [['child1', 1_000], ['child2', 1_000], ['child3', 5_000]] as const) await stage.now(sup.startChild(stage.puppet(path, { terminate }).spec({ shutdown: 2_000 })));
      expect(await stage.stop(), 'all at once, the last one until its time is over').to.equal(2_000);
      expect(['child1', 'child2', 'child3', 'sup'].map((path) => stage.exits(path)[0])).to.deep.equal(['shutdown', 'shutdown', 'killed', 'shutdown']);
    });

    it('simple_one_for_one_extra', async () => {
      const stage = new Stage();
      const sup = await stage.startSupervisor([], { strategy: 'dynamic', ...intensity(2) });
      const [child1, child2] = [stage.puppet('child1'), stage.puppet('child2')];
      expect(await stage.now(sup.startChild(child1.spec())), 'told which incarnation').to.deep.equal({ ok: true, path: 'child1', incarnation: 1 });
      expect(await stage.now(sup.startChild(child2.spec()))).to.deep.equal({ ok: true, path: 'child2', incarnation: 1 });
      await child1.end('crashed');
      expect(stage.children()).to.deep.equal(['child1 running 2', 'child2 running 1']);
      await child2.end('crashed');
      await child2.end('crashed');
      expect(stage.exits('sup')).to.deep.equal(['shutdown']);
    });

    it('simple_one_for_one_escalation', async () => {
      const { stage, puppets: [child1] } = await grown('dynamic', 4, ['child1', 'child2'], { child1: onlyOnce });
      await child1!.end('crashed');
      expect(stage.exits('sup')).to.deep.equal(['shutdown']);
      expect(stage.exits('child2')).to.deep.equal(['shutdown']);
      expect(child1!.starts, 'the first, and four tries').to.equal(5);
    });

    it('simple_one_for_one_corruption', async () => {
      const stage = new Stage();
      const sup = await stage.startSupervisor([], { strategy: 'dynamic', ...intensity(2) });
      for (const path of ['child1', 'child2']) {
        const child = stage.puppet(path);
        expectDone(await stage.now(sup.startChild(child.spec({ restart: 'temporary', shutdown: 1_000 }))));
        await child.end('crashed');
        expect(sup.childSpec(path), 'nothing is kept').to.equal(undefined);
        expect(stage.world.system.inspect(path)).to.equal(undefined);
      }
      expect(stage.counts()).to.deep.equal([0, 0, 0, 0]);
    });
  });

  describe('restart_rest_for_one', () => {
    it('rest_for_one', async () => {
      const { stage, puppets: [, child2, child3] } = await grown('rest-for-one', 2, ['child1', 'child2', 'child3']);
      expect(stage.counts()).to.deep.equal([3, 3, 0, 3]);
      await child2!.end('crashed');
      expect(stage.exits('child3')).to.deep.equal(['shutdown']);
      expect(stage.children()).to.deep.equal(['child1 running 1', 'child2 running 2', 'child3 running 2']);
      expect(stage.counts()).to.deep.equal([3, 3, 0, 3]);
      await child3!.end('crashed');
      expect(stage.children()).to.deep.equal(['child1 running 1', 'child2 running 2', 'child3 running 3']);
      await child2!.end('crashed');
      expect(stage.exits('sup')).to.deep.equal(['shutdown']);
      expect(stage.exits('child1')).to.deep.equal(['shutdown']);
    });

    it('rest_for_one_escalation', async () => {
      const { stage, puppets: [child1, child2] } = await grown('rest-for-one', 4, ['child1', 'child2'], { child2: onlyOnce });
      await child1!.end('crashed');
      expect(stage.exits('sup')).to.deep.equal(['shutdown']);
      expect(stage.exits('child2')[0]).to.equal('shutdown');
      expect(child2!.starts, 'the first, and four tries').to.equal(5);
      expect(child1!.starts, 'it stood before').to.equal(2);
    });

    it('rest_for_one_other_child_fails_restart', async () => {
      const { stage, puppets: [child1] } = await grown('rest-for-one', 3, ['child1', 'child2'], { child2: (start) => (start === 2 ? 'fail' : 'run') });
      stage.order.length = 0;
      await child1!.end('killed');
      expect(stage.order).to.deep.equal(['stop child2', 'start child1', 'start child2', 'start child2']);
      expect(stage.exits('child1')).to.deep.equal(['killed']);
      expect(stage.children()).to.deep.equal(['child1 running 2', 'child2 running 3']);
    });
  });

  describe('normal_termination', () => {
    it('permanent_normal', () => endsOnce('permanent', 'normal', 'restarted'));
    it('transient_normal', () => endsOnce('transient', 'normal', 'kept'));
    it('temporary_normal', () => endsOnce('temporary', 'normal', 'forgotten'));
  });

  describe('shutdown_termination', () => {
    it('permanent_shutdown', async () => {
      const { stage, child } = await endsOnce('permanent', 'shutdown', 'restarted');
      await child.end('shutdown');
      expect(stage.children()).to.deep.equal(['child1 running 3']);
      expect(stage.counts()).to.deep.equal([1, 1, 0, 1]);
    });

    it('transient_shutdown', async () => {
      const { stage, sup, child } = await endsOnce('transient', 'shutdown', 'kept');
      expectDone(await stage.now(sup.restartChild('child1')));
      await child.end('shutdown');
      expect(stage.children()).to.deep.equal(['child1 stopped 2']);
      expect(stage.counts()).to.deep.equal([1, 0, 0, 1]);
    });

    it('temporary_shutdown', async () => {
      const { stage, sup, child } = await endsOnce('temporary', 'shutdown', 'forgotten');
      expectDone(await stage.now(sup.startChild(child.spec({ restart: 'temporary', shutdown: 1_000 }))));
      await child.end('shutdown');
      expect(stage.children()).to.deep.equal([]);
      expect(stage.counts()).to.deep.equal([0, 0, 0, 0]);
    });

    it('faulty_application_shutdown', async () => {
      const stage = new Stage();
      const first = stage.puppet('first');
      const faulty = stage.puppet('app-faulty', { init: 'fail' });
      let failure: unknown;
      await stage.start(first.spec(), stage.supervisor('app-sup', [faulty.spec()])).catch((error: unknown) => (failure = error));
      expect(failure).to.be.instanceOf(Error).with.property('message', 'app-faulty cannot start');
      expect(stage.order).to.deep.equal(['start first', 'start app-faulty', 'stop first']);
      for (const path of ['vigil', 'observer', 'first', 'app-sup', 'app-faulty']) expect(stage.alive(path), path).to.equal(false);
    });
  });

  describe('abnormal_termination', () => {
    it('permanent_abnormal', () => endsOnce('permanent', 'crashed', 'restarted'));
    it('transient_abnormal', () => endsOnce('transient', 'crashed', 'restarted'));
    it('temporary_abnormal', () => endsOnce('temporary', 'crashed', 'forgotten'));
  });

  describe('significant', () => {
    it('nonsignificant_temporary', () => neverDue('temporary'));
    it('nonsignificant_transient', () => neverDue('transient'));

    it('significant_temporary', async () => {
      const first = await trio('temporary', 'any-significant');
      expectDone(await first.stage.now(first.sup.terminateChild('child1')));
      await expectQuiet(first.stage, 'child2', 'child3', 'sup');
      expectDone(await first.stage.now(first.sup.startChild(first.puppets[0].spec({ restart: 'temporary', significant: true }))));
      await first.puppets[0].end('killed');
      for (const path of ['child2', 'child3', 'sup']) expect(first.stage.exits(path), path).to.deep.equal(['shutdown']);

      for (const kind of ['crashed', 'normal'] as const) {
        const { stage, puppets } = await trio('temporary', 'any-significant');
        await puppets[0].end(kind);
        for (const path of ['child2', 'child3', 'sup']) expect(stage.exits(path), path).to.deep.equal(['shutdown']);
      }

      const { stage, puppets } = await trio('temporary', 'all-significant');
      await puppets[0].end('normal');
      await expectQuiet(stage, 'child2', 'child3', 'sup');
      await puppets[1].end('normal');
      for (const path of ['child3', 'sup']) expect(stage.exits(path), path).to.deep.equal(['shutdown']);
    });

    it('significant_transient', async () => {
      const any = await trio('transient', 'any-significant');
      expectDone(await any.stage.now(any.sup.terminateChild('child1')));
      await expectQuiet(any.stage, 'child2', 'child3', 'sup');
      expectDone(await any.stage.now(any.sup.restartChild('child1')));
      for (const kind of ['killed', 'crashed'] as const) {
        await any.puppets[0].end(kind);
        await expectQuiet(any.stage, 'child1', 'child2', 'child3', 'sup');
      }
      await any.puppets[0].end('normal');
      for (const path of ['child2', 'child3', 'sup']) expect(any.stage.exits(path), path).to.deep.equal(['shutdown']);

      const { stage, puppets } = await trio('transient', 'all-significant');
      await puppets[0].end('normal');
      await expectQuiet(stage, 'child2', 'child3', 'sup');
      await puppets[1].end('normal');
      for (const path of ['child3', 'sup']) expect(stage.exits(path), path).to.deep.equal(['shutdown']);
    });

    it('significant_simple', async () => {
      for (const autoShutdown of ['any-significant', 'all-significant'] as const) {
        const stage = new Stage();
        const sup = await stage.startSupervisor([], { strategy: 'dynamic', autoShutdown });
        const [child1, child2] = [stage.puppet('child1'), stage.puppet('child2')];
        for (const child of [child1, child2]) expectDone(await stage.now(sup.startChild(child.spec({ restart: 'temporary', significant: true }))));
        await child1.end('normal');
        if (autoShutdown === 'all-significant') {
          await expectQuiet(stage, 'child2', 'sup');
          await child2.end('normal');
        } else expect(stage.exits('child2')).to.deep.equal(['shutdown']);
        expect(stage.exits('sup')).to.deep.equal(['shutdown']);
      }
    });

    it('significant_bystander', async () => {
      for (const strategy of ['one-for-one', 'one-for-all', 'rest-for-one'] as const) {
        for (const autoShutdown of ['any-significant', 'all-significant'] as const) {
          const stage = new Stage();
          const sup = await stage.startSupervisor([], { strategy, autoShutdown, ...intensity(5) });
          for (const [path, significant] of [['child1', true], ['child2', false], ['child3', true]] as const) await stage.now(sup.startChild(stage.puppet(path).spec({ restart: 'transient', significant })));
          stage.world.system.control('child2', 'kill', 'as told');
          await stage.world.settle();
          expect(stage.exits('child1')).to.deep.equal(strategy === 'one-for-all' ? ['shutdown'] : []);
          expect(stage.exits('child2')).to.deep.equal(['killed']);
          expect(stage.exits('child3')).to.deep.equal(strategy === 'one-for-one' ? [] : ['shutdown']);
          await expectQuiet(stage, 'child1', 'child2', 'child3', 'sup');
          await stage.stop();
          expect(stage.exits('sup')).to.deep.equal(['shutdown']);
        }
      }
    });

    it('significant_escalation', async () => {
      for (const significant of [true, false]) {
        const stage = new Stage();
        const outer = await stage.startSupervisor([], { autoShutdown: 'any-significant' });
        expectDone(await stage.now(outer.startChild(stage.supervisor('sup1', [], { restart: 'transient', significant, autoShutdown: 'any-significant' }))));
        const child = stage.puppet('child1');
        expectDone(await stage.now(stage.find('sup1').startChild(child.spec({ restart: 'transient', significant: true }))));
        await child.end('normal');
        expect(stage.exits('sup1')).to.deep.equal(['shutdown']);
        if (significant) expect(stage.exits('sup')).to.deep.equal(['shutdown']);
        else {
          await expectQuiet(stage, 'sup');
          expect(states(outer)).to.deep.equal(['sup1 stopped']);
        }
      }
    });

    it('significant_upgrade_never_any', async () => {
      const { stage, sup, puppets: [child1, child2], upgrade } = await pair('never');
      expectRefused(await stage.now(sup.startChild(significant(child1))), 'invalid-spec');
      await upgrade('any-significant');
      for (const child of [child1, child2]) expectDone(await stage.now(sup.startChild(significant(child))));
      await child1.end('normal');
      for (const path of ['child2', 'sup']) expect(stage.exits(path), path).to.deep.equal(['shutdown']);
    });

    it('significant_upgrade_any_never', () => becomesNever('any-significant'));

    it('significant_upgrade_never_all', async () => {
      const { stage, sup, puppets: [child1, child2], upgrade } = await pair('never');
      expectRefused(await stage.now(sup.startChild(significant(child1))), 'invalid-spec');
      await upgrade('all-significant');
      for (const child of [child1, child2]) expectDone(await stage.now(sup.startChild(significant(child))));
      await child1.end('normal');
      await expectQuiet(stage, 'child2', 'sup');
      await child2.end('normal');
      expect(stage.exits('sup')).to.deep.equal(['shutdown']);
    });

    it('significant_upgrade_all_never', () => becomesNever('all-significant'));

    it('significant_upgrade_any_all', async () => {
      const { stage, sup, puppets: [child1, child2], upgrade } = await pair('any-significant');
      for (const child of [child1, child2]) expectDone(await stage.now(sup.startChild(significant(child))));
      await upgrade('all-significant');
      await expectQuiet(stage, 'child1', 'child2', 'sup');
      await child1.end('normal');
      await expectQuiet(stage, 'child2', 'sup');
      await child2.end('normal');
      expect(stage.exits('sup')).to.deep.equal(['shutdown']);
    });

    it('significant_upgrade_all_any', async () => {
      const { stage, sup, puppets: [child1, child2], upgrade } = await pair('all-significant');
      for (const child of [child1, child2]) expectDone(await stage.now(sup.startChild(significant(child))));
      await upgrade('any-significant');
      await expectQuiet(stage, 'child1', 'child2', 'sup');
      await child1.end('normal');
      for (const path of ['child2', 'sup']) expect(stage.exits(path), path).to.deep.equal(['shutdown']);
    });

    it('significant_upgrade_child', async () => {
      const grow = async (autoShutdown: AutoShutdown, before: boolean) => {
        const stage = new Stage();
        const child = stage.puppet('child');
        const sup = await stage.startSupervisor([child.spec({ restart: 'transient', significant: before })], { autoShutdown });
        const upgraded = await stage.now(sup.upgrade(stage.supervisor('sup', [child.spec({ restart: 'transient', significant: !before })], { autoShutdown })));
        await expectQuiet(stage, 'child', 'sup');
        return { stage, child, upgraded };
      };
      const never = await grow('never', false);
      expectRefused(never.upgraded, 'invalid-spec');

      const becomes = await grow('any-significant', false);
      expectDone(becomes.upgraded);
      await becomes.child.end('normal');
      expect(becomes.stage.exits('sup')).to.deep.equal(['shutdown']);

      const ceases = await grow('any-significant', true);
      expectDone(ceases.upgraded);
      await ceases.child.end('normal');
      await expectQuiet(ceases.stage, 'sup');
    });
  });
});

/** A supervisor with children added at run time, permanent, as most cases of the suite begin. */
async function grown(strategy: Strategy, limit: number, paths: readonly string[], inits: Readonly<Record<string, (start: number) => Init>> = {}): Promise<{ stage: Stage; sup: Supervisor; puppets: readonly Puppet[] }> {
  const stage = new Stage();
  const sup = await stage.startSupervisor([], { strategy, ...intensity(limit) });
  const puppets = paths.map((path) => stage.puppet(path, { init: inits[path] ?? 'run' }));
  for (const puppet of puppets) expectDone(await stage.now(sup.startChild(puppet.spec({ shutdown: 1_000 }))));
  return { stage, sup, puppets };
}

/** One child that ends once, and what is there of it afterwards. */
async function endsOnce(restart: RestartType, kind: ExitKind, then: 'restarted' | 'kept' | 'forgotten'): Promise<{ stage: Stage; sup: Supervisor; child: Puppet }> {
  const stage = new Stage();
  const sup = await stage.startSupervisor([], intensity(2));
  const child = stage.puppet('child1');
  expectDone(await stage.now(sup.startChild(child.spec({ restart, shutdown: 1_000 }))));
  await child.end(kind);
  expect(stage.exits('child1')).to.deep.equal([kind]);
  expect(stage.children()).to.deep.equal(then === 'restarted' ? ['child1 running 2'] : then === 'kept' ? ['child1 stopped 1'] : []);
  expect(stage.counts()).to.deep.equal(then === 'restarted' ? [1, 1, 0, 1] : then === 'kept' ? [1, 0, 0, 1] : [0, 0, 0, 0]);
  return { stage, sup, child };
}

/** A child that can start at once, and when `failing` tries for two seconds and fails. */
class Deadlock {
  failing = false;
  readonly init = (): Init => (this.failing ? { failAfterMs: 2_000 } : 'run');
}

/** Its restarts fail from now on, and two seconds of that have passed. */
async function loops(stage: Stage, deadlock: Deadlock, child: Puppet): Promise<void> {
  deadlock.failing = true;
  await child.end('crashed');
  await stage.world.advance(2_000);
}

/** A supervisor of these children, one of which is caught in a restart loop. */
async function deadlocked(strategy: Strategy, paths: readonly string[], which = paths[0]!): Promise<{ stage: Stage; sup: Supervisor; deadlock: Deadlock; child: Puppet }> {
  const stage = new Stage();
  const deadlock = new Deadlock();
  const sup = await stage.startSupervisor([], { strategy, ...intensity(8, 10_000) });
  const puppets = paths.map((path) => stage.puppet(path, path === which ? { init: deadlock.init } : {}));
  for (const puppet of puppets) expectDone(await stage.now(sup.startChild(puppet.spec({ shutdown: 'brutal' }))));
  const child = puppets[paths.indexOf(which)]!;
  await loops(stage, deadlock, child);
  return { stage, sup, deadlock, child };
}

/** The ends of a child that is not significant end nobody else. */
async function neverDue(restart: 'temporary' | 'transient'): Promise<void> {
  for (const autoShutdown of ['never', 'any-significant', 'all-significant'] as const) {
    const stage = new Stage();
    const sup = await stage.startSupervisor([], { autoShutdown, ...intensity(5) });
    const child = stage.puppet('child1');
    const spec = child.spec({ restart, significant: false });
    expectDone(await stage.now(sup.startChild(spec)));
    expectDone(await stage.now(sup.terminateChild('child1')));
    await expectQuiet(stage, 'sup');
    expectDone(await stage.now(restart === 'temporary' ? sup.startChild(spec) : sup.restartChild('child1')));
    for (const kind of ['killed', 'crashed', 'normal'] as const) {
      await child.end(kind);
      expect(stage.exits('child1').at(-1)).to.equal(kind);
      await expectQuiet(stage, 'sup');
      if (restart === 'transient') expect(stage.alive('child1')).to.equal(kind !== 'normal');
      else {
        expect(states(sup)).to.deep.equal([]);
        expectDone(await stage.now(sup.startChild(spec)));
      }
    }
    await stage.stop();
    expect(stage.exits('sup')).to.deep.equal(['shutdown']);
  }
}

/** Two significant children and one that is not. */
async function trio(restart: 'temporary' | 'transient', autoShutdown: AutoShutdown): Promise<{ stage: Stage; sup: Supervisor; puppets: [Puppet, Puppet, Puppet] }> {
  const stage = new Stage();
  const sup = await stage.startSupervisor([], { autoShutdown, ...intensity(5) });
  const puppets: [Puppet, Puppet, Puppet] = [stage.puppet('child1'), stage.puppet('child2'), stage.puppet('child3')];
  for (const puppet of puppets) expectDone(await stage.now(sup.startChild(puppet.spec({ restart, significant: puppet !== puppets[2] }))));
  return { stage, sup, puppets };
}

function significant(child: Puppet): ChildSpec {
  return child.spec({ restart: 'transient', significant: true });
}

/** A supervisor whose auto-shutdown can be changed, and two children to be added. */
async function pair(autoShutdown: AutoShutdown): Promise<{ stage: Stage; sup: Supervisor; puppets: [Puppet, Puppet]; upgrade: (to: AutoShutdown) => Promise<void> }> {
  const stage = new Stage();
  const sup = await stage.startSupervisor([], { autoShutdown });
  const upgrade = async (to: AutoShutdown) => {
    expectDone(await stage.now(sup.upgrade(stage.supervisor('sup', [], { autoShutdown: to }))));
    expect(sup.spec.autoShutdown).to.equal(to);
  };
  return { stage, sup, puppets: [stage.puppet('child1'), stage.puppet('child2')], upgrade };
}

async function becomesNever(autoShutdown: AutoShutdown): Promise<void> {
  const { stage, sup, puppets: [child1, child2], upgrade } = await pair(autoShutdown);
  expectDone(await stage.now(sup.startChild(significant(child1))));
  await upgrade('never');
  await expectQuiet(stage, 'child1', 'sup');
  expectRefused(await stage.now(sup.startChild(significant(child2))), 'invalid-spec');
  await child1.end('normal');
  await expectQuiet(stage, 'sup');
  expectDone(await stage.now(sup.restartChild('child1')));
  await stage.stop();
  expect(stage.exits('child1')).to.deep.equal(['normal', 'shutdown']);
  expect(stage.exits('sup')).to.deep.equal(['shutdown']);
}
