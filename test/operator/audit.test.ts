/** `vigil audit`, over the API and as a command: what was judged, what was found, and codes a script can rely on. */
import { expect } from 'chai';
import type { AuditAnswer } from '../../src/protocol/messages.ts';
import { same } from '../../src/supervision/behaviour.ts';
import type { Behaviour } from '../../src/supervision/behaviour.ts';
import { worker } from '../../src/supervision/child-spec.ts';
import type { Asking, Tagged } from '../../src/supervision/ref.ts';
import { run } from './kit/command.ts';
import { GPS, onSocket, RACOON, startService } from './kit/service.ts';
import type { TestService } from './kit/service.ts';

const SINCE = Date.UTC(2026, 1, 3);
const CLEAN = { ok: true, since: SINCE, symbols: [GPS, RACOON].map((symbol) => ({ symbol, since: SINCE })), skipped: [], findings: [], counts: { underPermit: 2, fills: 0 }, earlier: undefined } as const satisfies AuditAnswer;

describe('audit', () => {
  let service: TestService;
  let answer: AuditAnswer = CLEAN;
  const auditor: Behaviour<Tagged, null> = { role: 'auditor', purpose: 'of a test', consumes: {} as Record<string, string>, emits: [], mailbox: { capacity: 10, overflow: 'reject', onRestart: 'keep' }, init: () => null, receive: (_state, message, ctx) => {
    (ctx.answering(message as unknown as Asking<unknown>) as (value: unknown) => void)(answer);
    return same;
  }, view: () => null };

  before(async () => {
    service = await startService({ listen: 'off', children: (system) => [worker(system.ref('auditor'), auditor)] });
  });
  after(() => service.close());
  const vigil = (...args: string[]) => run(['audit', ...args, '--data-dir', service.dataDir]);

  it('says what was judged, since when, and that all is well; audited first', async () => {
    const ran = await vigil('--reason', 'end of the week');
    expect(ran).to.include({ code: 0, out: '2 symbols, their orders and fills since 2026-02-03T00:00:00.000Z: the venue and the journal tell one story (underPermit 2).\n' });
    expect(service.audit.at(-1)).to.deep.include({ action: 'audit', target: 'all', reason: 'end of the week' });
    expect(JSON.parse((await vigil('--json')).out)).to.deep.include({ since: '2026-02-03T00:00:00.000Z', symbols: [GPS, RACOON].map((symbol) => ({ symbol, since: '2026-02-03T00:00:00.000Z' })), findings: [], earlier: null });
  });

  it('says of what it does not count again when that was judged, by how many audits, and what they found; and who was judged from further back', async () => {
    const hour = 3_600_000;
    answer = { ...CLEAN, symbols: [{ symbol: GPS, since: SINCE + hour }, { symbol: RACOON, since: SINCE }], earlier: { audits: 1, since: SINCE - 24 * hour, findings: 0 } };
    const lines = (await vigil()).out.split('\n');
    expect(lines[1]).to.equal('What is older was judged before, from 2026-02-02T00:00:00.000Z on: 1 audit, nothing found.');
    expect(lines[2]).to.equal(`The others since 2026-02-03T01:00:00.000Z; from further back: ${RACOON} (2026-02-03T00:00:00.000Z)`);
    answer = { ...CLEAN, earlier: { audits: 7, since: SINCE - 24 * hour, findings: 2 } };
    expect((await vigil()).out).to.contain('7 audits, 2 found (vigil alerts, vigil events).\n').and.not.contain('The others');
    expect(JSON.parse((await vigil('--json')).out).earlier).to.deep.equal({ audits: 7, since: '2026-02-02T00:00:00.000Z', findings: 2 });
  });

  it('ends with 1 for findings, each in words, and says that trading is halted', async () => {
    answer = { ...CLEAN, skipped: [RACOON], findings: [{ code: 'ORDER_WITHOUT_PERMIT', symbol: GPS, subject: 'x-1', message: 'GPSUSDT: order x-1: nobody allowed it.', halts: true }] };
    const ran = await vigil();
    expect(ran.code).to.equal(1);
    for (const words of ['1 findings', `Not judged, too much is happening: ${RACOON}`, 'ORDER_WITHOUT_PERMIT', 'nobody allowed it', 'Trading is halted for 1 of them', 'vigil activate']) expect(ran.out).to.contain(words);
    answer = { ...CLEAN, findings: [{ code: 'NAKED', symbol: GPS, subject: 'GPSUSDT since 1', message: 'GPSUSDT: no stop.', halts: false }] };
    expect((await vigil()).out).to.contain('Trading is not halted').and.not.contain('vigil activate');
  });

  it('says why it could not be made, and acts on POST alone', async () => {
    answer = { ok: false, message: 'GPSUSDT: orders: connection refused' };
    expect(await vigil()).to.have.property('err').that.contains('the audit could not be made: GPSUSDT: orders: connection refused');
    expect((await onSocket(service).get('/v1/audit')).status).to.equal(405);
    expect((await onSocket(service).post('/v1/audit', { symbol: GPS })).status).to.equal(400);
  });
});
