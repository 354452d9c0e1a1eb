/** The universe: ruling 25 at its first determination, the last good one afterwards, one version over restarts. */
import { expect } from 'chai';
import { journalBehaviour } from '../../src/actors/journal.ts';
import { universeBehaviour } from '../../src/actors/universe.ts';
import type { VigilError } from '../../src/protocol/errors.ts';
import type { Instrument, Universe } from '../../src/protocol/market.ts';
import type { GatewayMessage, StandingMessage, UniverseActorMessage } from '../../src/protocol/messages.ts';
import type { SymbolName } from '../../src/protocol/names.ts';
import type { UniverseRules } from '../../src/rules/universe.ts';
import { worker } from '../../src/supervision/child-spec.ts';
import { decimal } from '../../src/protocol/decimal.ts';
import { anInstrument, GPS } from '../kit/actors.ts';
import { MemoryJournal } from '../kit/memory-journal.ts';
import { Probe } from '../kit/probe.ts';
import { World } from '../kit/world.ts';

type UniverseMessage = { readonly type: 'universe'; readonly universe: Universe };
const CJK = '币安人生USDT' as SymbolName;
const BTC = 'BTCUSDT' as SymbolName;
const RULES: UniverseRules = { policy: [GPS, CJK], chosen: undefined, top: 10, minQuoteVolume: '0' };

async function bench(options: { rules?: Partial<UniverseRules>; listed?: readonly Instrument[] | 'away'; journal?: MemoryJournal } = {}) {
  const world = new World();
  const { system } = world;
  const journal = options.journal ?? new MemoryJournal();
  const venue: { listed: readonly Instrument[] | 'away' } = { listed: options.listed ?? [anInstrument(GPS), anInstrument(CJK), anInstrument(BTC)] };
  const gateway = new Probe<GatewayMessage>(world, 'gateway');
  gateway.answer = () => (venue.listed === 'away' ? { ok: false, kind: 'unreachable', message: 'connection refused' } : { ok: true, value: venue.listed });
  const reader = new Probe<UniverseMessage>(world, 'reader');
  const executor = new Probe<UniverseMessage>(world, 'executor');
  const watchdog = new Probe<StandingMessage>(world, 'watchdog');
  const refusals: VigilError[] = [];
  const journalRef = system.ref<Parameters<ReturnType<typeof journalBehaviour>['receive']>[1]>('journal');
  await world.start(
    gateway.spec,
    reader.spec,
    executor.spec,
    watchdog.spec,
    worker(journalRef, journalBehaviour(journal)),
    worker(system.ref<UniverseActorMessage>('universe'), universeBehaviour({ rules: { ...RULES, ...options.rules }, minOverlap: 0.5, refreshMs: 60_000, watchdog: watchdog.ref, gateway: gateway.ref, journal: journalRef, subscribers: [reader.ref], executorOf: () => executor.ref, executors: () => [], refuse: (error) => void refusals.push(error) })),
  );
  await world.advance(500);
  const ref = system.ref<UniverseActorMessage>('universe');
  const accept = async () => {
    const answer = system.ask(ref, { type: 'accept', reason: 'it is so', by: 'operator' }, 1_000);
    await world.settle();
    return answer;
  };
  const refresh = async () => {
    system.tell(ref, { type: 'refresh' });
    await world.advance(100);
  };
  const alerts = () => watchdog.last('standing')?.alerts.map((alert) => alert.name) ?? [];
  const universe = () => reader.last('universe')?.universe;
  return { world, venue, journal, reader, executor, gateway, refusals, accept, refresh, alerts, universe, symbols: () => [...(reader.last('universe')?.universe.instruments.keys() ?? [])] };
}

