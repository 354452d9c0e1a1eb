/** Intents from outside: declared sources, each key once, on record before the answer, and then the same way as every other. */
import { expect } from 'chai';
import { intakeBehaviour } from '../../src/actors/intake.ts';
import { journalBehaviour } from '../../src/actors/journal.ts';
import { intentSchema } from '../../src/protocol/decisions.ts';
import type { BridgeMessage, DecidedMessage, IntakeAnswer, IntakeMessage } from '../../src/protocol/messages.ts';
import { worker } from '../../src/supervision/child-spec.ts';
import { CHINESE, GPS, makeMarket, makeUniverse } from '../kit/decisions.ts';
import { MemoryJournal } from '../kit/memory-journal.ts';
import { Probe } from '../kit/probe.ts';
import { World } from '../kit/world.ts';

const TERMS = { notional: '200', leverage: 10, stopLossPercent: '2', takeProfitPercent: '4', intentExpiryMs: 120_000, minConfidence: 0.5 };

async function bench(options: { journal?: MemoryJournal; startAt?: number; dark?: boolean } = {}) {
  const world = new World();
  if (options.startAt !== undefined) world.clock.moveTo(options.startAt);
  const { system } = world;
  const journal = options.journal ?? new MemoryJournal();
  const journalRef = system.ref<Parameters<ReturnType<typeof journalBehaviour>['receive']>[1]>('journal');
  const ref = system.ref<IntakeMessage>('intake');
  const bridge = new Probe<BridgeMessage>(world, 'bridge');
  const decisions = new Probe<DecidedMessage>(world, 'decisions');
  await world.start(worker(journalRef, journalBehaviour(journal)), bridge.spec, decisions.spec, worker(ref, intakeBehaviour({ sources: new Set(['manual', 'desk']), terms: TERMS, bridge: bridge.ref, decisions: decisions.ref, journal: journalRef })));
  if (options.dark !== true) {
    system.tell(ref, { type: 'session', view: { clockOffsetMs: 250, modesConfirmed: true, brackets: new Map() } });
    system.tell(ref, { type: 'universe', universe: makeUniverse() });
    system.tell(ref, { type: 'market-view', view: { at: 0, symbols: new Map([GPS, CHINESE].map((symbol) => [symbol, makeMarket({ symbol })])) } });
  }
  await world.settle();
  const submit = async (body: object, more: { source?: string; key?: string } = {}): Promise<IntakeAnswer> => {
    const source = more.source ?? 'manual';
    const answer = system.ask(ref, { type: 'submit', source, body: { source, symbol: GPS, side: 'long', confidence: 0.9, ...body }, idempotencyKey: more.key }, 10_000);
    await world.settle();
    return answer;
  };
  const venueNow = () => world.clock.now() + 250;
  return { world, journal, bridge, decisions, submit, venueNow, intents: () => bridge.of('intent').map((message) => message.intent) };
}

