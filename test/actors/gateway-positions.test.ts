/** The positions of many symbols cost the weight of one: who asks while a reading is under way is answered by the next, with what is of its symbol (failure 57). */
import { expect } from 'chai';
import { decimal } from '../../src/protocol/decimal.ts';
import type { ReadAnswer } from '../../src/protocol/messages.ts';
import type { SymbolName } from '../../src/protocol/names.ts';
import type { VenuePosition } from '../../src/protocol/venue.ts';
import { VenueError } from '../../src/venue/port.ts';
import { gatewayBench } from '../kit/gateway-bench.ts';
import type { GatewayBench } from '../kit/gateway-bench.ts';

const position = (symbol: string, quantity: string) => ({ symbol, quantity: decimal(quantity), entryPrice: decimal('1'), markPrice: decimal('1'), unrealizedPnl: decimal('0'), updatedAt: 0 }) as VenuePosition;
const HELD = [position('AUSDT', '1'), position('BUSDT', '-2'), position('DUSDT', '3')];

/** Each reading of positions waits for `answer`, in the order in which they were sent. */
async function heldBench() {
  const waiting: { readonly symbol: string | undefined; readonly answer: (outcome: readonly VenuePosition[] | Error) => void }[] = [];
  const bench = await gatewayBench();
  bench.venue.onRead = (name, query) =>
    name === 'positions' ? new Promise((resolve, reject) => waiting.push({ symbol: (query as { symbol?: string }).symbol, answer: (outcome) => (outcome instanceof Error ? reject(outcome) : resolve(outcome as never)) })) : undefined;
  const ask = (symbol: string) => bench.world.system.ask(bench.ref, { type: 'read', name: 'positions', query: { symbol: symbol as SymbolName } } as never, 60_000) as unknown as Promise<ReadAnswer<'positions'>>;
  /** What each is told, once everything has come to rest. */
  const told = async (...answers: readonly Promise<ReadAnswer<'positions'>>[]) => {
    await bench.world.settle();
    return Promise.all(answers).then((all) => all.map(held));
  };
  return { ...bench, waiting, ask, told };
}

const weight = ({ world }: Pick<GatewayBench, 'world'>) => (world.system.inspect('gateway') as { readonly state?: { readonly weight: { readonly used: number } } }).state!.weight.used;
const held = (answer: ReadAnswer<'positions'>) => (answer.ok ? answer.value.map((one) => `${one.symbol} ${one.quantity.toFixed()}`) : answer.kind);

describe('the gateway, asked for positions', () => {
  it('asks for the one at once, and for all who come meanwhile with a second reading; each is told its own', async () => {
    const bench = await heldBench();
    const { world, waiting, ask, told } = bench;
    const before = weight(bench);
    const answers = ['AUSDT', 'BUSDT', 'CUSDT', 'DUSDT'].map(ask);
    await world.settle();
    expect(waiting.map((one) => one.symbol)).to.deep.equal(['AUSDT']);
    waiting[0]!.answer(HELD.slice(0, 1));
    expect(await told(answers[0]!)).to.deep.equal([['AUSDT 1']]);
    await world.settle();
    expect(waiting.map((one) => one.symbol), 'of all').to.deep.equal(['AUSDT', undefined]);
    waiting[1]!.answer(HELD);
    expect(await told(...answers.slice(1))).to.deep.equal([['BUSDT -2'], [], ['DUSDT 3']]);
    expect(weight(bench) - before).to.equal(10);
  });

  it('asks for one alone by its name when nobody else waits', async () => {
    const { world, waiting, ask, told } = await heldBench();
    for (const symbol of ['AUSDT', 'BUSDT']) {
      const answer = ask(symbol);
      await world.settle();
      waiting.at(-1)!.answer(HELD.filter((one) => one.symbol === symbol));
      expect(await told(answer)).to.deep.equal([[symbol === 'AUSDT' ? 'AUSDT 1' : 'BUSDT -2']]);
    }
    expect(waiting.map((one) => one.symbol)).to.deep.equal(['AUSDT', 'BUSDT']);
  });

  it('lets one that hangs hold up the others for a second, and takes its late answer for its own', async () => {
    const { world, waiting, ask, told } = await heldBench();
    const [first, second, third] = ['AUSDT', 'BUSDT', 'DUSDT'].map(ask);
    await world.advance(999);
    expect(waiting).to.have.length(1);
    await world.advance(1);
    expect(waiting.map((one) => one.symbol)).to.deep.equal(['AUSDT', undefined]);
    waiting[0]!.answer(HELD.slice(0, 1));
    expect(await told(first!)).to.deep.equal([['AUSDT 1']]);
    const fourth = ask('AUSDT');
    await world.settle();
    expect(waiting, 'the second is under way').to.have.length(2);
    waiting[1]!.answer(HELD);
    expect(await told(second!, third!)).to.deep.equal([['BUSDT -2'], ['DUSDT 3']]);
    await world.settle();
    waiting[2]!.answer(HELD.slice(0, 1));
    expect(await told(fourth!)).to.deep.equal([['AUSDT 1']]);
  });

  it('tells all of them why when the reading fails, and the next one goes', async () => {
    const { world, waiting, ask, told } = await heldBench();
    const answers = ['AUSDT', 'BUSDT', 'DUSDT'].map(ask);
    await world.settle();
    waiting[0]!.answer(new VenueError('unreachable', 'connection reset'));
    expect(await told(answers[0]!)).to.deep.equal(['unreachable']);
    await world.settle();
    waiting[1]!.answer(new VenueError('unreachable', 'connection reset'));
    expect(await told(...answers.slice(1))).to.deep.equal(['unreachable', 'unreachable']);
    const again = ask('AUSDT');
    await world.settle();
    waiting[2]!.answer(HELD.slice(0, 1));
    expect(await told(again)).to.deep.equal([['AUSDT 1']]);
  });

  it('asks for them after what tells whether a stop stands, where room is scarce', async () => {
    const bench = await heldBench();
    const { world, venue, ask, waiting, told } = bench;
    await world.advance(60_000 - (world.clock.now() % 60_000) + 58_000);
    venue.stated = { ...venue.stated, weight1m: 2_158 };
    await bench.read(0, 'serverTime');
    const before = venue.reads.length;
    const answer = ask('AUSDT');
    expect(await bench.read(0, 'openAlgoOrders', { symbol: 'AUSDT' as SymbolName })).to.have.property('ok', true);
    expect(venue.reads.slice(before).map((one) => one.name)).to.deep.equal(['openAlgoOrders']);
    await world.advance(2_000);
    waiting[0]!.answer(HELD.slice(0, 1));
    expect(await told(answer)).to.deep.equal([['AUSDT 1']]);
  });
});
