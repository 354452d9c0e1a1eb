/** The short run of `npm run test:chaos`: kill -9 at random moments, on each engine, and the auditor's word over it; and that the auditor would have found what it looks for. */
import { expect } from 'chai';
import { decimal } from '../../src/protocol/decimal.ts';
import type { VenueFacts } from '../../src/rules/audit/facts.ts';
import { ID_PREFIX, readClientId } from '../../src/rules/client-ids.ts';
import { auditOf } from '../kit/chaos-bench.ts';
import type { Stories } from '../kit/chaos-bench.ts';
import { runChaos, verdict } from '../kit/chaos-run.ts';
import type { ChaosReport } from '../kit/chaos-run.ts';
import { describeWithRedis } from '../kit/redis.ts';
import { useSandbox } from '../kit/service.ts';

const SEED = Number(process.env['VIGIL_SEED'] ?? 20_261_122);
const NOTHING = 'orders without permit 0, orders doubled 0, fills lost 0, naked beyond the bound 0, records unequal to the venue 0';

function expectHonest(report: ChaosReport): void {
  expect(verdict(report.findings), report.findings.map((one) => one.message).join('\n')).to.equal(NOTHING);
  // A run in which nothing happened would prove nothing.
  expect(report.entries, 'entries sent').to.be.greaterThan(3);
  expect(report.counts.fills, 'fills compared').to.be.greaterThan(3);
  expect(report.counts.underMandate, 'orders under a mandate').to.be.greaterThan(3);
}

describe('kill -9 at random moments', function () {
  this.timeout(600_000);
  const box = useSandbox();
  let stories: Stories;
  const codes = (venue: Partial<VenueFacts>, changed: Partial<Stories> = {}) => new Set(auditOf({ ...stories, ...changed, venue: { ...stories.venue, ...venue } }).findings.map((one) => one.code));
  const anEntry = () => stories.venue.orders.find((order) => readClientId(order.clientId)?.leg === 'entry' && order.executedQuantity.isPositive())!;

  it(`with SQLite, 10 times, seed ${SEED}: ${NOTHING}`, async () => {
    const report = await runChaos(box, { seed: SEED, kills: 10, engine: 'sqlite', auditEvery: 1_000, say: () => undefined });
    expectHonest(report);
    ({ stories } = report);
  });

  it('the auditor of that run finds an order nobody allowed', () => {
    const forged = { ...anEntry(), orderId: 'x', clientId: `${ID_PREFIX}${stories.terms.tags[0]!}e${'0'.repeat(20)}` as never };
    expect([...codes({ orders: [...stories.venue.orders, forged] })]).to.include('ORDER_WITHOUT_PERMIT');
  });

  it('… an entry that went out twice', () => {
    const entries = stories.venue.orders.filter((order) => readClientId(order.clientId)?.leg === 'entry' && order.executedQuantity.isPositive());
    const found = entries.filter((order) => codes({ orders: [...stories.venue.orders, { ...order, orderId: 'twice' }] }).has('ORDER_DOUBLED'));
    expect(found.length, `of ${entries.length} entries`).to.be.greaterThan(entries.length / 2);
  });

  it('… a fill that the journal has lost', () => {
    const fills = [...stories.lives].flatMap(([symbol, { events }]) => events.filter((event) => event.type === 'FillRecorded').map((lost) => ({ symbol, lost, rest: events.filter((event) => event !== lost) })));
    // What an adoption has taken over since is no loss: most are.
    const found = fills.filter(({ symbol, rest }) => codes({}, { lives: new Map([...stories.lives, [symbol, { events: rest }]]) }).has('FILL_LOST'));
    expect(found.length, `of ${fills.length} fills`).to.be.greaterThan(fills.length / 2);
  });

  it('… a position whose stops never stood', () => {
    // Without the time when nobody was there, which a short run has plenty of.
    const terms = { ...stories.terms, away: [], nakedBoundMs: 2_000 };
    const naked = (algoOrders: VenueFacts['algoOrders']) => auditOf({ ...stories, terms, venue: { ...stories.venue, algoOrders } }).findings.filter((one) => one.code === 'NAKED').length;
    expect(naked(stories.venue.algoOrders.map((algo) => ({ ...algo, status: 'REJECTED' as const })))).to.be.greaterThan(naked(stories.venue.algoOrders));
  });

  it('… a position that is another at the venue', () => {
    const [first, ...others] = stories.venue.positions;
    const more = first === undefined ? { symbol: anEntry().symbol, quantity: decimal('1'), entryPrice: decimal('10'), markPrice: decimal('10'), unrealizedPnl: decimal('0'), updatedAt: 0 } : { ...first, quantity: first.quantity.plus('0.1') };
    expect([...codes({ positions: [more, ...others] })]).to.include('RECORD_DIFFERS');
  });

  it('a run in which somebody sends an order of ours past it all fails', async () => {
    const report = await runChaos(box, {
      seed: SEED,
      kills: 1,
      engine: 'sqlite',
      auditEvery: 1_000,
      say: () => undefined,
      async plant(bench) {
        await bench.paper.signed('POST', '/fapi/v1/order', { symbol: 'K0USDT', side: 'BUY', type: 'LIMIT', timeInForce: 'IOC', price: '6', quantity: '2', newClientOrderId: `${ID_PREFIX}${bench.tag()}e${'0'.repeat(20)}` });
      },
    });
    expect(report.findings.map((one) => one.code)).to.deep.equal(['ORDER_WITHOUT_PERMIT']);
  });
});

describeWithRedis('kill -9 at random moments, of the store too', () => {
  const box = useSandbox();

  it(`with Redis, 8 times, seed ${SEED}: ${NOTHING}`, async function () {
    this.timeout(600_000);
    expectHonest(await runChaos(box, { seed: SEED, kills: 8, engine: 'redis', auditEvery: 1_000, say: () => undefined }));
  });
});
