/** Ruling 11: lowered at once whatever the records do, raised only when it is on record, and the lower of both after a restart. */
import { expect } from 'chai';
import { journalBehaviour } from '../../src/actors/journal.ts';
import { tradingStateBehaviour } from '../../src/actors/trading-state.ts';
import type { AutomaticCause, ExecutorMessage, TradingStateActorMessage, TradingStateAnswer, TradingStateCauses } from '../../src/protocol/messages.ts';
import type { EquityView, Phase, TradingStateName, TradingStateView } from '../../src/protocol/views.ts';
import type { ClientId, PlanId, SymbolName } from '../../src/protocol/names.ts';
import { createPermitAuthority } from '../../src/protocol/permit.ts';
import type { TradingState } from '../../src/rules/trading-state.ts';
import { decimal } from '../../src/protocol/decimal.ts';
import { worker } from '../../src/supervision/child-spec.ts';
import type { Ref, Tagged } from '../../src/supervision/ref.ts';
import { GPS, watched } from '../kit/actors.ts';
import { HYPE, makeLife } from '../kit/decisions.ts';
import { MemoryJournal } from '../kit/memory-journal.ts';
import { Probe } from '../kit/probe.ts';
import { World } from '../kit/world.ts';

const DAY_MS = 86_400_000;

async function bench(options: { journal?: MemoryJournal; onFile?: TradingState; onHandled?: (type: string) => void } = {}) {
  const world = new World();
  const { system, clock } = world;
  const journal = options.journal ?? new MemoryJournal();
  const ref = system.ref<TradingStateActorMessage>('trading-state');
  const journalRef = system.ref<Parameters<ReturnType<typeof journalBehaviour>['receive']>[1]>('journal');
  const authority = createPermitAuthority({ now: () => clock.now(), monotonic: () => clock.monotonic() });
  const governor = new Probe<{ readonly type: 'trading-state'; readonly view: TradingStateView }>(world, 'governor');
  const [gps, hype] = [new Probe<ExecutorMessage>(world, `executor/${GPS}`), new Probe<ExecutorMessage>(world, `executor/${HYPE}`)];
  const disk: { content: TradingState | undefined; broken: boolean; writes: number } = { content: options.onFile, broken: false, writes: 0 };
  const file = {
    read: () => disk.content,
    write(state: TradingState) {
      if (disk.broken) throw new Error('read-only file system');
      disk.writes += 1;
      disk.content = state;
    },
  };
  await world.start(worker(journalRef, journalBehaviour(journal)), governor.spec, gps.spec, hype.spec, worker(ref, watched(tradingStateBehaviour({ file, epochs: authority.epochs, journal: journalRef, subscribers: [governor.ref], executorOf: (symbol) => (symbol === GPS ? gps.ref : hype.ref), executors: () => [GPS, HYPE], flattenDrawdownPercent: '10' }), (type) => options.onHandled?.(type))));
  const set = (state: TradingStateName, symbol?: SymbolName): { answer: TradingStateAnswer | undefined } => {
    const result: { answer: TradingStateAnswer | undefined } = { answer: undefined };
    system.ask(ref, { type: 'set', state, symbol, reason: 'a test', by: 'me' }, 30_000).then(
      (answer) => (result.answer = answer),
      (error: Error) => (result.answer = { ok: false, message: error.message }),
    );
    return result;
  };
  const overall = () => (system.inspect('trading-state') as unknown as { state: { overall: string; symbols: object } | null }).state;
  const report = (causes: readonly AutomaticCause[], reconciled = true) => system.tell(ref as Ref<TradingStateActorMessage | TradingStateCauses>, { type: 'causes', causes, reconciled });
  const told = (message: object) => system.tell(ref as unknown as Ref<Tagged>, message as Tagged);
  const life = (symbol: SymbolName, phase: Phase) => told({ type: 'life', view: makeLife({ symbol, phase }) });
  const equity = (sessionDrawdownPercent: string, sessionSince = 0) =>
    told({ type: 'equity', view: { equity: '9000', walletBalance: '9000', availableBalance: '9000', observedAt: 0, performance: { day: '2026-02-03', dayStartEquity: '10000', dayLossPercent: '1', dailyLossReached: false, sessionSince, sessionPeak: '10000', sessionDrawdownPercent, allTimePeak: '10000', allTimeDrawdownPercent: '10' } } satisfies EquityView });
  const view = () => governor.last('trading-state')?.view;
  return { world, journal, disk, authority, governor, gps, hype, set, overall, report, life, equity, view };
}

