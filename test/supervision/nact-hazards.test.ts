/** Every hazard of nact 7.6.2 by its number (reference nact.md, 1.1 to 1.3), and that this layer does not have it. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { become, same, stop } from '../../src/supervision/behaviour.ts';
import type { Behaviour, Down } from '../../src/supervision/behaviour.ts';
import { supervisor, worker } from '../../src/supervision/child-spec.ts';
import { systemClock } from '../../src/supervision/clock.ts';
import { Deadlines } from '../../src/supervision/deadlines.ts';
import type { Overflow } from '../../src/supervision/mailbox.ts';
import type { Ref } from '../../src/supervision/ref.ts';
import { NO_BUDGET } from '../../src/supervision/tree/restart-budget.ts';
import { VirtualClock } from '../kit/virtual-clock.ts';
import { World } from '../kit/world.ts';
import { heldBytes } from './collect.ts';
import { live, until } from './live.ts';
import type { Live } from './live.ts';
import { puppet, stage } from './puppet.ts';
import type { Context, Cue } from './puppet.ts';

const SUPERVISION = join(import.meta.dirname, '../../src/supervision');
const boom: Cue = { type: 'note', text: 'boom' };

/** A puppet on nact's turns. */
async function onNact(name = 'puppet', options: Parameters<typeof worker>[2] = {}, one: Live = live()) {
  const ref = one.system.ref<Cue>(name);
  await one.start(worker(ref, puppet({ capacity: 1_000_000 }), { policy: NO_BUDGET, ...options }));
  return { ...one, ref, notes: () => (one.detail(name).state ?? []) as readonly string[] };
}

/** What a process of its own came to (fixtures/hazard.ts). */
function processOf(hazard: string) {
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, ['--unhandled-rejections=strict', '--disable-warning=ExperimentalWarning', fileURLToPath(new URL('./fixtures/hazard.ts', import.meta.url)), hazard], { encoding: 'utf8', timeout: 15_000 });
  return { status, signal, stdout, stderr };
}

const ALL_WELL = { status: 0, signal: null, stdout: 'done\n', stderr: '' };

