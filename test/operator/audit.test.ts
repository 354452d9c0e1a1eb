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

const CLEAN: AuditAnswer = { ok: true, since: Date.UTC(2026, 1, 3), symbols: [GPS, RACOON], skipped: [], findings: [], counts: { underPermit: 2, fills: 0 } };

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
    expect(ran).to.include({ code: 0, out: '2 symbols since 2026-02-03T00:00:00.000Z: the venue and the journal tell one story (underPermit 2).\n' });
    expect(service.audit.at(-1)).to.deep.include({ action: 'audit', target: 'all', reason: 'end of the week' });
    expect(JSON.parse((await vigil('--json')).out)).to.deep.include({ since: '2026-02-03T00:00:00.000Z', findings: [] });
  });

  it('ends with 1 for findings, each in words, and says that trading is halted', async () => {
    answer = { ...CLEAN, skipped: [RACOON], findings: [{ code: 'ORDER_WITHOUT_PERMIT', symbol: GPS, subject: 'x-1', message: 'GPSUSDT: order x-1: nobody allowed it.' }] };
    const ran = await vigil();
    expect(ran.code).to.equal(1);
    for (const words of ['1 findings', `Not judged, too much is happening: ${RACOON}`, 'ORDER_WITHOUT_PERMIT', 'nobody allowed it', 'vigil activate']) expect(ran.out).to.contain(words);
  });

  it('says why it could not be made, and acts on POST alone', async () => {
    answer = { ok: false, message: 'GPSUSDT: orders: connection refused' };
    expect(await vigil()).to.have.property('err').that.contains('the audit could not be made: GPSUSDT: orders: connection refused');
    expect((await onSocket(service).get('/v1/audit')).status).to.equal(405);
    expect((await onSocket(service).post('/v1/audit', { symbol: GPS })).status).to.equal(400);
  });
});
