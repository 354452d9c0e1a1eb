/** The strategies over the API and on a screen: who trades, who watches, with what; and one that does not run has no numbers. */
import { expect } from 'chai';
import { strategiesScreen } from '../../src/operator/commands/strategy-screens.ts';
import type { StrategyRow } from '../../src/operator/commands/strategy-screens.ts';
import type { Behaviour } from '../../src/supervision/behaviour.ts';
import { same } from '../../src/supervision/behaviour.ts';
import { supervisor, worker } from '../../src/supervision/child-spec.ts';
import { run } from './kit/command.ts';
import { onSocket, startService } from './kit/service.ts';
import type { TestService } from './kit/service.ts';

const LIVE = { strategy: 'remote-model', role: 'live', does: 'Asks.', published: 7, lastSignalAt: '2026-02-03T12:00:00.000Z', recent: { windowMs: 600_000, signals: 4, fallback: 3, share: 0.75 }, circuit: 'open', leftOut: [], evaluations: [{ symbol: 'GPSUSDT' }] };
const SHADOW = { strategy: 'ema-cross', role: 'shadow', does: 'Crosses.', signals: 3, lastSignalAt: null, leftOut: [{ symbol: 'GPSUSDT' }], score: { closed: 4, hits: 1, hitRate: 0.25, resultUsdt: '-3.2', open: [{ symbol: '币安人生USDT', side: 'LONG', resultUsdt: null }] }, evaluations: [] };

function saying(view: object): Behaviour<{ readonly type: 'nothing' }, null> {
  return { role: 'strategy', purpose: 'shows what a test says', consumes: { nothing: '' }, emits: [], mailbox: { capacity: 1, overflow: 'reject', onRestart: 'keep' }, init: () => null, receive: () => same, view: () => view };
}

describe('strategies over the API', () => {
  let service: TestService;
  before(async () => {
    service = await startService({
      listen: 'off',
      children: (system) => [
        supervisor('decisions', 'a room', [supervisor('generators', 'those that trade', [worker(system.ref('generator/remote-model'), saying(LIVE))])]),
        supervisor('shadows', 'those that watch', [worker(system.ref('shadow/ema-cross'), saying(SHADOW))]),
      ],
    });
  });
  after(() => service.close());

  it('are those of the tree, with what they say of themselves but for each evaluation', async () => {
    const { status, json } = await onSocket(service).get('/v1/strategies');
    expect(status).to.equal(200);
    const [live, shadow] = json as unknown as Record<string, unknown>[];
    expect(live).to.deep.include({ name: 'remote-model', role: 'live', path: 'generator/remote-model', status: 'running', restarts: 0, published: 7, circuit: 'open', recent: LIVE.recent }).and.not.have.property('evaluations');
    expect(shadow).to.deep.include({ name: 'ema-cross', role: 'shadow', path: 'shadow/ema-cross', score: SHADOW.score });
  });

  it('are found by the command', async () => {
    const { code, out } = await run(['strategies', '--socket', service.addresses.socket]);
    expect(code).to.equal(0);
    expect(out).to.match(/remote-model\s+running\s+7\s+4\s+75 %\s+open\s+2026-02-03/).and.match(/ema-cross\s+running\s+3\s+4\s+25 %\s+-3\.2\s+LONG 币安人生USDT no price\s+never\s+GPSUSDT/);
  });

  it('without numbers when one does not run: its last word is no news', async () => {
    service.system.control('shadow/ema-cross', 'suspend', 'a test');
    const rows = (await onSocket(service).get('/v1/strategies')).json as unknown as StrategyRow[];
    expect(rows[1]).to.include({ name: 'ema-cross', role: 'shadow', status: 'suspended' }).and.not.have.property('score');
    expect(strategiesScreen(rows)).to.match(/ema-cross\s+suspended\s+never/);
    service.system.control('shadow/ema-cross', 'resume', 'a test');
  });
});
