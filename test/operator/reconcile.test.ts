/** `vigil reconcile` and `vigil adopt`, over the API and as commands: what was found, what was taken over, and codes a script can rely on. */
import { expect } from 'chai';
import type { AdoptAnswer, ReconcileAnswer } from '../../src/protocol/messages.ts';
import type { PositionId } from '../../src/protocol/names.ts';
import type { ReconciledRow } from '../../src/protocol/read-models.ts';
import type { PositionView } from '../../src/protocol/views.ts';
import { same } from '../../src/supervision/behaviour.ts';
import type { Behaviour } from '../../src/supervision/behaviour.ts';
import { worker } from '../../src/supervision/child-spec.ts';
import type { Asking, Tagged } from '../../src/supervision/ref.ts';
import { run } from './kit/command.ts';
import { GPS, onSocket, RACOON, startService } from './kit/service.ts';
import type { TestService } from './kit/service.ts';

type Told = Tagged & { readonly [field: string]: unknown };
const row = (symbol: typeof GPS, part: Partial<ReconciledRow> = {}): ReconciledRow => ({ symbol, outcome: 'agreed', before: '0', journal: '0', venue: '0', state: 'Flat', unknownOrders: [], ...part });
const TAKEN: AdoptAnswer = { ok: true, positionId: 'adopted-1' as PositionId, side: 'LONG', quantity: '5000', entryPrice: '0.01', stopPrice: '0.0098' };

describe('reconcile and adopt', () => {
  let service: TestService;
  const asked: Told[] = [];
  const answers: { reconcile: ReconcileAnswer; adopt: AdoptAnswer } = { reconcile: { ok: true, rows: [] }, adopt: TAKEN };

  function answering(role: string, answer: () => unknown): Behaviour<Tagged, null> {
    return { role, purpose: 'of a test', consumes: {} as Record<string, string>, emits: [], mailbox: { capacity: 10, overflow: 'reject', onRestart: 'keep' }, init: () => null, receive: (_state, message, ctx) => {
      asked.push(message as Told);
      (ctx.answering(message as unknown as Asking<unknown>) as (value: unknown) => void)(answer());
      return same;
    }, view: () => ({ life: service.facts.lives.get(GPS) }) };
  }

  before(async () => {
    service = await startService({ listen: 'off', executors: [RACOON], children: (system) => [worker(system.ref('reconciler'), answering('reconciler', () => answers.reconcile)), worker(system.ref(`executor/${GPS}`), answering('executor', () => answers.adopt))] });
  });
  after(() => service.close());
  beforeEach(() => {
    asked.length = 0;
    answers.adopt = TAKEN;
    service.facts.lives.set(GPS, { ...service.facts.lives.get(GPS)!, phase: 'Protected', position: { positionId: 'adopted-1', stopLoss: '0.0098', stopOrderId: 'x-stop' } as PositionView });
  });

  const vigil = (...args: string[]) => run([...args, '--data-dir', service.dataDir]);

  it('reconcile asks for all or one symbol, audited first, and says what was found of each', async () => {
    answers.reconcile = { ok: true, rows: [row(GPS), row(RACOON, { outcome: 'corrected', before: '5', journal: '7', venue: '7', state: 'Protected' })] };
    const all = await vigil('reconcile');
    expect(all.code, 'corrected is done').to.equal(0);
    expect(asked.at(-1)).to.deep.include({ type: 'reconcile-now', symbol: undefined });
    expect(service.audit.at(-1)).to.deep.include({ action: 'reconcile', target: 'all' });
    expect(all.out).to.match(new RegExp(`${GPS} +agree +0 +0 +0 +Flat`)).and.match(new RegExp(`${RACOON} +▲ was wrong, corrected +5 +7 +7 +Protected`));
    await vigil('reconcile', RACOON, '--reason', 'an incident');
    expect(asked.at(-1)).to.deep.include({ symbol: RACOON });
    expect(service.audit.at(-1)).to.deep.include({ action: 'reconcile', target: RACOON, reason: 'an incident' });
    expect(JSON.parse((await vigil('reconcile', '--json')).out)).to.deep.equal({ symbols: answers.reconcile.rows });
  });

  it('reconcile ends with 1 while sides differ, nobody came to a result, or others have orders in the book, and says what to do', async () => {
    for (const [part, words] of [[{ outcome: 'left', venue: '5', state: 'Drifted' }, `vigil adopt ${GPS}`], [{ outcome: 'unresolved' }, 'tried again by itself'], [{ unknownOrders: ['LIMIT BUY 5 at 1 (web_1)'] }, 'not ours: LIMIT BUY 5 at 1 (web_1)']] as const) {
      answers.reconcile = { ok: true, rows: [row(GPS, part)] };
      const ran = await vigil('reconcile');
      expect([ran.code, ran.out.includes(words)], words).to.deep.equal([1, true]);
    }
  });

  it('reconcile says when the venue cannot be read, and refuses a symbol it does not know', async () => {
    answers.reconcile = { ok: false, message: 'the venue\'s side cannot be read: positions: connection refused' };
    const failed = await vigil('reconcile');
    expect(failed.code).to.equal(1);
    expect(failed.err).to.contain('STATE_UNKNOWN').and.contain('connection refused');
    expect(await vigil('reconcile', 'NOPEUSDT')).to.include({ code: 2 });
    expect((await onSocket(service).post('/v1/reconcile', { symbols: [GPS] })).json.error.details.errors[0]).to.deep.include({ field: 'symbols', expected: 'no such field' });
  });

  it('adopt takes a symbol over, with its stop or the configuration\'s, and says where that stands', async () => {
    const ran = await vigil('adopt', GPS, '--stop', '0.0098', '--reason', 'mine');
    expect(ran.code).to.equal(0);
    expect(ran.out).to.contain(`${GPS}: LONG 5000 at 0.01 is ours now, as adopted-1 (Protected)`).and.contain('its stop stands at 0.0098 (x-stop)');
    expect(asked.at(-1)).to.deep.include({ type: 'adopt', stopPrice: '0.0098', reason: 'mine', by: 'operator' });
    expect(service.audit.at(-1)).to.deep.include({ action: 'adopt', target: GPS, reason: 'mine' });
    await vigil('adopt', GPS);
    expect(asked.at(-1)).to.deep.include({ stopPrice: undefined });
  });

  it('adopt is refused with 4 and the reason; bad input with 2 and the field', async () => {
    answers.adopt = { ok: false, message: 'the venue holds no position in GPSUSDT' };
    const refused = await vigil('adopt', GPS);
    expect(refused.code).to.equal(4);
    expect(refused.err).to.contain('ACTION_REFUSED: the venue holds no position');
    for (const args of [['adopt'], ['adopt', GPS, '--stop', '-1'], ['adopt', GPS, '--stop', '1e3'], ['adopt', 'NOPEUSDT']]) expect((await vigil(...args)).code, args.join(' ')).to.equal(2);
    for (const stop of ['0', 'x', 5]) expect((await onSocket(service).post('/v1/adopt', { symbol: GPS, stop })).json.error.message, String(stop)).to.contain('stop: a price above 0');
    expect(asked.filter((message) => message.type === 'adopt')).to.have.length(1);
  });

  it('are in the help of the API and of the command line', async () => {
    const help = JSON.stringify((await onSocket(service).get('/v1/help')).json);
    expect(help).to.contain('/v1/reconcile').and.contain('/v1/adopt');
    expect((await run(['adopt', '--help'])).out).to.contain('--stop <price>').and.contain('trading.stopLossPercent');
    expect((await run(['reconcile', '--help'])).out).to.contain('[symbol]');
  });
});
