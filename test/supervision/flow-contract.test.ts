/** Flow contracts: silence is noticed when it is one, a start is none, and refusals that belong to the work break nothing (ruling 27). */
import { expect } from 'chai';
import fc from 'fast-check';
import { ACCEPTED, FlowTrack } from '../../src/supervision/flow/flow-contract.ts';
import type { FlowContract } from '../../src/supervision/flow/flow-contract.ts';

const EVERY = 120_000;
const GRACE = 180_000;
const CONTRACT: FlowContract = { edge: 'evaluation', producer: 'generator', everyMs: EVERY, graceMs: GRACE, windowMs: 600_000, minimum: 5, restarts: { limit: 5, windowMs: 3_600_000 }, needs: [] };

function track(part: Partial<FlowContract> = {}): FlowTrack {
  return new FlowTrack({ ...CONTRACT, ...part });
}

describe('flow contract', () => {
  it('is in grace after a start, silent when that is over, and fine as soon as something flows', () => {
    const flow = track();
    flow.arm(0);
    expect(flow.verdict(GRACE)).to.include({ state: 'grace', broken: false });
    expect(flow.verdict(GRACE + 1)).to.include({ state: 'silent', broken: true, restartDue: true, forMs: GRACE + 1 });
    flow.flowed({ HOLD: 3 }, GRACE + 2);
    expect(flow.verdict(GRACE + 3)).to.include({ state: 'fine', broken: false, forMs: 0 });
  });

  it('is fine after a restart as long as the last flow is not too old', () => {
    const flow = track();
    flow.arm(0);
    flow.flowed({}, 200_000);
    flow.arm(201_000);
    expect(flow.verdict(200_000 + EVERY)).to.include({ state: 'fine' });
    expect(flow.verdict(200_000 + EVERY + 1)).to.include({ state: 'grace', broken: false });
  });

  it('counts an evaluation that came to nothing, and one of nothing at all, as flow', () => {
    const flow = track();
    flow.arm(0);
    flow.flowed({ HOLD: 1 }, GRACE);
    flow.flowed({}, GRACE + EVERY);
    expect(flow.verdict(GRACE + 2 * EVERY)).to.include({ state: 'fine' });
    expect(flow.verdict(GRACE + 2 * EVERY + 1)).to.include({ state: 'silent', forMs: EVERY + 1 });
  });

  it('gives every restart its own grace before the next, and hides no silence behind restarts upon restarts', () => {
    const flow = track();
    flow.arm(0);
    flow.flowed({}, 290_000);
    flow.arm(300_000);
    expect(flow.verdict(300_000 + GRACE), 'one grace').to.include({ state: 'grace', broken: false });
    flow.arm(400_000);
    expect(flow.verdict(300_000 + GRACE + 1), 'crashed and restarted within it').to.include({ state: 'silent', broken: true, restartDue: false });
    expect(flow.verdict(400_000 + GRACE + 1)).to.include({ state: 'silent', restartDue: true });
  });

  it('stays broken over the restart that is to mend it, until something flows', () => {
    const flow = track();
    flow.arm(0);
    flow.flowed({}, 200_000);
    expect(flow.verdict(200_000 + EVERY + 1)).to.include({ state: 'silent', restartDue: true });
    flow.arm(200_000 + EVERY + 2);
    expect(flow.verdict(200_000 + EVERY + 3)).to.include({ state: 'silent', broken: true, restartDue: false });
    flow.flowed({}, 200_000 + EVERY + 4);
    expect(flow.verdict(200_000 + EVERY + 5)).to.include({ state: 'fine', broken: false });
  });

  it('is not silent while it is not held, and begins anew when it is again', () => {
    const flow = track();
    expect(flow.verdict(1e9)).to.include({ state: 'released', broken: false });
    flow.arm(0);
    flow.release();
    expect(flow.verdict(1e9)).to.include({ state: 'released', broken: false });
    flow.arm(1e9);
    expect(flow.verdict(1e9 + GRACE)).to.include({ state: 'grace' });
    expect(flow.verdict(1e9 + GRACE + 1)).to.include({ state: 'silent' });
  });

  it('restarts so often in its window and no more, and may again when that has passed', () => {
    const flow = track({ restarts: { limit: 2, windowMs: 1_000_000 } });
    flow.arm(0);
    for (const at of [200_000, 400_000]) {
      expect(flow.verdict(at)).to.include({ restartDue: true, restartsSpent: false });
      flow.restarted(at);
      flow.arm(at);
    }
    expect(flow.verdict(1_199_999)).to.include({ state: 'silent', broken: true, restartDue: false, restartsSpent: true });
    expect(flow.verdict(1_200_000)).to.include({ restartDue: true, restartsSpent: false });
  });

  it('runs dry when it reports and nothing is accepted: told, and no reason to restart', () => {
    const flow = track({ acceptEveryMs: 600_000 });
    flow.arm(0);
    for (let at = 60_000; at <= 1_200_000; at += 60_000) flow.flowed(at === 600_000 ? { [ACCEPTED]: 1 } : { HOLD: 1 }, at);
    expect(flow.verdict(1_200_000)).to.include({ state: 'fine' });
    expect(flow.verdict(1_200_001)).to.include({ state: 'dry', broken: true, restartDue: false, forMs: 600_001 });
  });

  it('says nothing of silence where none is meant', () => {
    const flow = track({ everyMs: null });
    flow.arm(0);
    expect(flow.verdict(1e9)).to.include({ state: 'fine', broken: false });
  });

  describe('the ratio of what is misconfigured', () => {
    const misconfigured = (outcomes: Record<string, number>, part: Partial<FlowContract> = {}) => {
      const flow = track({ everyMs: null, maxMisconfiguredRatio: 0.95, misconfigurations: new Set(['SYMBOL_NOT_IN_POLICY_UNIVERSE', 'INTENT_INVALID']), ...part });
      flow.arm(0);
      flow.flowed(outcomes, 1_000);
      return { flow, verdict: flow.verdict(1_000) };
    };

    it('breaks the edge beyond its limit, and restarts nothing', () => {
      expect(misconfigured({ SYMBOL_NOT_IN_POLICY_UNIVERSE: 90, INTENT_INVALID: 10 }).verdict).to.include({ misconfigured: true, broken: true, misconfiguredRatio: 1, restartDue: false });
      expect(misconfigured({ SYMBOL_NOT_IN_POLICY_UNIVERSE: 96, [ACCEPTED]: 4 }).verdict).to.include({ misconfigured: true });
      expect(misconfigured({ SYMBOL_NOT_IN_POLICY_UNIVERSE: 95, [ACCEPTED]: 5 }).verdict).to.include({ misconfigured: false, broken: false });
    });

    it('never counts refusals that belong to the work', () => {
      expect(misconfigured({ POSITION_OPEN: 100, SYMBOL_COOLDOWN: 100, INTENT_DUPLICATE: 100, MAX_POSITIONS: 100, TRADING_HALTED: 100 }).verdict).to.include({ misconfigured: false, misconfiguredRatio: 0, broken: false });
    });

    it('says nothing of a few, and forgets what is older than its window', () => {
      expect(misconfigured({ INTENT_INVALID: 4 }).verdict).to.include({ misconfigured: false });
      const { flow } = misconfigured({ INTENT_INVALID: 5 });
      expect(flow.verdict(580_000)).to.include({ misconfigured: true });
      expect(flow.verdict(630_000)).to.include({ misconfigured: false });
      expect(flow.outcomes(630_000)).to.deep.equal({});
    });

    it('is counted while the contract is not held, too', () => {
      const { flow } = misconfigured({ INTENT_INVALID: 5 });
      flow.release();
      expect(flow.verdict(2_000)).to.include({ state: 'released', misconfigured: true, broken: true });
    });
  });

  it('whatever happens: never silent within a grace of a first start or within its time after a flow, always silent beyond both; never due within a grace of a restart', () => {
    const step = fc.tuple(fc.constantFrom('flow', 'restart', 'look'), fc.integer({ min: 1, max: 200_000 }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const flow = track({ restarts: { limit: Infinity, windowMs: 1 } });
        flow.arm(0);
        let now = 0;
        let seen = -Infinity;
        let armed = 0;
        let firstArmed = 0;
        for (const [what, ms] of steps) {
          now += ms;
          if (what === 'flow') {
            flow.flowed({}, now);
            seen = now;
          } else if (what === 'restart') {
            if (seen >= firstArmed && !(now > seen + EVERY && now > firstArmed + GRACE)) firstArmed = now;
            armed = now;
            flow.arm(now);
          }
          const { state, restartDue } = flow.verdict(now);
          const silent = now > seen + EVERY && now > firstArmed + GRACE;
          expect(state === 'silent').to.equal(silent);
          expect(restartDue).to.equal(silent && now > armed + GRACE);
        }
      }),
      { numRuns: 500, seed: 27 },
    );
  });
});
