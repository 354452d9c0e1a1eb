/** The flow contracts of the service: every generator has one, every path in them exists, and none is tighter than what it is about. */
import { expect } from 'chai';
import type { Config } from '../../src/config.ts';
import { evaluationEdge, flowContracts, shadowEdge } from '../../src/service/contracts.ts';
import { composedPaths, defaultConfig } from '../kit/composed-tree.ts';

const contractsOf = (config: Config = defaultConfig()) => flowContracts(config, { live: config.generator.strategies, shadows: config.generator.shadows });

describe('flow contracts of the service', () => {
  it('name producers, and actors they need, that are in the tree', () => {
    const paths = composedPaths();
    for (const { producer, needs } of contractsOf()) expect(paths).to.include.members([producer, ...needs]);
  });

  it('hold each strategy of the configuration to its evaluations, while the ready gate is open (ruling 17)', () => {
    const config = defaultConfig();
    const evaluations = contractsOf(config).filter((one) => one.edge.startsWith('evaluation/'));
    expect(evaluations.map((one) => [one.edge, one.producer, one.heldWhile])).to.deep.equal(config.generator.strategies.map((name) => [evaluationEdge(name), `generator/${name}`, 'ready']));
  });

  it('hold each shadow to looking, and to no signal', () => {
    const watching = contractsOf().filter((one) => one.edge.startsWith('shadow/'));
    expect(watching.map((one) => [one.edge, one.producer, one.heldWhile, one.acceptEveryMs])).to.deep.equal([[shadowEdge('ema-cross'), 'shadow/ema-cross', 'ready', undefined]]);
  });

  for (const cycleMs of [100, 1_000, 60_000, 600_000, 86_400_000]) {
    it(`expect an evaluation within two cycles at least, and a start within three minutes or that, at a cycle of ${cycleMs} ms (ruling 27)`, () => {
      for (const { edge, everyMs, graceMs, acceptEveryMs, windowMs } of contractsOf(defaultConfig(`generator.cycleMs=${cycleMs}`))) {
        expect(graceMs).to.be.at.least(Math.max(180_000, everyMs ?? 0));
        expect(windowMs).to.be.greaterThan(0);
        if (acceptEveryMs !== undefined) expect(acceptEveryMs).to.be.at.least(everyMs!);
        if (edge.startsWith('evaluation/')) expect(everyMs).to.be.at.least(Math.max(2 * cycleMs, 10_000));
      }
    });
  }

  it('give an account that is polled slowly the time of two polls', () => {
    const account = contractsOf(defaultConfig('account.pollMs=200000')).find((one) => one.edge === 'account');
    expect(account?.everyMs).to.be.at.least(400_000);
    expect(account?.graceMs).to.be.at.least(account!.everyMs!);
  });

  it('are one an edge', () => {
    const edges = contractsOf().map((one) => one.edge);
    expect(new Set(edges).size).to.equal(edges.length);
  });

  it('judge the ratio where intents are refused, and only by what says that something is configured wrongly', () => {
    const codes = contractsOf().find((one) => one.edge === 'intents')?.misconfigurations;
    for (const code of ['INTENT_INVALID', 'SOURCE_UNKNOWN', 'SYMBOL_NOT_IN_POLICY_UNIVERSE', 'QUANTITY_TOO_SMALL', 'NOTIONAL_TOO_SMALL']) expect(codes?.has(code), code).to.equal(true);
    for (const code of ['POSITION_OPEN', 'POSITION_OPENING', 'INTENT_DUPLICATE', 'INTENT_EXPIRED', 'PRICE_STALE', 'UNIVERSE_UNKNOWN', 'SYMBOL_COOLDOWN', 'TRADING_HALTED']) expect(codes?.has(code), code).to.equal(false);
  });
});