describe('nact’s hazards of lifecycle and supervision', () => {
  it('H01: a restart of a busy actor has no two handlers at once, and nothing of the old life overwrites the new state', async () => {
    const { system, ref, notes, detail, stop: end } = await onNact();
    let inside = 0;
    let most = 0;
    const old = Promise.withResolvers<string>();
    const busy = (then: () => void): Cue => ({ type: 'do', act: () => { most = Math.max(most, ++inside); then(); inside -= 1; } });
    system.tell(ref, { type: 'do', act: (ctx) => ctx.effect({ name: 'old', deadlineMs: 10_000, run: () => old.promise, report: (outcome) => ({ type: 'outcome', outcome }) }) });
    system.tell(ref, busy(() => void system.control('puppet', 'restart', 'in the middle of a handler')));
    system.tell(ref, busy(() => void system.control('puppet', 'kill', 'again')));
    system.tell(ref, { type: 'note', text: 'new' });
    await until(() => notes().length === 1, 'the new life');
    old.resolve('old');
    for (let i = 0; i < 5; i++) await nextTurn();
    expect({ most, notes: notes() }).to.deep.equal({ most: 1, notes: [`new@${detail('puppet').incarnation}`] });
    expect(detail('puppet').effects).to.deep.equal({ running: 0, orphaned: 0 });
    await end();
  });

  it('H02: no message vanishes: to the stopped, to a supervisor, to nobody; what waited at a stop; each is refused or a dead letter', async () => {
    const { system, ref, stop: end } = await onNact();
    for (let i = 0; i < 3; i++) expect(system.tell(ref, { type: 'note', text: `${i}` })).to.equal(true);
    await end();
    const to = (path: string) => system.tell(system.ref<Cue>(path), { type: 'note', text: 'a' });
    expect([system.tell(ref, { type: 'note', text: 'late' }), to('root'), to('nobody')]).to.deep.equal([false, false, false]);
    expect(system.deadLetters.counts()).to.deep.equal({ stopped: 3, 'unknown-ref': 3 });
    expect(system.deadLetters.recent().map((letter) => `${letter.to} ${letter.reason}`)).to.deep.equal([...Array<string>(3).fill('puppet stopped'), 'puppet unknown-ref', 'root unknown-ref', 'nobody unknown-ref']);
  });

  it('H03: a death is told to whoever watches, with incarnation and reason; of the already dead at once', async () => {
    const one = live();
    const downs: Down[] = [];
    const [watcher, watched] = [one.system.ref<Cue>('watcher'), one.system.ref<Cue>('watched')];
    await one.start(worker(watcher, puppet(), { policy: NO_BUDGET }), worker(watched, puppet(), { policy: NO_BUDGET }));
    const note = (down: Down): Cue => ({ type: 'do', act: () => void downs.push(down) });
    one.system.tell(watcher, { type: 'do', act: (ctx) => ctx.watch(watched, note) });
    one.system.tell(watcher, { type: 'do', act: (ctx) => ctx.watch(one.system.ref('nobody'), note) });
    await until(() => downs.length === 1, 'word of nobody');
    one.system.control('watched', 'kill', 'test');
    await until(() => downs.length === 2, 'word of the death');
    expect(downs).to.deep.equal([
      { path: 'nobody', incarnation: 0, kind: 'absent', reason: 'there is no such actor' },
      { path: 'watched', incarnation: 1, kind: 'killed', reason: 'killed: test' },
    ]);
    await one.stop();
  });

  it('H04: nothing that waits can wedge an actor: a handler cannot, and an effect that never settles has a deadline while the mailbox goes on', async () => {
    const one = await stage();
    one.act((ctx) => ctx.effect({ name: 'hangs', deadlineMs: 1_000, run: () => new Promise(() => undefined), report: (outcome) => ({ type: 'outcome', outcome }) }));
    one.tell('meanwhile');
    await one.world.settle();
    expect(one.notes()).to.deep.equal(['meanwhile@1']);
    await one.world.advance(1_000);
    await one.world.settle();
    expect(one.notes()).to.deep.equal(['meanwhile@1', 'deadline@1']);
    // That a handler which loops for ever is seen and ended, loop-watch.test.ts shows; one that returns a promise is no Next:
    const waits = await stage({}, { more: { receive: () => Promise.resolve(same) as never } });
    waits.tell('a');
    await waits.world.settle();
    expect(waits.detail().crashes[0]?.reason).to.match(/returned no Next/);
  });

  it('H07: a policy that throws ends no process and wedges nobody: the supervisor escalates', function () {
    this.timeout(30_000);
    expect(processOf('H07')).to.deep.equal({ ...ALL_WELL, stdout: 'root ended: actor: Error: boom\ndone\n' });
  });

  it('H08: every crash is recorded, counted and decided by the actor’s own specification; none is resumed in silence', async () => {
    const spent: string[] = [];
    const { system, ref, notes, detail, stop: end } = await onNact('puppet', { policy: { limit: 1, windowMs: 60_000, backoff: { minMs: 0, maxMs: 0 }, whenSpent: ({ child, reason }) => (spent.push(`${child}: ${reason}`), { retryEveryMs: 0.001 }) } });
    system.tell(ref, { type: 'note', text: 'lost with its life' });
    system.tell(ref, boom);
    await until(() => detail('puppet').parked.length === 1 && detail('puppet').status === 'running', 'the second restart');
    expect(spent).to.deep.equal(['puppet: Error: boom']);
    expect(detail('puppet').crashes.map((crash) => crash.reason)).to.deep.equal(['Error: boom', 'Error: boom']);
    expect(notes()).to.deep.equal([]);
    await end();
  });

  it('H09: a missed return is a crash and no lost state; falsy states and empty texts are as good as any', async () => {
    const one = live();
    type Set = { readonly type: 'set'; readonly to?: unknown } | { readonly type: 'forget' };
    const states: unknown[] = [];
    const cell: Behaviour<Set, unknown> = {
      role: 'cell', purpose: 'holds what it is told', consumes: { set: '', forget: '' }, emits: [], mailbox: { capacity: 10, overflow: 'reject', onRestart: 'keep' },
      init: () => 'initial',
      receive(state, message) {
        states.push(state);
        return message.type === 'set' ? become(message.to) : (undefined as never);
      },
      view: (state) => state,
    };
    const ref = one.system.ref<Set>('cell');
    await one.start(worker(ref, cell, { policy: NO_BUDGET }));
    for (const to of [0, '', null, undefined, false]) one.system.tell(ref, { type: 'set', to });
    one.system.tell(ref, { type: 'forget' });
    await until(() => one.detail('cell').parked.length === 1, 'the crash');
    expect(states).to.deep.equal(['initial', 0, '', null, undefined, false, 'initial']);
    expect(one.detail('cell').crashes[0]?.reason).to.equal('Error: cell: handling forget returned no Next');
    await one.stop();
  });

  it('H10: from an ended life nothing goes out: no message, no effect, no timer, no question; its work is aborted, and counted until it settles', async () => {
    const { system, ref, notes, detail, stop: end } = await onNact();
    let kept: Context | undefined;
    let signal: AbortSignal | undefined;
    let ran = 0;
    const run = () => ((ran += 1), Promise.resolve('sent'));
    system.tell(ref, { type: 'do', act: (ctx) => {
      kept = ctx;
      ctx.effect({ name: 'order', deadlineMs: 10_000, run: (given) => ((signal = given), new Promise(() => undefined)), report: (outcome) => ({ type: 'outcome', outcome }) });
    } });
    await until(() => kept !== undefined, 'the context');
    system.control('puppet', 'kill', 'test');
    await until(() => detail('puppet').incarnation === 2 && detail('puppet').status === 'running', 'the next life');
    expect(kept!.tell(ref, { type: 'note', text: 'ORDER from a stopped actor' })).to.equal(false);
    kept!.effect({ name: 'late', deadlineMs: 1_000, run, report: (outcome) => ({ type: 'outcome', outcome }) });
    kept!.timers.once('late', 0, { type: 'note', text: 'late' });
    kept!.ask(ref, { type: 'question' }, 1_000, (outcome) => ({ type: 'outcome', outcome }));
    for (let i = 0; i < 10; i++) await nextTurn();
    expect({ ran, aborted: signal?.aborted, effects: detail('puppet').effects, notes: notes() }).to.deep.equal({ ran: 0, aborted: true, effects: { running: 0, orphaned: 1 }, notes: [] });
    await end();
  });

  it('H16: a name used again is another life: a number of its own, no timer, no outcome and no answer of the old; a ref is to the role', async () => {
    const one = await stage({}, { restart: 'temporary' });
    const root = one.world.system.supervisor('vigil')!;
    const work = Promise.withResolvers<string>();
    let failure = '';
    one.act((ctx) => {
      ctx.timers.once('old', 1_000, { type: 'note', text: 'timer of the old' });
      ctx.effect({ name: 'old', deadlineMs: 10_000, run: () => work.promise, report: (outcome) => ({ type: 'outcome', outcome }) });
    });
    one.world.system.ask(one.ref, { type: 'question', act: () => undefined }, 10_000).catch((error: Error) => (failure = error.message));
    await one.world.settle();
    await root.terminateChild('puppet');
    await root.startChild(worker(one.ref, puppet()));
    one.tell('to the same ref');
    work.resolve('outcome of the old');
    await one.world.advance(5_000);
    expect(one.world.system.inspect('puppet')).to.deep.include({ incarnation: 2, state: ['to the same ref@2'] });
    expect(failure).to.equal('puppet ended: terminated by its supervisor');
  });

  it('H19: a stop stops everything below, children before parents, the last first; nothing handles a message afterwards', async () => {
    const one = live();
    const log: string[] = [];
    const child = (name: string) => worker(one.system.ref<Cue>(name), puppet({}, { terminate: async () => void log.push(name) }));
    await one.start(supervisor('outer', 'above', [child('a'), supervisor('inner', 'below', [child('b'), child('c')])]), child('d'));
    for (const name of ['a', 'b', 'c', 'd']) for (let i = 0; i < 3; i++) one.system.tell(one.system.ref<Cue>(name), { type: 'note', text: `${name}${i}` });
    await one.stop();
    const handled = one.system.tree().children;
    expect(log).to.deep.equal(['d', 'c', 'b', 'a']);
    for (let i = 0; i < 10; i++) await nextTurn();
    expect(one.system.tree().children).to.deep.equal(handled);
    const statuses = (nodes: typeof handled): string[] => nodes.flatMap((node) => [node.status, ...statuses(node.children)]);
    expect(new Set(statuses(handled))).to.deep.equal(new Set(['stopped']));
  });

  it('H21: an escalation restarts the supervisor with all its children, and the child that failed handles messages again', async () => {
    const one = live();
    const ref = one.system.ref<Cue>('fragile');
    await one.start(supervisor('inner', 'gives up at once', [worker(ref, puppet(), { policy: { ...NO_BUDGET, limit: 0 } })], { policy: NO_BUDGET }));
    let running = 0;
    let most = 0;
    one.system.tell(ref, { type: 'do', act: () => { most = Math.max(most, ++running); running -= 1; throw new Error('boom'); } });
    await until(() => one.detail('fragile').incarnation >= 2 && one.detail('fragile').status === 'running', 'the restart');
    one.system.tell(ref, { type: 'note', text: 'ok' });
    await until(() => one.detail('fragile').handled === 1, 'a message after it');
    expect(most).to.equal(1);
    expect(one.system.inspect('inner')).to.include({ status: 'running' });
    await one.stop();
  });

  it('H22: a policy that forgets its answer is an escalation, said aloud, and leaves no orphan; every directive else is typed', async () => {
    for (const forgets of [() => undefined, () => ({}), () => 'resume', () => ({ retryEveryMs: NaN })]) {
      const one = live();
      const ref = one.system.ref<Cue>('child');
      const ended: string[] = [];
      const policy = { ...NO_BUDGET, limit: 0, whenSpent: forgets as never };
      await one.system.start(supervisor('root', 'over both', [worker(ref, puppet(), { policy }), worker(one.system.ref<Cue>('sibling'), puppet())]), (error) => ended.push(error.message));
      one.system.tell(ref, boom);
      await until(() => ended.length === 1, 'the escalation');
      expect(one.errors).to.have.length(1);
      expect([one.detail('child').status, one.detail('sibling').status]).to.deep.equal(['stopped', 'stopped']);
      await one.stop();
    }
  });

  it('H23: an init that fails for ever, with no budget and no wait, leaves the loop its turns; one that waits gives its value as the state', async function () {
    this.timeout(30_000);
    expect(processOf('H23')).to.deep.equal(ALL_WELL);
    const one = live();
    await one.start(worker(one.system.ref<Cue>('waits'), puppet({}, { init: () => nextTurn(['ready']) })));
    expect(one.detail('waits').state).to.deep.equal(['ready']);
    await one.stop();
  });

  it('H24: what fails late, when its actor and the place of its actor are gone, ends no process', function () {
    this.timeout(30_000);
    expect(processOf('H24')).to.deep.equal(ALL_WELL);
  });

  it('H25: what throws or rejects in a clean-up ends no process, and hinders no restart', function () {
    this.timeout(30_000);
    expect(processOf('H25')).to.deep.equal(ALL_WELL);
  });

  it('H28: a process whose actors only wait lives for as long as it is kept alive; without that it would end with 0, which the service’s own does not', function () {
    this.timeout(30_000);
    expect(processOf('H28')).to.deep.equal(ALL_WELL);
    expect(processOf('H28-without')).to.deep.equal({ ...ALL_WELL, stdout: 'waiting for the feed\n' });
  });

  it('H33: a timer of forty days comes in forty days, though the clock below cannot wait so long; and no restart leaves one armed', async () => {
    const clock = new VirtualClock(0);
    const cut = { now: () => clock.now(), monotonic: () => clock.monotonic(), after: (delayMs: number, run: () => void) => clock.after(Math.min(delayMs, 2_147_483_647), run) };
    const passed: number[] = [];
    const day = 86_400_000;
    new Deadlines(cut).after(40 * day, () => passed.push(clock.now() / day));
    clock.advance(100 * day);
    expect(passed).to.deep.equal([40]);
    let fired = false;
    const timer = systemClock.after(40 * day, () => (fired = true));
    const { system, ref, notes, stop: end } = await onNact();
    system.tell(ref, { type: 'do', act: (ctx) => ctx.timers.once('far', 40 * day, { type: 'note', text: 'phantom' }) });
    system.tell(ref, { type: 'note', text: 'a' });
    await until(() => notes().length === 1, 'a message behind it');
    await new Promise<void>((resolve) => void systemClock.after(5, resolve));
    expect({ fired, notes: notes() }).to.deep.equal({ fired: false, notes: ['a@1'] });
    timer.cancel();
    await end();
  });

  it('H31b: a failure that comes again with every start is slowed by backoff and held to its budget: no storm', async () => {
    let starts = 0;
    const one = await stage({}, { policy: { limit: 5, windowMs: 60_000, backoff: { minMs: 100, maxMs: 10_000 }, whenSpent: { retryEveryMs: 30_000 } }, more: { init: () => { if (++starts > 1) throw new Error('poison event'); return []; } } });
    one.world.system.control('puppet', 'kill', 'test');
    await one.world.advance(60_000);
    expect(starts).to.be.within(6, 9);
    await one.world.advance(3_600_000);
    expect(starts).to.be.below(61 * 6);
    const at = one.world.events.filter((event) => event.type === 'restarting').map((event) => event.used);
    expect(Math.max(...at)).to.equal(6);
  });
});