describe('intake', () => {
  it('makes an intent of what is said, with the configured terms for what is not, dated by the venue', async () => {
    const { submit, intents, venueNow, decisions, journal } = await bench();
    const answer = await submit({ symbol: CHINESE, side: 'SHORT' });
    expect(answer).to.include({ ok: true, repeated: false });
    const [intent] = intents();
    expect(intentSchema.parse(intent)).to.deep.equal(intent);
    expect(intent).to.deep.include({ source: 'manual', symbol: CHINESE, side: 'SHORT', confidence: 0.9, price: '0.008625', notional: '200', leverage: 10, stopLossPercent: '2', takeProfitPercent: '4', createdAt: venueNow(), expiresAt: venueNow() + 120_000, universeVersion: 1 });
    expect(decisions.of('decided').map(({ decision }) => [decision.stage, decision.outcome, decision.ids?.intentId])).to.deep.equal([['signal', 'passed', intent!.intentId]]);
    expect(journal.entries.map((entry) => entry.type), 'on record before it is answered').to.deep.equal(['IntentReceived']);
  });

  it('takes over every term that is given', async () => {
    const { submit, intents, venueNow } = await bench();
    const expiresAt = new Date(venueNow() + 30_000).toISOString();
    await submit({ entryPrice: '0.0086', notional: '150', leverage: 5, stopLoss: '0.0084', takeProfit: '0.009', expiresAt });
    expect(intents()[0]).to.deep.include({ price: '0.0086', notional: '150', leverage: 5, stopLoss: '0.0084', takeProfit: '0.009', expiresAt: venueNow() + 30_000 });
  });

  it('reads times of any offset and of leap days to the millisecond', async () => {
    const { submit, intents } = await bench();
    for (const iso of ['2028-02-29T23:59:59.123Z', '2030-01-01T00:00:00+05:30', '2099-12-31T12:30:00.5-08:00']) {
      await submit({ expiresAt: iso });
      expect(intents().at(-1)?.expiresAt, iso).to.equal(Date.parse(iso));
    }
  });

  const refusals: [string, object, string, string][] = [
    ['an unknown side', { side: 'buy' }, 'INTENT_INVALID', 'side'],
    ['a price as a number', { entryPrice: 0.0086 }, 'INTENT_INVALID', 'entryPrice'],
    ['an exponent', { notional: '1e3' }, 'INTENT_INVALID', 'notional'],
    ['a stop of nothing', { stopLoss: '0' }, 'INTENT_INVALID', 'stopLoss'],
    ['a confidence beyond 1', { confidence: 1.01 }, 'INTENT_INVALID', 'confidence'],
    ['a field nobody knows', { quantity: '5' }, 'INTENT_INVALID', 'quantity'],
    ['a time that is none', { expiresAt: 'tomorrow' }, 'INTENT_INVALID', 'expiresAt'],
    ['one that has expired', { expiresAt: '2020-01-01T00:00:00.000Z' }, 'INTENT_EXPIRED', 'venue'],
    ['too little confidence', { confidence: 0.49 }, 'CONFIDENCE_LOW', '0.5'],
    ['a symbol outside the universe', { symbol: 'BTCUSDT' }, 'SYMBOL_NOT_IN_POLICY_UNIVERSE', 'BTCUSDT'],
    ['one whose price is not known', { symbol: 'HYPEUSDT' }, 'PRICE_MISSING', 'HYPEUSDT'],
  ];
  for (const [what, body, code, names] of refusals) {
    it(`refuses ${what} with ${code}, naming it`, async () => {
      const { submit, intents } = await bench();
      const answer = await submit(body);
      expect(answer).to.include({ ok: false, code });
      expect(JSON.stringify(answer)).to.contain(names);
      expect(intents()).to.deep.equal([]);
    });
  }

  it('names a field nobody knows, not the whole body', async () => {
    const { submit } = await bench();
    expect(await submit({ quantity: '5', size: 1 })).to.deep.include({ details: { errors: [{ field: 'quantity', value: null, expected: 'no such field' }, { field: 'size', value: null, expected: 'no such field' }] } });
  });

  it('refuses a source nobody declared, whatever it says (failure 15)', async () => {
    const { submit, intents } = await bench();
    expect(await submit({}, { source: 'injector' })).to.include({ ok: false, code: 'SOURCE_UNKNOWN' });
    expect(intents()).to.deep.equal([]);
  });

  it('dates nothing while the venue\'s time is unknown, and says that it can be tried again', async () => {
    const { submit } = await bench({ dark: true });
    expect(await submit({})).to.include({ ok: false, code: 'CLOCK_SKEW' });
  });

  it('takes one key once: the same intent gives the same id, another one a conflict, and another source is another key', async () => {
    const { submit, intents } = await bench();
    const first = await submit({}, { key: 'k-1' });
    const again = await submit({}, { key: 'k-1' });
    expect(again).to.deep.equal({ ...first, repeated: true });
    expect(await submit({ side: 'short' }, { key: 'k-1' })).to.include({ ok: false, code: 'IDEMPOTENCY_CONFLICT' });
    const other = await submit({}, { key: 'k-1', source: 'desk' });
    expect(other).to.include({ ok: true, repeated: false });
    expect(intents()).to.have.length(2);
  });

  it('remembers keys over a restart of the service, for a day', async () => {
    const journal = new MemoryJournal();
    const first = await bench({ journal });
    const taken = await first.submit({}, { key: 'k-1' });
    const second = await bench({ journal, startAt: first.world.clock.now() + 3_600_000 });
    expect(await second.submit({}, { key: 'k-1' })).to.deep.equal({ ...taken, repeated: true });
    expect(second.intents()).to.deep.equal([]);
    const third = await bench({ journal, startAt: first.world.clock.now() + 86_400_001 });
    expect(await third.submit({}, { key: 'k-1' })).to.include({ ok: true, repeated: false });
  });

  describe('when the service ends between the record of an intent and the word what became of it', () => {
    /** The journal as a kill leaves it: nothing after `IntentReceived` has become durable. */
    const killed = async (): Promise<MemoryJournal> => {
      const journal = new MemoryJournal();
      const { submit } = await bench({ journal });
      await submit({}, { key: 'k-1' });
      journal.entries.splice(1);
      expect(journal.story('intents')).to.deep.equal(['IntentReceived']);
      return journal;
    };

    it('nobody was told that it is taken, so nobody is told so later: the key is free, and the intent is taken once, under its own id', async () => {
      const journal = await killed();
      const { world, submit, intents } = await bench({ journal, startAt: journal.entries[0]!.at + 60_000 });
      expect(intents(), 'whoever handed it in has to say it again').to.deep.equal([]);
      expect(world.logs.filter(({ level, path }) => level === 'warn' && path === 'intake')).to.have.length(1);
      const taken = await submit({}, { key: 'k-1' });
      expect(taken).to.include({ ok: true, repeated: false });
      expect(await submit({}, { key: 'k-1' })).to.deep.equal({ ...taken, repeated: true });
      expect(intents()).to.have.length(1);
      expect((journal.entries[0]!.payload as { intent: { intentId: string } }).intent.intentId).to.equal(intents()[0]!.intentId);
    });

    it('what an executor had accepted by then is never taken a second time', async () => {
      const journal = await killed();
      const { at, payload } = journal.entries[0]!;
      const { intent } = payload as { intent: { intentId: string } };
      await journal.append([{ entity: `symbol/${GPS}`, sequence: 1, type: 'IntentAccepted', version: 1, at, payload: { intent } }]);
      const { submit, intents } = await bench({ journal, startAt: at + 60_000 });
      expect(await submit({}, { key: 'k-1' })).to.deep.equal({ ok: true, intentId: intent.intentId, repeated: true });
      expect(intents()).to.deep.equal([]);
    });
  });

  describe('while the journal takes nothing', () => {
    const incarnation = ({ system }: World) => system.inspect('intake')!.incarnation;
    const stories = (journal: MemoryJournal) => journal.entries.filter(({ entity }) => entity === 'intents').map(({ type, payload }) => `${type} ${(payload as { key: string }).key}`);

    it('every intent is refused with a code, a reason and when to try again; the actor stays up, however many there are', async () => {
      const { world, journal, submit, intents, decisions } = await bench();
      journal.mood = 'failing';
      for (let i = 0; i < 50; i++) {
        const answer = await submit({}, { key: `k-${i}` });
        expect(answer).to.deep.include({ ok: false, code: 'JOURNAL_UNAVAILABLE' });
        expect(answer).to.have.property('message').that.includes('the disk is full').and.includes('Hand it in again');
        expect(answer).to.have.nested.property('details.retryAfterMs', 1_000);
        await world.advance(100);
      }
      expect(world.system.inspect('intake')).to.include({ status: 'running' });
      expect(incarnation(world)).to.equal(1);
      expect(intents()).to.deep.equal([]);
      expect(new Set(decisions.of('decided').map(({ decision }) => decision.outcome)), 'told as refusals, never as passed').to.deep.equal(new Set(['JOURNAL_AWAY']));
      expect(decisions.of('decided')).to.have.length(50);
    });

    it('the same key is handled exactly once when it is back, and nothing that was declined is traded', async () => {
      const { world, journal, submit, intents } = await bench();
      journal.mood = 'failing';
      await submit({}, { key: 'k-1' });
      await submit({ symbol: CHINESE }, { key: 'k-2' });
      journal.mood = 'ok';
      await world.advance(1_000);
      expect(intents(), 'whoever was told no has to say it again').to.deep.equal([]);
      const taken = await submit({}, { key: 'k-1' });
      expect(taken).to.include({ ok: true, repeated: false });
      expect(await submit({}, { key: 'k-1' })).to.deep.equal({ ...taken, repeated: true });
      expect(intents().map(({ symbol }) => symbol)).to.deep.equal([GPS]);
      expect(stories(journal)).to.deep.equal(['IntentReceived k-1', 'IntentDeclined k-1', 'IntentReceived k-1', 'IntentTaken k-1']);
    });

    it('an append that never answers declines in its time, and what got into the journal all the same is declined there too', async () => {
      const { world, journal, submit, intents } = await bench();
      journal.mood = 'held';
      const waiting = submit({}, { key: 'k-1' });
      await world.settle();
      expect(await submit({}, { key: 'k-1' }), 'it is neither taken nor declined yet').to.include({ ok: false, code: 'STATE_UNKNOWN' });
      await world.advance(5_000);
      expect(await waiting).to.include({ ok: false, code: 'JOURNAL_UNAVAILABLE' });
      // The first append is carried out after all, and its answer reaches nobody.
      journal.letThrough();
      await world.advance(1_000);
      expect(stories(journal)).to.deep.equal(['IntentReceived k-1', 'IntentDeclined k-1']);
      expect(intents()).to.deep.equal([]);
      expect(await submit({}, { key: 'k-1' })).to.include({ ok: true, repeated: false });
      expect(intents()).to.have.length(1);
      expect(incarnation(world)).to.equal(1);
    });

    it('a declined key is no taken one after a restart of the service either', async () => {
      const journal = new MemoryJournal();
      const first = await bench({ journal });
      journal.mood = 'failing';
      await first.submit({}, { key: 'k-1' });
      await first.submit({}, { key: 'k-2' });
      journal.mood = 'ok';
      await first.world.advance(1_000);
      const second = await bench({ journal, startAt: first.world.clock.now() + 60_000 });
      expect(await second.submit({}, { key: 'k-1' })).to.include({ ok: true, repeated: false });
      expect(second.intents()).to.have.length(1);
    });

    it('a key that was taken before is answered as taken all the while', async () => {
      const { journal, submit } = await bench();
      const taken = await submit({}, { key: 'k-1' });
      journal.mood = 'failing';
      await submit({}, { key: 'k-2' });
      expect(await submit({}, { key: 'k-1' })).to.deep.equal({ ...taken, repeated: true });
    });

    it('what waits behind a slow append is bounded', async () => {
      const { world, journal, submit } = await bench();
      journal.mood = 'held';
      const waiting = Array.from({ length: 500 }, () => submit({}));
      await world.settle();
      expect(await submit({})).to.include({ ok: false, code: 'JOURNAL_UNAVAILABLE' });
      journal.letThrough();
      await world.settle();
      expect((await Promise.all(waiting)).every(({ ok }) => ok)).to.equal(true);
    });
  });

  it('an intent that the bridge cannot take is declined, and its key can be handed in again', async () => {
    const { world, submit, intents, journal } = await bench();
    const tree = world.system.supervisor('vigil')!;
    await Promise.all([tree.terminateChild('bridge'), world.settle()]);
    expect(await submit({}, { key: 'k-1' })).to.include({ ok: false, code: 'STATE_UNKNOWN' });
    expect(journal.story('intents')).to.deep.equal(['IntentReceived', 'IntentDeclined']);
    await Promise.all([tree.restartChild('bridge'), world.settle()]);
    expect(await submit({}, { key: 'k-1' })).to.include({ ok: true, repeated: false });
    expect(intents()).to.have.length(1);
  });
});
