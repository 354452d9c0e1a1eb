/** Rulings 12, 13: what follows from a spent restart budget is a row of a table, for every path of the tree, and passes by itself. */
import { expect } from 'chai';
import { causesOf, EXHAUSTION, foldExhausted, foldGateway, GATEWAY_AWAY_MS, rowOf } from '../../src/rules/exhaustion.ts';
import type { Exhausted, ObservedNode } from '../../src/rules/exhaustion.ts';
import { composedPaths } from '../kit/composed-tree.ts';

function node(path: string, status: string, used = 0, incarnation = 1): ObservedNode {
  return { path, status, incarnation, restartBudget: { used, limit: 5 } };
}

function after(...looks: readonly (readonly [at: number, node: ObservedNode])[]): ReadonlyMap<string, Exhausted> {
  return looks.reduce<ReadonlyMap<string, Exhausted>>((known, [at, one]) => foldExhausted(known, [one], at), new Map());
}

describe('exhaustion', () => {
  it('has a row for every path of the composed tree, and no row for a path that is in none', () => {
    const paths = composedPaths();
    expect(paths).to.include.members(['vigil', 'journal', 'watchdog', 'executor/GPSUSDT', 'generator/trend-24h']);
    expect(paths.filter((path) => rowOf(path) === undefined)).to.deep.equal([]);
    expect(EXHAUSTION.filter((row) => !paths.some((path) => rowOf(path) === row)).map((row) => row.path)).to.deep.equal([]);
  });

  it('of one executor closes its symbol, of generators only alerts, of governor, gateway or journal lowers everything (architecture)', () => {
    expect(rowOf('executor/币安人生USDT')?.consequence).to.equal('symbol-reducing');
    expect(rowOf('generator/trend-24h')?.consequence).to.equal('alert');
    for (const path of ['governor', 'gateway', 'journal']) expect(rowOf(path)?.consequence, path).to.equal('reducing');
  });

  it('makes a cause of each path that lowers, with its symbol and its reason', () => {
    const spent = (path: string) => [path, { path, running: undefined }] as const;
    const causes = causesOf(new Map([spent('executor/币安人生USDT'), spent('generator/trend-24h'), spent('gateway')]));
    expect(causes.map(({ key, symbol }) => [key, symbol])).to.deep.equal([['executor/币安人生USDT', '币安人生USDT'], ['gateway', undefined]]);
    expect(causes[1]?.reason).to.match(/gateway has spent its restart budget: nothing reaches the exchange/);
    expect(causesOf(new Map([spent('somebody-new')]))[0], 'what is in no table is not fine').to.deep.include({ symbol: undefined });
  });

  it('begins with a budget beyond its limit and nobody running, and not before', () => {
    expect([...after([0, node('gateway', 'restarting', 5)]).keys()]).to.deep.equal([]);
    expect([...after([0, node('gateway', 'running', 6)]).keys()]).to.deep.equal([]);
    expect([...after([0, node('gateway', 'restarting', 6)]).keys()]).to.deep.equal(['gateway']);
  });

  it('lasts over slow retries that die again, and ends when one incarnation has run for a minute', () => {
    const spent = [0, node('gateway', 'restarting', 6)] as const;
    const back = [30_000, node('gateway', 'running', 6, 2)] as const;
    expect(after(spent, back, [89_999, node('gateway', 'running', 1, 2)]).has('gateway')).to.equal(true);
    expect(after(spent, back, [90_000, node('gateway', 'running', 1, 2)]).has('gateway')).to.equal(false);
    // Died and came back between two looks: the budget's window has passed, and it is another incarnation.
    expect(after(spent, back, [90_000, node('gateway', 'running', 1, 3)]).has('gateway')).to.equal(true);
    expect(after(spent, back, [60_000, node('gateway', 'restarting', 1, 3)], [90_000, node('gateway', 'running', 1, 3)]).has('gateway')).to.equal(true);
  });

  it('forgets a path that is no longer in the tree', () => {
    expect(foldExhausted(after([0, node('executor/A', 'restarting', 6)]), [], 1).size).to.equal(0);
  });
});

describe('the gateway away', () => {
  const looks = (...all: readonly (readonly [at: number, node: ObservedNode])[]) => all.reduce((known, [at, one]) => foldGateway(known, one, at), foldGateway({ awaySince: undefined, steady: undefined }, node('gateway', 'restarting'), 0)).awaySince;

  it('counts from when it was last there, over retries that live only seconds', () => {
    expect(looks([30_000, node('gateway', 'running', 6, 2)], [31_000, node('gateway', 'restarting', 6, 2)], [GATEWAY_AWAY_MS, node('gateway', 'restarting', 6, 2)])).to.equal(0);
  });

  it('is over when one incarnation has run for ten seconds', () => {
    expect(looks([1_000, node('gateway', 'running', 1, 2)], [10_999, node('gateway', 'running', 1, 2)])).to.equal(0);
    expect(looks([1_000, node('gateway', 'running', 1, 2)], [11_000, node('gateway', 'running', 1, 2)])).to.equal(undefined);
  });

  it('is not meant when an operator has suspended it', () => {
    expect(looks([1_000, node('gateway', 'suspended')])).to.equal(undefined);
  });
});