describe('nact’s hazards of mailbox, questions, references, noise and typing', () => {
  for (const [overflow, messages, accepted] of [['reject', 1_000_000, 1_000], ['drop-oldest', 1_000_000, 1_000_000], ['drop-newest', 100_000, 1_000], ['latest-by-key', 100_000, 100_000]] as const satisfies readonly [Overflow, number, number][]) {
    it(`H05: ${messages} messages to an actor that takes none hold no more memory than its mailbox: ${overflow}`, async function () {
      this.timeout(30_000);
      const one = live();
      const ref = one.system.ref<Cue>('puppet');
      await one.start(worker(ref, puppet({ capacity: 1_000, overflow, key: (cue: Cue) => ('text' in cue ? cue.text : '') })));
      one.system.control('puppet', 'suspend', 'test');
      const before = await heldBytes();
      let taken = 0;
      for (let i = 0; i < messages; i++) if (one.system.tell(ref, { type: 'note', text: `${i % 5_000}` })) taken += 1;
      expect((await heldBytes()) - before).to.be.below(4_000_000);
      expect(one.detail('puppet').mailbox).to.include({ depth: 1_000, capacity: 1_000, dropped: messages - 1_000 });
      expect(taken).to.equal(accepted);
      await one.stop();
    });
  }

  it('H06: thousands of questions in flight each get their own answer, whatever chance says and in whatever order they are answered', async () => {
    const { system, ref, stop: end } = await onNact('puppet', {}, live({ next: () => 0.4242 }));
    const open: (() => void)[] = [];
    const asked = Array.from({ length: 20_000 }, (_, i) => {
      const question: Extract<Cue, { type: 'question' }> = {
        type: 'question',
        act: (ctx) => {
          const answer = ctx.answering(question);
          open.push(() => answer([`${i}`]));
        },
      };
      return system.ask(ref, question, 60_000);
    });
    await until(() => open.length === 20_000, 'all questions');
    for (const answer of open.reverse()) answer();
    const wrong = (await Promise.all(asked)).filter(([answer], i) => answer !== `${i}`);
    expect(wrong).to.deep.equal([]);
    await end();
  });

  it('H14: a timeout that is none is refused at once, as a rejection; an unanswered question keeps no process alive', async function () {
    this.timeout(30_000);
    const { system, ref, stop: end } = await onNact();
    for (const timeoutMs of [0, -1, NaN, Infinity, 3e9, 2 ** 31]) {
      const failure: unknown = await system.ask(ref, { type: 'question' }, timeoutMs).then(() => 'answered', (error: unknown) => error);
      expect(failure, `${timeoutMs}`).to.be.instanceOf(RangeError).with.property('message').that.includes(`timeoutMs is ${timeoutMs}`);
    }
    await end();
    expect(processOf('H14')).to.deep.equal(ALL_WELL);
  });

  it('H15: a burst gives its memory back when it has passed, and children that come and go leave nothing behind', async function () {
    this.timeout(60_000);
    const one = await onNact();
    const root = one.system.supervisor('root')!;
    const note: Cue = { type: 'note', text: 'a' };
    const churn = async (children: number) => {
      for (let i = 0; i < children; i++) {
        const path = `child/${i % 7}`;
        await root.startChild(worker(one.system.ref<Cue>(path), puppet(), { restart: 'temporary' }));
        await root.terminateChild(path);
      }
    };
    const burst = async (messages: number) => {
      const until0 = one.detail('puppet').handled + messages;
      one.system.control('puppet', 'suspend', 'test');
      for (let i = 0; i < messages; i++) one.system.tell(one.ref, { type: 'do', act: () => undefined });
      one.system.control('puppet', 'resume', 'test');
      await until(() => one.detail('puppet').handled === until0, 'the burst');
    };
    await churn(200);
    await burst(1_000);
    one.system.tell(one.ref, note);
    const before = await heldBytes();
    await churn(2_000);
    await burst(300_000);
    expect((await heldBytes()) - before).to.be.below(2_000_000);
    await one.stop();
  });

  it('H17: nothing is printed of a message that crashed its handler, and what is kept of it is redacted', function () {
    this.timeout(30_000);
    expect(processOf('H17')).to.deep.equal(ALL_WELL);
  });

  it('H26: no message copies a map of children: nact’s own tree is flat, and its root gets none', async () => {
    const one = live();
    const refs = Array.from({ length: 300 }, (_, i) => one.system.ref<Cue>(`child ${i}`));
    await one.start(supervisor('many', 'over many', refs.map((ref) => worker(ref, puppet()))));
    const { Map: RealMap } = globalThis;
    let copied = 0;
    globalThis.Map = class<Key, Value> extends RealMap<Key, Value> {
      constructor(entries?: Iterable<readonly [Key, Value]> | null) {
        super(entries);
        copied += this.size;
      }
    } as MapConstructor;
    try {
      for (const ref of refs) one.system.tell(ref, { type: 'note', text: 'a' });
      await until(() => one.detail('child 299').handled === 1, 'all messages');
    } finally {
      globalThis.Map = RealMap;
    }
    expect(copied).to.equal(0);
    await one.stop();
  });

  it('H27: every context has a log that writes, under its actor’s path', async () => {
    const one = await stage({}, { more: { init: (ctx) => (ctx.log.info({ from: 'init' }, 'starting'), []) } });
    one.act((ctx) => ctx.log.warn({ from: 'receive' }, 'running'));
    await one.world.settle();
    expect(one.world.logs).to.deep.equal([
      { level: 'info', path: 'puppet', fields: { from: 'init' }, message: 'starting' },
      { level: 'warn', path: 'puppet', fields: { from: 'receive' }, message: 'running' },
    ]);
    expect(one.detail()).to.include({ incarnation: 1 });
  });

  it('H29: a second system replaces no first: each delivers to its own, under the same names', async () => {
    const [first, second] = [await onNact(), await onNact()];
    first.system.tell(first.ref, { type: 'note', text: 'first' });
    second.system.tell(second.ref, { type: 'note', text: 'second' });
    await until(() => first.notes().length + second.notes().length === 2, 'both');
    expect([first.notes(), second.notes()]).to.deep.equal([['first@1'], ['second@1']]);
    await first.stop();
    second.system.tell(second.ref, { type: 'note', text: 'still there' });
    await until(() => second.notes().length === 2, 'the second after the first has stopped');
    await second.stop();
  });

  it('H30: a bad specification is refused before anything is made of it: no half-built actor keeps the name; a forged ref reaches nobody', async () => {
    const one = live();
    let inits = 0;
    const behaviour = puppet({}, { init: () => ((inits += 1), []) });
    await one.start();
    const root = one.system.supervisor('root')!;
    const ref = one.system.ref<Cue>('half');
    const refused = await root.startChild(worker(ref, behaviour, { shutdown: '5s' as never }));
    expect(refused).to.deep.include({ ok: false, error: 'invalid-spec' });
    const failed = await root.startChild(worker(ref, puppet({}, { init: () => { throw new Error('no'); } })));
    expect(failed).to.deep.include({ ok: false, error: 'failed-to-start' });
    expect(one.system.tell({ path: 'half' } as unknown as Ref<Cue>, boom)).to.equal(false);
    expect(inits).to.equal(0);
    expect(await root.startChild(worker(ref, behaviour))).to.deep.include({ ok: true });
    await one.stop();
  });

  it('H34: a question says why it failed: the end and its reason, oneself, a circle, a deadline; a late answer is a dead letter', async () => {
    const world = new World();
    const [a, b] = [world.system.ref<Cue>('a'), world.system.ref<Cue>('b')];
    const said: string[] = [];
    const keep = (error: Error) => void said.push(error.message);
    const curious = (other: Ref<Cue>) => puppet({}, { init: async (ctx) => { if (ctx.incarnation > 1) await ctx.ask(other, { type: 'question' }, 1_000).catch(keep); return []; } });
    await world.start(worker(a, curious(a), { policy: NO_BUDGET }), worker(b, puppet(), { policy: NO_BUDGET }));
    const ask = (act: (ctx: Context) => void, ms = 1_000) => void world.system.ask(b, { type: 'question', act }, ms).catch(keep);
    ask(() => { throw new Error('real cause'); });
    await world.settle();
    ask(() => undefined);
    await world.settle();
    world.system.control('b', 'kill', 'by hand');
    await world.settle();
    let answer: ((notes: readonly string[]) => void) | undefined;
    const slow: Extract<Cue, { type: 'question' }> = { type: 'question', act: (ctx) => void (answer = ctx.answering(slow)) };
    world.system.ask(b, slow, 20).catch(keep);
    await world.advance(20);
    await world.settle();
    answer!([]);
    world.system.control('a', 'kill', 'asks itself');
    await world.settle();
    expect(said).to.deep.equal(['b ended: Error: real cause', 'b ended: killed: by hand', 'b did not answer question within 20 ms', 'a would wait for itself while starting: a → a']);
    expect(world.system.deadLetters.counts()).to.include({ 'late-answer': 1 });
  });

  it('H36: what is sent cannot be changed afterwards, by its sender or its receiver: in tests it is frozen, at every depth', async () => {
    const one = await stage();
    const order: { type: 'note'; text: string; legs: { quantity: number }[] } = { type: 'note', text: 'a', legs: [{ quantity: 1 }] };
    one.world.system.tell(one.ref, order);
    expect(() => (order.text = 'b')).to.throw(TypeError, 'read only');
    expect(() => (order.legs[0]!.quantity = 1_000)).to.throw(TypeError, 'read only');
    await one.world.settle();
    expect(one.notes()).to.deep.equal(['a@1']);
  });

  it('H18: only the declared four functions of nact are used, under types of our own; what must not compile, types.test.ts shows', () => {
    const source = readFileSync(join(SUPERVISION, 'nact.ts'), 'utf8');
    expect([...source.matchAll(/from '(nact[^']*)'/g)].map((match) => match[1])).to.deep.equal(['nact', 'nact']);
    expect(source).to.not.match(/spawnStateless|spawnPersistent|query|configure|milliseconds|\bany\b/);
  });
});

describe('nact’s hazards of persistence', () => {
  /** The room has no persistence: nothing of nact's is used or offered, so that none of its faults can be reached. */
  function noPersistence(): void {
    const files = readdirSync(SUPERVISION, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
    expect(files).to.include('nact.ts');
    for (const name of files) {
      const code = readFileSync(join(SUPERVISION, name), 'utf8').replace(/\/\*\*[\s\S]*?\*\/|\/\/.*/g, '');
      expect(code, name).to.not.match(/spawnPersistent|configurePersistence|persistence|\.persist\b|snapshot|sequenceNumber/i);
    }
  }

  it('H11: no sequence number is burnt by a failed write: no persistence of nact’s is used; the journal’s own contract (test/persistence/journal-contract.ts) says what a failed append leaves', noPersistence);
  it('H11b: no two events of one command are half durable: no persistence of nact’s is used; an append to the journal is all or nothing', noPersistence);
  it('H12: no snapshot is one message late: there are none here', noPersistence);
  it('H13: no handler is replayed: an incarnation starts from what its init returns, and what waited in its mailbox is handled once', async () => {
    noPersistence();
    const { system, ref, notes, detail, stop: end } = await onNact();
    for (const text of ['one', 'two']) system.tell(ref, { type: 'note', text });
    await until(() => notes().length === 2, 'both');
    for (let life = 2; life < 5; life++) {
      system.control('puppet', 'kill', 'test');
      await until(() => detail('puppet').incarnation === life && detail('puppet').status === 'running', 'the next life');
    }
    expect({ notes: notes(), handled: detail('puppet').handled }).to.deep.equal({ notes: [], handled: 2 });
    await end();
  });
  it('H31: a start that fails leaves nothing that looks alive: it is seen as restarting, or as stopped with its reason', async () => {
    noPersistence();
    let healthy = true;
    const one = await stage({}, { policy: { backoff: { minMs: 1_000, maxMs: 1_000 }, limit: 1, windowMs: 60_000, whenSpent: 'escalate' }, more: { init: () => { if (!healthy) throw new Error('bad event'); return []; } } });
    healthy = false;
    one.world.system.control('puppet', 'kill', 'test');
    await one.world.settle();
    expect(one.detail()).to.include({ status: 'restarting' });
    await one.world.advance(2_000);
    expect(one.detail()).to.include({ status: 'stopped' });
    expect(one.detail().lastExit).to.include({ kind: 'crashed', reason: 'Error: bad event' });
  });
  it('H32: no restart counts anew from one under a running handler: incarnation numbers only rise, over deletion too', async () => {
    noPersistence();
    const { system, ref, detail, stop: end } = await onNact('puppet', { restart: 'transient' });
    const root = system.supervisor('root')!;
    const numbers = [detail('puppet').incarnation];
    system.tell(ref, { type: 'do', act: () => { system.control('puppet', 'kill', 'in its own handler'); } });
    await until(() => detail('puppet').incarnation === 2 && detail('puppet').status === 'running', 'the second');
    numbers.push(detail('puppet').incarnation);
    system.tell(ref, { type: 'do', act: () => stop('done') });
    await until(() => detail('puppet').status === 'stopped', 'the end');
    await root.deleteChild('puppet');
    await root.startChild(worker(ref, puppet()));
    numbers.push(detail('puppet').incarnation);
    expect(numbers).to.deep.equal([1, 2, 3]);
    await end();
  });
  it('H32b: the ended and its heir do not both write: the ended begins no effect, and what it began is aborted; the journal itself is fenced by its writer’s lock (test/persistence/instance-lock.test.ts)', async () => {
    noPersistence();
    const { system, ref, detail, stop: end } = await onNact();
    const written: string[] = [];
    let zombie: Context | undefined;
    const write = (ctx: Context, what: string) =>
      ctx.effect({ name: 'write', deadlineMs: 1_000, run: (signal) => nextTurn().then(() => (signal.aborted ? undefined : written.push(what))), report: (outcome) => ({ type: 'outcome', outcome }) });
    system.tell(ref, { type: 'do', act: (ctx) => { zombie = ctx; write(ctx, 'under way'); system.control('puppet', 'kill', 'test'); write(ctx, 'from the dead'); } });
    await until(() => detail('puppet').incarnation === 2 && detail('puppet').status === 'running', 'the heir');
    write(zombie!, 'later still');
    system.tell(ref, { type: 'do', act: (ctx) => write(ctx, 'by the heir') });
    await until(() => written.length > 0, 'a write');
    for (let i = 0; i < 10; i++) await nextTurn();
    expect(written).to.deep.equal(['by the heir']);
    await end();
  });
});

describe('nact’s hazards', () => {
  it('each have their test', () => {
    const listed = ['H01', 'H02', 'H03', 'H04', 'H05', 'H06', 'H07', 'H08', 'H09', 'H10', 'H11', 'H11b', 'H12', 'H13', 'H14', 'H15', 'H16', 'H17', 'H18', 'H19', 'H21', 'H22', 'H23', 'H24', 'H25', 'H26', 'H27', 'H28', 'H29', 'H30', 'H31', 'H31b', 'H32', 'H32b', 'H33', 'H34', 'H36'];
    const source = readFileSync(import.meta.filename, 'utf8');
    expect([...new Set([...source.matchAll(/it\(['`](H\d+b?): /g)].map((match) => match[1]!))].sort()).to.deep.equal(listed);
  });
});