describe('trading state', () => {
  it('is written down whole when its entries are a day old, and taken up from there: state, symbols, cause and session', async () => {
    const { world, journal, set, overall } = await bench();
    set('ACTIVE');
    set('HALTED', HYPE);
    set('REDUCING');
    await world.advance(1_000);
    const before = overall();
    world.clock.moveTo(world.clock.now() + DAY_MS);
    await world.advance(2_000);
    expect(journal.story('trading-state')).to.deep.equal(['TradingStateSet', 'TradingStateSet', 'TradingStateSet', 'Snapshot']);
    world.system.control('trading-state', 'kill', 'test');
    await world.advance(5_000);
    expect(overall()).to.deep.equal({ ...before, tradingEpoch: (overall() as unknown as { tradingEpoch: number }).tradingEpoch });
    // What is set afterwards follows it.
    expect((await journal.read('trading-state')).map((entry) => entry.sequence)).to.deep.equal([4]);
    set('ACTIVE', HYPE);
    await world.advance(1_000);
    expect((await journal.read('trading-state')).map((entry) => [entry.sequence, entry.type])).to.deep.equal([[4, 'Snapshot'], [5, 'TradingStateSet']]);
    expect(overall()?.symbols).to.deep.equal({});
  });

  it('is not written down while a raising is on its way, and while the journal is away only that is tried again', async () => {
    const { world, journal, set, overall } = await bench();
    set('REDUCING');
    await world.advance(1_000);
    world.clock.moveTo(world.clock.now() + DAY_MS);
    journal.mood = 'held';
    set('ACTIVE');
    await world.advance(3_000);
    expect(journal.story('trading-state')).to.deep.equal(['TradingStateSet']);
    journal.letThrough();
    await world.advance(2_000);
    expect(journal.story('trading-state')).to.deep.equal(['TradingStateSet', 'TradingStateSet', 'Snapshot']);
    expect((await journal.read('trading-state'))[0]?.payload).to.include({ overall: 'ACTIVE' });
    world.clock.moveTo(world.clock.now() + DAY_MS);
    journal.mood = 'failing';
    await world.advance(5_000);
    expect(world.system.inspect('trading-state')).to.include({ incarnation: 1, status: 'running' });
    journal.mood = 'ok';
    await world.advance(2_000);
    expect(journal.story('trading-state').slice(3)).to.deep.equal(['Snapshot']);
    expect(overall()?.overall).to.equal('ACTIVE');
  });

  for (const mood of ['failing', 'silent'] as const) {
    it(`is lowered in the same turn, and stays so, while the journal is ${mood} (ruling 11)`, async () => {
      const { world, journal, disk, authority, set, overall, governor } = await bench();
      journal.mood = mood;
      const before = authority.epochs.current();
      const result = set('HALTED');
      await world.settle();
      expect(authority.epochs.current()).to.equal(before + 1);
      expect(disk.content?.overall).to.equal('HALTED');
      expect(governor.last('trading-state')?.view.overall).to.equal('HALTED');
      await world.advance(20_000);
      expect(result.answer).to.include({ ok: true });
      journal.mood = 'ok';
      await world.advance(60_000);
      expect(overall()?.overall, 'after the actor has restarted').to.equal('HALTED');
    });

    it(`is not raised while the journal is ${mood}, and says so (ruling 11)`, async () => {
      const { world, journal, disk, set, overall } = await bench();
      set('REDUCING');
      await world.advance(100);
      journal.mood = mood;
      const result = set('ACTIVE');
      await world.advance(20_000);
      expect(result.answer).to.include({ ok: false });
      expect(disk.content?.overall).to.equal('REDUCING');
      journal.mood = 'ok';
      await world.advance(60_000);
      expect(overall()?.overall).to.equal('REDUCING');
      expect(disk.content?.overall).to.equal('REDUCING');
    });
  }

  it('makes a hundred changes that come at once durable together: one write of the file, one append, and everybody is answered', async () => {
    const { world, journal, disk, set, overall } = await bench();
    const symbols = Array.from({ length: 100 }, (_, index) => `S${index}USDT` as SymbolName);
    const results = symbols.map((symbol) => set('HALTED', symbol));
    await world.settle();
    expect(results.filter(({ answer }) => answer?.ok === true)).to.have.length(100);
    expect(Object.keys(overall()!.symbols)).to.have.length(100);
    expect(disk.content?.symbols.size).to.equal(100);
    expect(journal.story('trading-state')).to.have.length(100);
    expect({ writes: disk.writes, appends: journal.batches.length }).to.deep.equal({ writes: 1, appends: 1 });
  });

  it('takes what comes while an append is on its way with the next one, lowerings on the file at once', async () => {
    const { world, journal, disk, set } = await bench();
    set('REDUCING');
    await world.settle();
    journal.mood = 'held';
    const raised = set('ACTIVE', GPS);
    await world.settle();
    const more = [set('HALTED', HYPE), set('ACTIVE', GPS), set('REDUCING', GPS)];
    await world.settle();
    expect(more.map(({ answer }) => answer?.ok), 'on the file is enough for a lowering').to.deep.equal([true, undefined, true]);
    expect([...disk.content!.symbols]).to.deep.equal([[HYPE, 'HALTED'], [GPS, 'REDUCING']]);
    journal.letThrough();
    await world.settle();
    expect([raised, ...more].map(({ answer }) => answer?.ok)).to.deep.equal([true, true, true, true]);
    expect(journal.batches.map((batch) => batch.length)).to.deep.equal([1, 1, 3]);
    expect([...disk.content!.symbols]).to.deep.equal([[HYPE, 'HALTED'], [GPS, 'REDUCING']]);
  });

  it('stays lowered in this process though neither file nor journal took it, over restarts of its actor, and both get it when they can (ruling 11)', async () => {
    const { world, journal, disk, set, overall } = await bench();
    disk.broken = true;
    journal.mood = 'failing';
    expect(set('HALTED').answer).to.equal(undefined);
    await world.advance(3_000);
    world.system.control('trading-state', 'kill', 'test');
    await world.advance(30_000);
    expect(overall()?.overall).to.equal('HALTED');
    expect(world.logs.filter((line) => /file could not be written/.test(line.message)), 'told once an incarnation').to.have.length(2);
    disk.broken = false;
    journal.mood = 'ok';
    await world.advance(3_000);
    expect(disk.content?.overall).to.equal('HALTED');
    expect(journal.story('trading-state')).to.deep.equal(['TradingStateSet']);
    expect(world.system.owed().size).to.equal(0);
  });

  it('stays lowered when its actor dies before it could write that down', async () => {
    let deadly = true;
    const { world, journal, disk, set, overall } = await bench({
      onHandled(type) {
        if (type !== 'set' || !deadly) return;
        deadly = false;
        world.system.control('trading-state', 'kill', 'test');
      },
    });
    set('REDUCING', GPS);
    await world.advance(30_000);
    expect(deadly).to.equal(false);
    expect(overall()?.symbols).to.deep.equal({ [GPS]: 'REDUCING' });
    expect([...disk.content!.symbols]).to.deep.equal([[GPS, 'REDUCING']]);
    expect(journal.story('trading-state')).to.deep.equal(['TradingStateSet']);
    // What was raised since is not lowered again by the next death.
    set('ACTIVE', GPS);
    await world.advance(1_000);
    world.system.control('trading-state', 'kill', 'test');
    await world.advance(30_000);
    expect(overall()?.symbols).to.deep.equal({});
  });

  it('does not die of a journal that does not take a lowering: it is handed over again, as it was', async () => {
    const { world, journal, set } = await bench();
    journal.mood = 'failing';
    set('HALTED');
    await world.advance(5_000);
    expect(world.system.inspect('trading-state')).to.include({ incarnation: 1, status: 'running' });
    expect(world.system.owed().get('trading-state')).to.deep.equal(['trading-state #1 TradingStateSet']);
    journal.mood = 'ok';
    await world.advance(2_000);
    expect(journal.story('trading-state')).to.deep.equal(['TradingStateSet']);
  });

  for (const mood of ['failing', 'silent'] as const) {
    it(`flattens while the journal is ${mood} for as long as that lasts, can be asked at any time, and has every change on record afterwards, once and in order (ruling 36)`, async () => {
      const { world, journal, set, life, gps, hype, overall, view } = await bench();
      life(GPS, 'Protected');
      life(HYPE, 'Protected');
      journal.mood = mood;
      const first = set('FLATTENING', GPS);
      await world.advance(9_000);
      expect(first.answer).to.include({ ok: true });
      expect(gps.of('close')).not.to.deep.equal([]);
      life(GPS, 'Flat');
      await world.advance(600_000);
      // It is what an operator needs to get out: it must not be busy restarting.
      expect(world.system.inspect('trading-state')).to.include({ incarnation: 1, status: 'running' });
      const second = set('FLATTENING', HYPE);
      await world.advance(9_000);
      expect(second.answer).to.include({ ok: true });
      expect(hype.of('close')).not.to.deep.equal([]);
      life(HYPE, 'Flat');
      await world.advance(2_000);
      expect(overall()?.symbols, 'halted only when that is on record').to.deep.equal({ [GPS]: 'FLATTENING', [HYPE]: 'FLATTENING' });
      journal.mood = 'ok';
      await world.advance(12_000);
      expect(world.system.inspect('trading-state')).to.include({ incarnation: 1 });
      expect(journal.entries.filter((entry) => entry.entity === 'trading-state').map(({ sequence, payload }) => [sequence, (payload as { symbol: string }).symbol, (payload as { state: string }).state])).to.deep.equal([[1, GPS, 'FLATTENING'], [2, GPS, 'HALTED'], [3, HYPE, 'FLATTENING'], [4, HYPE, 'HALTED']]);
      expect(Object.fromEntries(view()!.symbols)).to.deep.equal({ [GPS]: 'HALTED', [HYPE]: 'HALTED' });
      expect(world.logs.filter((line) => line.level !== 'debug' && /journal did not take/.test(line.message)), 'said once').to.have.length(1);
    });
  }

  it('is lowered although the file cannot be written, and the journal keeps it', async () => {
    const { world, journal, disk, set, overall } = await bench();
    disk.broken = true;
    const result = set('HALTED');
    await world.advance(100);
    expect(result.answer).to.include({ ok: true });
    expect(overall()?.overall).to.equal('HALTED');
    const next = await bench({ journal });
    expect(next.overall()?.overall).to.equal('HALTED');
    expect(world.logs.some((line) => /file could not be written/.test(line.message))).to.equal(true);
  });

  it('takes the lower of file and journal at start, for the whole and for each symbol', async () => {
    for (const [onFile, journalled] of [['HALTED', 'ACTIVE'], ['ACTIVE', 'HALTED'], ['REDUCING', 'HALTED'], ['HALTED', 'REDUCING']] as const) {
      const journal = new MemoryJournal();
      await journal.append([{ entity: 'trading-state', sequence: 1, type: 'TradingStateSet', version: 1, at: 1, payload: { state: journalled, symbol: null, reason: '', by: '' } }, { entity: 'trading-state', sequence: 2, type: 'TradingStateSet', version: 1, at: 1, payload: { state: 'REDUCING', symbol: GPS, reason: '', by: '' } }]);
      const { overall } = await bench({ journal, onFile: { overall: onFile, symbols: new Map([[GPS, 'HALTED']]), cause: '', since: 0 } });
      expect(overall()?.overall).to.equal('HALTED');
      expect(overall()?.symbols).to.deep.equal({ [GPS]: 'HALTED' });
    }
  });

  it('refuses a permit that was out before it was lowered, though every message says otherwise (ruling 11)', async () => {
    const { world, authority, set } = await bench();
    const clientId = 'id' as ClientId;
    const { permit } = authority.issuer.open({ planHash: 'plan' as PlanId, clientId, symbol: GPS, side: 'LONG', maxQuantity: '10', worstPrice: '1', leverage: 10, marginMode: 'ISOLATED', executorIncarnation: 1, checks: [] });
    set('REDUCING');
    await world.settle();
    const redemption = authority.redeemer.redeem({ kind: 'OPEN', symbol: GPS, clientId, side: 'BUY', quantity: decimal('10'), price: decimal('1') }, { by: 'permit', permit }, 1);
    expect(redemption).to.include({ ok: false, code: 'PERMIT_EPOCH' });
  });

  it('raises one symbol without raising the rest, in the order in which it is asked', async () => {
    const { world, set, overall } = await bench();
    set('HALTED');
    set('HALTED', GPS);
    await world.advance(100);
    set('ACTIVE', GPS);
    await world.advance(100);
    expect(overall()).to.deep.include({ overall: 'HALTED', symbols: {} });
  });

  it('keeps a lowering that comes while a raising is being recorded', async () => {
    const { world, journal, set, overall } = await bench();
    set('REDUCING');
    await world.advance(100);
    journal.mood = 'held';
    set('ACTIVE');
    await world.settle();
    set('HALTED');
    await world.settle();
    expect(overall()?.overall).to.equal('HALTED');
    journal.letThrough();
    await world.advance(1_000);
    expect(overall()?.overall).to.equal('HALTED');
  });

  it('is halted, not raised, by a halt that comes while it is halted and an activation is being recorded', async () => {
    const { world, journal, set, overall, view } = await bench();
    set('HALTED');
    await world.advance(1_100);
    journal.mood = 'held';
    set('ACTIVE');
    await world.settle();
    const again = set('HALTED');
    await world.advance(100);
    expect(again.answer, 'in force, and on the file').to.include({ ok: true });
    journal.letThrough();
    await world.advance(1_000);
    expect([overall()?.overall, view()?.overall]).to.deep.equal(['HALTED', 'HALTED']);
    expect(journal.story('trading-state').length, 'all three are on record').to.equal(3);
  });

  it('stays halted when the journal goes away between an activation and the halt after it, over a restart of its actor too', async () => {
    const { world, journal, set, overall, governor } = await bench();
    set('HALTED');
    await world.advance(1_100);
    journal.mood = 'held';
    set('ACTIVE');
    await world.settle();
    set('HALTED');
    await world.settle();
    const before = governor.of('trading-state').length;
    journal.letThrough();
    journal.mood = 'failing';
    world.system.control('trading-state', 'kill', 'a test');
    await world.advance(30_000);
    journal.mood = 'ok';
    await world.advance(60_000);
    expect(overall()?.overall).to.equal('HALTED');
    expect(new Set(governor.of('trading-state').slice(before).map(({ view }) => view.overall)), 'at no moment anything else').to.deep.equal(new Set(['HALTED']));
  });

  it('is raised no further than what was asked for last: a REDUCING behind an activation that is being recorded', async () => {
    const { world, journal, set, governor } = await bench();
    set('HALTED');
    await world.advance(1_100);
    journal.mood = 'held';
    set('ACTIVE');
    await world.settle();
    set('REDUCING');
    await world.settle();
    const before = governor.of('trading-state').length;
    journal.letThrough();
    await world.advance(3_000);
    const seen = governor.of('trading-state').slice(before).map(({ view }) => view.overall);
    expect(seen.at(-1)).to.equal('REDUCING');
    expect(seen).not.to.include('ACTIVE');
  });

  for (const mood of ['failing', 'silent'] as const) {
    it(`is halted again, and says so, while it is halted and the journal is ${mood}`, async () => {
      const { world, journal, set, overall } = await bench();
      set('HALTED');
      await world.advance(100);
      journal.mood = mood;
      const again = set('HALTED');
      await world.advance(100);
      expect(again.answer).to.include({ ok: true });
      expect(overall()?.overall).to.equal('HALTED');
    });
  }

  it('does not lose a halt of one symbol to a raising of another that is being recorded', async () => {
    const { world, journal, disk, set, overall } = await bench();
    set('HALTED', 'BTCUSDT' as SymbolName);
    await world.advance(100);
    journal.mood = 'held';
    set('ACTIVE', 'BTCUSDT' as SymbolName);
    await world.settle();
    set('HALTED', GPS);
    await world.settle();
    journal.letThrough();
    await world.advance(1_000);
    expect(overall()?.symbols).to.deep.equal({ [GPS]: 'HALTED' });
    expect([...(disk.content?.symbols ?? [])]).to.deep.equal([[GPS, 'HALTED']]);
  });

  describe('lowered by itself (rulings 12, 13)', () => {
    const GATEWAY = { key: 'gateway', symbol: undefined, reason: 'the gateway is away' };

    it('voids the permits that are out, is published at once, and rises by itself five minutes after the cause is gone', async () => {
      const { world, authority, governor, overall, report } = await bench();
      const before = authority.epochs.current();
      report([GATEWAY]);
      await world.settle();
      expect(authority.epochs.current()).to.equal(before + 1);
      expect(governor.last('trading-state')?.view).to.include({ overall: 'REDUCING', cause: 'automatic: the gateway is away' });
      report([GATEWAY]);
      await world.settle();
      expect(authority.epochs.current(), 'once').to.equal(before + 1);
      report([]);
      await world.advance(299_000);
      report([]);
      await world.settle();
      expect(overall()?.overall).to.equal('REDUCING');
      await world.advance(1_000);
      report([], false);
      await world.settle();
      expect(overall()?.overall, 'not reconciled').to.equal('REDUCING');
      report([]);
      await world.settle();
      expect(overall()?.overall).to.equal('ACTIVE');
      expect(governor.last('trading-state')?.view).to.include({ overall: 'ACTIVE' });
    });

    it('is not on record: a new process has fresh budgets, and what an operator set is as it was', async () => {
      const { world, journal, disk, set, overall, report } = await bench();
      set('REDUCING', GPS);
      await world.advance(100);
      const written = structuredClone(disk.content);
      report([GATEWAY]);
      await world.advance(1_000);
      expect(disk.content).to.deep.equal(written);
      expect(journal.story('trading-state')).to.deep.equal(['TradingStateSet']);
      expect(overall()).to.deep.include({ overall: 'REDUCING', set: 'ACTIVE', symbols: { [GPS]: 'REDUCING' } });
    });

    it('keeps an operator\'s REDUCING when the cause has passed, and does not rise when an operator activates while it stands', async () => {
      const { world, set, overall, report } = await bench();
      report([GATEWAY]);
      set('REDUCING');
      await world.advance(100);
      report([]);
      await world.advance(300_000);
      report([]);
      await world.settle();
      expect(overall()?.overall).to.equal('REDUCING');
      report([GATEWAY]);
      const result = set('ACTIVE');
      await world.advance(100);
      expect(result.answer).to.include({ ok: true });
      expect(overall()).to.include({ overall: 'REDUCING', set: 'ACTIVE' });
    });

    it('ends what says that an operator may end it with an activation of its symbol, until it has gone and come again; and nothing else', async () => {
      const { world, set, report, view } = await bench();
      const differ: AutomaticCause = { key: `unreconciled/${GPS}`, symbol: GPS, reason: 'they differ', endedByOperator: true };
      const spent: AutomaticCause = { key: `executor/${HYPE}`, symbol: HYPE, reason: 'its restart budget is spent' };
      const states = async () => {
        report([differ, spent]);
        await world.settle();
        return Object.fromEntries(view()!.symbols);
      };
      expect(await states()).to.deep.equal({ [GPS]: 'REDUCING', [HYPE]: 'REDUCING' });
      set('ACTIVE', HYPE);
      await world.advance(100);
      expect(await states(), 'of the other symbol').to.deep.equal({ [GPS]: 'REDUCING', [HYPE]: 'REDUCING' });
      set('ACTIVE', GPS);
      await world.advance(100);
      expect(Object.fromEntries(view()!.symbols)).to.deep.equal({ [HYPE]: 'REDUCING' });
      expect(await states(), 'although it is still reported').to.deep.equal({ [HYPE]: 'REDUCING' });
      report([spent]);
      await world.settle();
      expect(await states(), 'come again').to.deep.equal({ [GPS]: 'REDUCING', [HYPE]: 'REDUCING' });
      set('ACTIVE');
      await world.advance(100);
      expect(await states(), 'of all').to.deep.equal({ [HYPE]: 'REDUCING' });
    });

    it('stays lowered over a restart of its actor: at no moment is more allowed, a cause that is gone still has its five minutes, and one that an operator ended stays ended', async () => {
      const { world, governor, overall, report, set, view } = await bench();
      const differ: AutomaticCause = { key: `unreconciled/${GPS}`, symbol: GPS, reason: 'they differ', endedByOperator: true };
      report([GATEWAY, differ]);
      await world.settle();
      set('ACTIVE', GPS);
      await world.advance(100);
      expect(Object.fromEntries(view()!.symbols)).to.deep.equal({});
      report([differ]);
      await world.advance(60_000);
      const before = governor.of('trading-state').length;
      world.system.control('trading-state', 'kill', 'a test');
      await world.advance(5_000);
      report([differ]);
      await world.advance(1_000);
      const seen = governor.of('trading-state').slice(before);
      expect(seen.length).to.be.greaterThan(3);
      expect(new Set(seen.map((one) => one.view.overall))).to.deep.equal(new Set(['REDUCING']));
      expect(Object.fromEntries(view()!.symbols), 'what an operator ended').to.deep.equal({});
      await world.advance(240_000);
      report([differ]);
      await world.settle();
      expect(overall()?.overall, 'five minutes after it was gone').to.equal('ACTIVE');
    });

    it('keeps a cause of which nobody reports that it is gone, and takes one up again after its own restart', async () => {
      const { world, overall, report } = await bench();
      report([GATEWAY]);
      await world.advance(3_600_000);
      expect(overall()?.overall).to.equal('REDUCING');
      world.system.control('trading-state', 'kill', 'a test');
      await world.advance(1_000);
      report([GATEWAY]);
      await world.settle();
      expect(overall()?.overall).to.equal('REDUCING');
    });
  });

  describe('flattening', () => {
    it('closes all that is not flat, again each second for one that died, and is halted when nothing is left (rulings 12, 13)', async () => {
      const { world, set, life, gps, hype, view, disk, authority } = await bench();
      life(GPS, 'Protected');
      life(HYPE, 'Flat');
      await world.settle();
      const before = authority.epochs.current();
      set('FLATTENING');
      await world.settle();
      expect(authority.epochs.current(), 'no permit to open survives it').to.equal(before + 1);
      expect(gps.of('close').map(({ reason, by }) => [reason, by])).to.deep.equal([['FLATTEN', 'trading-state']]);
      expect(disk.content?.overall).to.equal('FLATTENING');
      await world.advance(3_000);
      expect(gps.of('close').length).to.be.at.least(3);
      expect(hype.of('close')).to.deep.equal([]);
      life(GPS, 'Flat');
      await world.advance(1_500);
      expect(view()).to.include({ overall: 'HALTED' });
      expect(view()?.cause).to.contain('flattened');
      expect(disk.content?.overall).to.equal('HALTED');
    });

    it('is not done while an executor has not spoken', async () => {
      const { world, set, life, view } = await bench();
      life(GPS, 'Flat');
      await world.settle();
      set('FLATTENING');
      await world.advance(60_000);
      expect(view()?.overall).to.equal('FLATTENING');
      life(HYPE, 'Flat');
      await world.advance(1_500);
      expect(view()?.overall).to.equal('HALTED');
    });

    it('of one symbol closes that one alone, and halts it', async () => {
      const { world, set, life, gps, hype, view } = await bench();
      life(GPS, 'Protected');
      life(HYPE, 'Protected');
      await world.settle();
      set('FLATTENING', GPS);
      await world.advance(1_100);
      expect([gps.of('close').length > 0, hype.of('close').length]).to.deep.equal([true, 0]);
      life(GPS, 'Flat');
      await world.advance(1_500);
      expect(view()?.overall).to.equal('ACTIVE');
      expect(view()?.symbols.get(GPS)).to.equal('HALTED');
    });

    it('goes on after a restart of the service, and is not ended by a halt', async () => {
      const journal = new MemoryJournal();
      const first = await bench({ journal });
      first.life(GPS, 'Protected');
      first.set('FLATTENING');
      await first.world.advance(100);
      const halt = first.set('HALTED');
      await first.world.settle();
      expect(halt.answer).to.include({ ok: false });
      const second = await bench({ journal });
      second.life(GPS, 'Protected');
      await second.world.advance(1_100);
      expect(second.gps.of('close').length).to.be.at.least(1);
      second.set('ACTIVE');
      await second.world.advance(100);
      second.gps.clear();
      await second.world.advance(3_000);
      expect(second.gps.of('close'), 'an activation ends it').to.deep.equal([]);
    });

    it('begins by itself at the threshold of the session, with its cause, and not before', async () => {
      const { world, life, equity, view, gps } = await bench();
      life(GPS, 'Protected');
      equity('9.999999');
      await world.advance(100);
      expect(view()?.overall).to.equal('ACTIVE');
      equity('10');
      await world.advance(100);
      expect(view()).to.include({ overall: 'FLATTENING' });
      expect(view()?.cause).to.contain('10 % below the session\'s peak of 10000 USDT');
      expect(gps.of('close')).to.have.length(1);
    });

    it('does not begin again for a fall before the activation: the new session is measured from there (ruling 16)', async () => {
      const { world, set, equity, view } = await bench();
      equity('12');
      await world.advance(1_100);
      set('ACTIVE');
      await world.advance(100);
      const activatedAt = view()!.activatedAt;
      expect(activatedAt).to.be.greaterThan(0);
      equity('12');
      await world.advance(1_100);
      expect(view()?.overall).to.equal('ACTIVE');
      equity('12', activatedAt);
      await world.advance(100);
      expect(view()?.overall).to.equal('FLATTENING');
    });

    it('begins a session with each activation, also when the clock was set back by an hour since the last one, and after a restart', async () => {
      const journal = new MemoryJournal();
      const { world, set, life, equity, view } = await bench({ journal });
      set('ACTIVE');
      await world.advance(1_100);
      const first = view()!.activatedAt;
      life(GPS, 'Flat');
      life(HYPE, 'Flat');
      equity('12', first);
      await world.advance(2_200);
      expect(view()?.overall).to.equal('HALTED');
      world.clock.setWall(world.clock.now() - 3_600_000);
      set('ACTIVE');
      await world.advance(1_100);
      const second = view()!.activatedAt;
      expect(second).to.be.greaterThan(first);
      equity('12', first);
      await world.advance(1_100);
      expect(view()?.overall, 'measured from the peak before').to.equal('ACTIVE');
      const again = await bench({ journal });
      await again.world.advance(1_100);
      expect(again.view()?.activatedAt).to.equal(second);
    });

    it('the time of the last activation of all trading is known after a restart, that of one symbol is none', async () => {
      const journal = new MemoryJournal();
      const first = await bench({ journal });
      first.set('ACTIVE');
      await first.world.advance(1_100);
      const at = first.view()!.activatedAt;
      first.set('ACTIVE', GPS);
      await first.world.advance(1_100);
      const second = await bench({ journal });
      await second.world.advance(1_100);
      expect([at > 0, second.view()?.activatedAt]).to.deep.equal([true, at]);
    });
  });
});
