/** Flow contracts and alerts as an operator sees them: exactly as the watchdog tells them, and never as good news when it does not. */
import { expect } from 'chai';
import { alertsScreen, flowsScreen } from '../../src/operator/commands/flow-screens.ts';
import { judgeHealth } from '../../src/operator/health.ts';
import type { HealthStatus } from '../../src/operator/health-check.ts';
import type { FlowView } from '../../src/protocol/read-models.ts';
import { run } from './kit/command.ts';
import { inputs } from './kit/readings.ts';
import { onSocket, startService } from './kit/service.ts';
import type { TestService } from './kit/service.ts';

function flow(more: Partial<FlowView> = {}): FlowView {
  return {
    edge: 'evaluation/trend-24h', producer: 'generator/trend-24h', everyMs: 120_000, graceMs: 180_000, acceptEveryMs: 600_000, maxMisconfiguredRatio: null, state: 'fine', broken: false, breaker: 'closed',
    lastSeenAt: '2026-02-03T12:00:00.000Z', lastSeenAgeMs: 30_000, windowMs: 600_000, outcomes: { SIGNAL_HOLD: 40, accepted: 5 }, restarts: { used: 0, limit: 5, windowMs: 3_600_000 }, restartsSpent: false, message: '', ...more,
  };
}

const SILENT = flow({ state: 'silent', broken: true, lastSeenAgeMs: 130_000, message: 'nothing for 130 s, expected every 120 s: restarting generator/trend-24h' });

const TABLE: readonly { readonly when: string; readonly flows: Parameters<typeof inputs>[0]; readonly status: HealthStatus; readonly says: RegExp; readonly ageMs?: number }[] = [
  { when: 'every edge carries what it should', flows: { flows: { known: true, value: [flow(), flow({ edge: 'prices' })] } }, status: 'ok', says: /^2 edges/ },
  { when: 'one is silent and its producer is being restarted', flows: { flows: { known: true, value: [flow({ edge: 'prices' }), SILENT] } }, status: 'degraded', says: /^evaluation\/trend-24h: nothing for 130 s/, ageMs: 130_000 },
  { when: 'nothing more is tried', flows: { flows: { known: true, value: [{ ...SILENT, restartsSpent: true }] } }, status: 'failing', says: /nothing for 130 s/ },
  { when: 'a breaker is open', flows: { flows: { known: true, value: [flow({ edge: 'intents', broken: true, breaker: 'open' })] } }, status: 'degraded', says: /^intents: too much of it is misconfigured$/ },
  { when: 'the watchdog is silent', flows: { flows: { known: false, why: 'watchdog is restarting' } }, status: 'failing', says: /watchdog is restarting/ },
];

describe('flows in health', () => {
  for (const { when, flows, status, says, ageMs } of TABLE) {
    it(`are ${status} when ${when}`, () => {
      const found = judgeHealth(inputs(flows)).checks.find((one) => one.name === 'flows');
      expect(found?.status).to.equal(status);
      expect(found?.message).to.match(says);
      if (ageMs !== undefined) expect(found?.ageMs).to.equal(ageMs);
    });
  }

  it('make a service with a dead generator unwell: health never stays green (failure 101)', () => {
    expect(judgeHealth(inputs({ flows: { known: true, value: [SILENT] } })).status).to.equal('degraded');
  });
});

describe('flows and alerts over the API', () => {
  let service: TestService;
  before(async () => {
    service = await startService({ listen: 'off' });
  });
  after(() => service.close());

  it('are what the watchdog tells', async () => {
    service.facts.flows = [flow(), SILENT];
    service.facts.alerts = [{ name: 'flow-silent/evaluation', since: '2026-02-03T12:02:00.000Z', message: 'nothing for 130 s' }];
    const flows = await onSocket(service).get('/v1/flows');
    expect(flows.status).to.equal(200);
    expect(flows.json).to.deep.equal(service.facts.flows);
    expect((await onSocket(service).get('/v1/alerts')).json).to.deep.equal(service.facts.alerts);
    expect((await onSocket(service).get('/v1/health')).json.checks).to.deep.include({ name: 'flows', status: 'degraded', message: `evaluation/trend-24h: ${SILENT.message}`, ageMs: 130_000 });
  });

  it('are found by the commands, whose exit code says whether something is wrong', async () => {
    service.facts.flows = [flow()];
    service.facts.alerts = [];
    expect(await run(['flows', '--socket', service.addresses.socket])).to.include({ code: 0 });
    expect(await run(['alerts', '--socket', service.addresses.socket])).to.include({ code: 0, out: 'No alert.\n' });
    service.facts.flows = [SILENT];
    service.facts.alerts = [{ name: 'a', since: '2026-02-03T12:02:00.000Z', message: 'b' }];
    expect(await run(['flows', '--socket', service.addresses.socket])).to.include({ code: 1 });
    expect(await run(['alerts', '--socket', service.addresses.socket])).to.include({ code: 1 });
  });

  it('are unknown, with the reason, while the watchdog is away', async () => {
    service.system.control('watchdog', 'suspend', 'a test');
    const answer = await onSocket(service).get('/v1/flows');
    expect(answer.status).to.equal(503);
    expect(answer.json.error).to.deep.include({ code: 'STATE_UNKNOWN', message: 'watchdog is suspended' });
    expect((await onSocket(service).get('/v1/health')).status).to.equal(503);
    service.system.control('watchdog', 'resume', 'a test');
  });
});

describe('flows and alerts on a screen', () => {
  it('name the edge, how it is, when it last carried something, and what is wrong', () => {
    const lines = flowsScreen([flow(), SILENT, flow({ edge: 'intents', breaker: 'open', broken: true, lastSeenAt: null, lastSeenAgeMs: null, everyMs: null })]).split('\n');
    expect(lines[1]).to.match(/evaluation\/trend-24h.*● fine.*30 s ago.*SIGNAL_HOLD 40, accepted 5/);
    expect(lines[2]).to.match(/✖ silent.*restarting generator/);
    expect(lines[3]).to.match(/intents.*✖ misconfigured.*never/);
    expect(alertsScreen([{ name: 'gateway-away', since: '2026-02-03T12:02:00.000Z', message: 'the gateway has been away' }])).to.match(/gateway-away\s+2026-02-03T12:02:00.000Z\s+the gateway has been away/);
  });
});
