/** Locks as an operator sees them and ends them, each end with a reason on record. */
import { expect } from 'chai';
import type { Lock } from '../../src/protocol/views.ts';
import { run } from './kit/command.ts';
import { onSocket, RACOON, startService } from './kit/service.ts';
import type { TestService } from './kit/service.ts';

const SINCE = Date.UTC(2026, 1, 3);
const LOCKS: readonly Lock[] = [
  { lockId: `same-signal-${RACOON}-LONG-1`, kind: 'same-signal', symbol: RACOON, side: 'LONG', code: 'SAME_SIGNAL', since: SINCE, until: SINCE + 60_000, cause: 'LONG was closed by STOP' },
  { lockId: 'margin-all-2', kind: 'margin', symbol: null, side: null, code: 'MARGIN_INSUFFICIENT', since: SINCE, until: null, cause: 'Margin is insufficient.' },
];

describe('locks over the API', () => {
  let service: TestService;
  beforeEach(async () => {
    service = await startService({ listen: 'off' });
    service.facts.locks = LOCKS;
  });
  afterEach(() => service.close());

  it('are listed with their times, scope and cause', async () => {
    const { status, json } = await onSocket(service).get('/v1/locks');
    expect(status).to.equal(200);
    expect(json[0]).to.deep.equal({ ...LOCKS[0], since: '2026-02-03T00:00:00.000Z', until: '2026-02-03T00:01:00.000Z' });
    expect(json[1].until).to.equal(null);
  });

  it('are cleared by id, Chinese letters included, audited first; one that is not there is a 404', async () => {
    const clear = (id: string) => onSocket(service).raw('DELETE', `/v1/locks/${encodeURIComponent(id)}`, JSON.stringify({ reason: 'understood' }), { 'content-type': 'application/json' });
    expect(await clear(LOCKS[0]!.lockId)).to.deep.include({ status: 200, json: { cleared: LOCKS[0]!.lockId } });
    expect(service.audit.at(-1)).to.deep.include({ action: 'clear-lock', target: LOCKS[0]!.lockId, reason: 'understood' });
    const gone = await clear(LOCKS[0]!.lockId);
    expect([gone.status, gone.json.error.code]).to.deep.equal([404, 'LOCK_NOT_FOUND']);
    expect((await onSocket(service).raw('DELETE', '/v1/locks/margin-all-2')).status, 'a DELETE often has no body').to.equal(200);
  });

  it('have commands', async () => {
    const asked = (...args: string[]) => run(['locks', ...args, '--data-dir', service.dataDir]);
    const shown = await asked();
    expect(shown.code).to.equal(0);
    for (const words of [RACOON, 'SAME_SIGNAL', 'its condition ends', 'all']) expect(shown.out).to.contain(words);
    expect(await asked('clear', LOCKS[1]!.lockId, '--reason', 'more margin')).to.include({ code: 0 });
    expect(service.audit.at(-1)).to.include({ reason: 'more margin' });
    const again = await asked('clear', LOCKS[1]!.lockId, '--reason', 'again');
    expect(again.code).to.equal(4);
    expect(again.err, 'what to do about it').to.contain('`vigil locks` lists');
    expect(await asked('clear', LOCKS[0]!.lockId), 'a reason may be left out').to.include({ code: 0 });
    expect(service.audit.at(-1)).to.include({ reason: 'asked for by an operator' });
    service.facts.locks = [];
    expect((await asked()).out).to.equal('No lock.\n');
  });
});