describe('universe', () => {
  it('restarts nobody while the journal is away, and every version is on record afterwards, once and in order', async () => {
    const { world, venue, journal, refresh, symbols } = await bench();
    const before = symbols();
    journal.mood = 'failing';
    venue.listed = [anInstrument(GPS)];
    await refresh();
    await world.advance(600_000);
    venue.listed = [anInstrument(GPS), anInstrument(CJK)];
    await refresh();
    await world.advance(2_000);
    expect(world.system.inspect('universe')).to.include({ incarnation: 1, status: 'running' });
    journal.mood = 'ok';
    await world.advance(3_000);
    const kept = journal.entries.filter((entry) => entry.entity === 'universe');
    expect(kept.map(({ sequence, payload }) => [sequence, (payload as { symbols: readonly string[] }).symbols])).to.deep.equal([[1, before], [2, [GPS]], [3, [GPS, CJK]]]);
  });

  it('is policy ∩ venue, the same object for readers and executors, names beyond ASCII included (failures 3, 20)', async () => {
    const { reader, executor, symbols } = await bench();
    expect(symbols()).to.deep.equal([GPS, CJK]);
    expect(executor.last('universe')?.universe).to.equal(reader.last('universe')?.universe);
    expect(reader.last('universe')?.universe.listed.has(BTC), 'a position outside the universe must still be managed').to.equal(true);
  });

  it('refuses to start with a configuration that cannot hold, at its first determination (ruling 25)', async () => {
    for (const [rules, listed, code] of [
      [{ chosen: ['DOGEUSDT'] }, undefined, 'UNIVERSE_OUTSIDE_POLICY'],
      [{ chosen: [GPS] }, [anInstrument(CJK)], 'UNIVERSE_NOT_LISTED'],
      [{ chosen: [GPS] }, [anInstrument(GPS, { status: 'SETTLING' })], 'UNIVERSE_NOT_LISTED'],
      [{}, [anInstrument(BTC)], 'UNIVERSE_EMPTY'],
    ] as const) {
      const { refusals, reader } = await bench({ rules, ...(listed === undefined ? {} : { listed }) });
      expect(refusals.map((one) => one.code), code).to.deep.equal([code]);
      expect(reader.told, code).to.deep.equal([]);
    }
  });

  it('leaves out a policy symbol the venue lacks, with the reason and an alert', async () => {
    const { reader, world, refusals } = await bench({ listed: [anInstrument(GPS)] });
    expect(refusals).to.deep.equal([]);
    expect(reader.last('universe')?.universe.excluded).to.deep.include({ symbol: CJK, reason: 'NOT_LISTED', detail: 'the venue does not list it' });
    expect(world.logs.filter((line) => line.level === 'warn' && line.message.includes(CJK))).to.have.length(1);
  });

  it('keeps trying while the venue is away at start, and refuses nothing for that (ruling 32)', async () => {
    const { world, venue, reader, refusals, symbols } = await bench({ listed: 'away' });
    await world.advance(30_000);
    expect(reader.told).to.deep.equal([]);
    venue.listed = [anInstrument(GPS), anInstrument(CJK)];
    await world.advance(3_000);
    expect(symbols()).to.deep.equal([GPS, CJK]);
    expect(refusals).to.deep.equal([]);
  });

  it('keeps the last good one when the venue cannot be asked', async () => {
    const { world, venue, reader, symbols } = await bench();
    venue.listed = 'away';
    await world.advance(120_000);
    expect(symbols()).to.deep.equal([GPS, CJK]);
    expect(reader.last('universe')?.universe.version).to.equal(1);
  });

  it('lets a symbol go at the next determination after it left TRADING, under a new version (failure 19)', async () => {
    const { world, venue, reader, symbols } = await bench();
    venue.listed = [anInstrument(GPS), anInstrument(CJK, { status: 'SETTLING' })];
    await world.advance(61_000);
    expect(symbols()).to.deep.equal([GPS]);
    expect(reader.last('universe')?.universe.version).to.equal(2);
    expect(reader.last('universe')?.universe.listed.get(CJK)?.status).to.equal('SETTLING');
  });

  it('closes to openings what a running service loses, without refusing or forgetting the rest, and takes it back (ruling 25)', async () => {
    const { world, venue, reader, refusals, symbols, journal } = await bench({ rules: { chosen: [GPS, CJK] } });
    venue.listed = [anInstrument(GPS), anInstrument(CJK, { status: 'BREAK' })];
    await world.advance(200_000);
    expect(symbols()).to.deep.equal([GPS]);
    expect(refusals).to.deep.equal([]);
    expect(reader.last('universe')?.universe.version, 'the same symbols are the same version').to.equal(2);
    expect(reader.last('universe')?.universe.excluded.map((one) => one.symbol)).to.include(CJK);
    venue.listed = [anInstrument(GPS), anInstrument(CJK)];
    await world.advance(61_000);
    expect(symbols()).to.deep.equal([GPS, CJK]);
    expect(reader.last('universe')?.universe.version, 'another set is another version').to.equal(3);
    expect(journal.entries.map((entry) => (entry.payload as { version: number }).version)).to.deep.equal([1, 2, 3]);
  });

  it('does not end a service that is trading because a chosen symbol left and the actor was restarted', async () => {
    const { world, venue, refusals, symbols } = await bench({ rules: { chosen: [GPS, CJK] } });
    venue.listed = [anInstrument(GPS)];
    world.system.control('universe', 'kill', 'test');
    await world.advance(10_000);
    expect(refusals).to.deep.equal([]);
    expect(symbols()).to.deep.equal([GPS]);
    venue.listed = [anInstrument(BTC)];
    await world.advance(61_000);
    expect(symbols(), 'nothing left is nothing to open').to.deep.equal([]);
  });

  it('does not keep a service from what it left open: started again under the same rules it closes to openings what has left the venue', async () => {
    const journal = new MemoryJournal();
    await bench({ rules: { chosen: [GPS, CJK] }, journal });
    const again = await bench({ rules: { chosen: [GPS, CJK] }, listed: [anInstrument(GPS), anInstrument(CJK, { status: 'SETTLING' })], journal });
    expect(again.refusals).to.deep.equal([]);
    expect(again.symbols()).to.deep.equal([GPS]);
    expect(again.alerts()).to.deep.equal(['universe-incomplete']);
    const none = await bench({ rules: { chosen: [GPS, CJK] }, listed: [anInstrument(BTC)], journal });
    expect(none.refusals).to.deep.equal([]);
    expect(none.universe()).to.include({ breaker: 'open' });
    const other = await bench({ rules: { chosen: [GPS] }, listed: [anInstrument(BTC)], journal });
    expect(other.refusals.map((error) => error.code), 'other rules are a first start').to.deep.equal(['UNIVERSE_NOT_LISTED']);
  });

  it('keeps its version over restarts while the symbols are the same, and raises it when they are not', async () => {
    const journal = new MemoryJournal();
    await bench({ journal });
    const again = await bench({ journal });
    expect(again.reader.last('universe')?.universe.version).to.equal(1);
    const fewer = await bench({ journal, listed: [anInstrument(GPS)] });
    expect(fewer.reader.last('universe')?.universe.version).to.equal(2);
    expect(journal.story('universe')).to.deep.equal(['UniverseDetermined', 'UniverseDetermined']);
  });

  it('without a policy is the same version for as long as the same symbols are the first by volume, in whatever order', async () => {
    const journal = new MemoryJournal();
    const { gateway, universe, symbols, refresh } = await bench({ rules: { policy: undefined }, journal, listed: 'away' });
    let volumes: readonly (readonly [SymbolName, string])[] = [];
    gateway.answer = (message) => ({ ok: true, value: message.type === 'read' && message.name === 'tickers' ? volumes.map(([symbol, quoteVolume]) => ({ symbol, changePercent: decimal('1'), quoteVolume: decimal(quoteVolume), observedAt: 0 })) : [anInstrument(GPS), anInstrument(CJK)] });
    volumes = [[GPS, '5'], [CJK, '4']];
    await refresh();
    expect([symbols(), universe()?.version]).to.deep.equal([[GPS, CJK], 1]);
    volumes = [[GPS, '5'], [CJK, '6']];
    await refresh();
    expect([symbols(), universe()?.version]).to.deep.equal([[CJK, GPS], 1]);
    expect(journal.story('universe')).to.have.length(1);
    volumes = [[CJK, '6']];
    await refresh();
    expect([symbols(), universe()?.version]).to.deep.equal([[CJK], 2]);
  });

  it('does not ask twice at a time, and asks again after an answer that never came', async () => {
    const { world, gateway } = await bench();
    gateway.clear();
    gateway.answer = () => undefined;
    for (let i = 0; i < 5; i++) world.system.tell(world.system.ref<UniverseActorMessage>('universe'), { type: 'refresh' });
    await world.advance(10_000);
    expect(gateway.told).to.have.length(1);
    await world.advance(10_000);
    expect(gateway.told).to.have.length(2);
  });

  describe('that grows beyond what can be followed', () => {
    const policy = Array.from({ length: 501 }, (_, index) => `N${index}USDT` as SymbolName);
    const first = (count: number) => policy.slice(0, count).map((symbol) => anInstrument(symbol));

    it('refuses a first start, by name', async () => {
      const { refusals, reader } = await bench({ rules: { policy }, listed: first(501) });
      expect(refusals.map((error) => [error.code, error.message.includes('trades 501')])).to.deep.equal([['UNIVERSE_TOO_LARGE', true]]);
      expect(reader.told).to.deep.equal([]);
    });

    it('under a running service: the last good one stays as far as it is traded, with an alert, until it fits again', async () => {
      const { world, venue, refresh, refusals, alerts, universe, symbols } = await bench({ rules: { policy }, listed: first(500) });
      venue.listed = first(501);
      await refresh();
      expect(symbols()).to.deep.equal(policy.slice(0, 500));
      expect(universe()).to.include({ version: 1, breaker: 'closed' });
      expect(universe()?.excluded).to.deep.equal([{ symbol: 'N500USDT', reason: 'TOO_MANY', detail: 'at most 500 symbols can be followed at once, and it came later' }]);
      expect(alerts()).to.deep.equal(['universe-too-large']);
      await refresh();
      expect(world.logs.filter(({ level, path }) => level === 'error' && path === 'universe'), 'said once').to.have.length(1);
      venue.listed = [...first(501).slice(2), anInstrument(policy[0]!, { status: 'BREAK' })];
      await refresh();
      expect(symbols(), 'with two fewer it fits').to.deep.equal(policy.slice(2));
      expect(alerts()).to.deep.equal(['universe-incomplete']);
      expect(refusals).to.deep.equal([]);
    });

    it('goes on after a restart of the actor that could not put it on record', async () => {
      const journal = new MemoryJournal();
      journal.mood = 'failing';
      const { world, venue, symbols, refusals, alerts } = await bench({ rules: { policy }, listed: first(500), journal });
      venue.listed = first(501);
      world.system.control('universe', 'kill', 'test');
      await world.advance(10_000);
      expect(refusals).to.deep.equal([]);
      expect(symbols()).to.deep.equal(policy.slice(0, 500));
      expect(alerts()).to.include('universe-too-large');
    });

    it('goes on after a restart of the service, too, whose positions would be left alone by a refusal; under other rules it is a first start', async () => {
      const journal = new MemoryJournal();
      await bench({ rules: { policy }, listed: first(500), journal });
      const again = await bench({ rules: { policy }, listed: first(501), journal });
      expect(again.refusals).to.deep.equal([]);
      expect(again.symbols()).to.deep.equal(policy.slice(0, 500));
      expect(again.alerts()).to.deep.equal(['universe-too-large']);
      const stopped = await bench({ rules: { policy }, listed: first(501).map(({ symbol }) => anInstrument(symbol, { status: 'BREAK' })), journal });
      expect(stopped.symbols(), 'while the venue has stopped all trade').to.deep.equal([]);
      expect(journal.entries.at(-1)!.payload).to.deep.include({ symbols: [] });
      const after = await bench({ rules: { policy }, listed: first(501), journal });
      expect(after.refusals).to.deep.equal([]);
      expect(after.symbols(), 'none is no universe to stay with').to.deep.equal(policy.slice(0, 500));
      const forgotten = new MemoryJournal();
      await forgotten.append([{ ...journal.entries.at(-2)!, sequence: 1 }]);
      expect(forgotten.entries.map(({ payload }) => (payload as { symbols: string[] }).symbols)).to.deep.equal([[]]);
      const first500 = await bench({ rules: { policy }, listed: first(501), journal: forgotten });
      expect(first500.refusals).to.deep.equal([]);
      expect(first500.symbols(), 'and where nothing else is on record, the first of the policy').to.deep.equal(policy.slice(0, 500));
      const other = await bench({ rules: { policy: [...policy, GPS] }, listed: first(501), journal });
      expect(other.refusals.map((error) => error.code)).to.deep.equal(['UNIVERSE_TOO_LARGE']);
    });
  });

  describe('that shrinks', () => {
    const NINE = ['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I'].map((letter) => `${letter}USDT` as SymbolName);
    const first = (count: number) => NINE.slice(0, count).map((symbol) => anInstrument(symbol));

    it('opens the breaker when less than the share is left, all at once or one by one, and alerts', async () => {
      for (const steps of [[4], [8, 7, 6, 5, 4]]) {
        const { venue, refresh, universe, alerts } = await bench({ rules: { policy: NINE }, listed: first(9) });
        expect(universe()).to.include({ overlap: 1, breaker: 'closed' });
        for (const count of steps) {
          venue.listed = first(count);
          await refresh();
          expect(universe()?.breaker, `${count} left`).to.equal(count === 4 ? 'open' : 'closed');
        }
        expect(universe()?.overlap).to.be.closeTo(4 / 9, 1e-9);
        expect(alerts()).to.deep.equal(['universe-shrunk', 'universe-incomplete']);
      }
    });

    it('is closed again when they are back, and by an operator who accepts what is left', async () => {
      const { venue, refresh, accept, universe, alerts, symbols } = await bench({ rules: { policy: NINE }, listed: first(9) });
      venue.listed = first(4);
      await refresh();
      venue.listed = first(5);
      await refresh();
      expect(universe()?.breaker).to.equal('closed');
      venue.listed = first(2);
      await refresh();
      expect(await accept()).to.deep.equal({ ok: true, version: 4 });
      expect(universe()).to.include({ overlap: 1, breaker: 'closed' });
      expect(symbols()).to.have.length(2);
      await refresh();
      expect(universe()?.breaker, 'it stays accepted').to.equal('closed');
      expect(alerts()).to.deep.equal(['universe-incomplete']);
      venue.listed = first(3);
      await refresh();
      venue.listed = first(1);
      await refresh();
      expect(universe()?.breaker, 'measured anew from there').to.equal('open');
    });

    it('is still open after a restart of the service, and measured anew under other rules', async () => {
      const { journal, venue, refresh } = await bench({ rules: { policy: NINE }, listed: first(9) });
      venue.listed = first(4);
      await refresh();
      const again = await bench({ rules: { policy: NINE }, listed: first(4), journal });
      expect(again.universe()?.breaker).to.equal('open');
      const changed = await bench({ rules: { policy: NINE.slice(0, 4) }, listed: first(4), journal });
      expect(changed.universe()).to.include({ breaker: 'closed', overlap: 1, version: 2 });
    });

    it('accepts nothing that is not known or empty', async () => {
      const away = await bench({ listed: 'away' });
      expect(await away.accept()).to.have.property('ok', false);
      const { venue, refresh, accept, universe } = await bench({ rules: { policy: NINE }, listed: first(9) });
      venue.listed = [anInstrument(BTC)];
      await refresh();
      expect(universe()).to.include({ breaker: 'open', overlap: 0 });
      expect(await accept()).to.have.property('ok', false);
    });
  });

  it('says of the last good one since when it is only kept, and why, until the venue can be asked again', async () => {
    const { world, venue, refresh, universe, alerts } = await bench();
    venue.listed = 'away';
    const at = world.clock.now();
    await refresh();
    await world.advance(10_000);
    expect(universe()?.kept).to.deep.equal({ since: at, reason: 'connection refused' });
    expect(alerts()).to.deep.equal(['universe-kept']);
    venue.listed = [anInstrument(GPS), anInstrument(CJK)];
    await world.advance(3_000);
    expect(universe()).to.not.have.property('kept');
    expect(alerts()).to.deep.equal([]);
  });

  it('asks once more when the venue changed what it lists while an answer was on its way', async () => {
    const { gateway, refresh, symbols } = await bench();
    gateway.answer = () => undefined;
    await refresh();
    await refresh();
    gateway.answer = () => ({ ok: true, value: [anInstrument(GPS)] });
    gateway.answerNext('read', { ok: true, value: [anInstrument(GPS), anInstrument(CJK)] });
    await refresh();
    expect(symbols()).to.deep.equal([GPS]);
  });

  it('is written down once more when its entry is a day old, and taken up from there as the same version', async () => {
    const { world, journal, accept, venue, refresh, universe, symbols } = await bench();
    venue.listed = [anInstrument(GPS)];
    await refresh();
    await accept();
    world.clock.moveTo(world.clock.now() + 86_400_000);
    await world.advance(2_000);
    expect(journal.story('universe').slice(-1)).to.deep.equal(['Snapshot']);
    const { version } = universe()!;
    const before = journal.entries.length;
    world.system.control('universe', 'kill', 'test');
    await world.advance(5_000);
    expect([universe()!.version, universe()!.overlap, symbols()]).to.deep.equal([version, 1, [GPS]]);
    expect(journal.entries.length, 'nothing new to say').to.equal(before);
    expect((await journal.read('universe')).map((entry) => entry.payload)).to.deep.equal([journal.entries.at(-2)!.payload]);
  });
});
