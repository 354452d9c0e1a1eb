/** Positions, balances and account totals as the wire shows them, all from one computation of the margin. */
import { text, ZERO, type Decimal } from '../../protocol/decimal.ts';
import { maxNotionalAt } from '../core/brackets.ts';
import { breakEvenPrice, money } from '../core/ledger.ts';
import { accountMargin, symbolMargin, type AccountMargin, type PositionMargin } from '../core/margin.ts';
import { legsOf, positionKey, settingsOf, type AccountState, type ExchangeState } from '../core/state.ts';

/** Money has eight decimals on the wire. */
export function usdt(value: Decimal): string {
  return money(value).toFixed(8);
}

function isolatedMargin(row: PositionMargin): Decimal {
  return row.settings.marginType === 'ISOLATED' && !row.position.amount.isZero() ? row.position.isolatedWallet.plus(row.unrealised) : ZERO;
}

/** Version 3: symbols with a position or open orders; leverage and margin type are in `symbolConfig`. */
export function positionRiskV3(row: PositionMargin): Record<string, unknown> {
  const { position } = row;
  return {
    symbol: position.symbol,
    positionSide: position.positionSide,
    positionAmt: text(position.amount),
    entryPrice: text(position.entryPrice),
    breakEvenPrice: text(breakEvenPrice(position)),
    markPrice: usdt(row.mark),
    unRealizedProfit: usdt(row.unrealised),
    liquidationPrice: text(row.liquidationPrice.decimalPlaces(8)),
    isolatedMargin: usdt(isolatedMargin(row)),
    notional: usdt(row.notional),
    marginAsset: 'USDT',
    isolatedWallet: usdt(position.isolatedWallet),
    initialMargin: usdt(row.positionInitialMargin.plus(row.openOrderInitialMargin)),
    maintMargin: usdt(row.maintMargin),
    positionInitialMargin: usdt(row.positionInitialMargin),
    openOrderInitialMargin: usdt(row.openOrderInitialMargin),
    adl: position.amount.isZero() ? 0 : 1,
    bidNotional: usdt(row.bidNotional),
    askNotional: usdt(row.askNotional),
    updateTime: position.updateTime,
  };
}

/** Version 2: every symbol, with leverage and margin type. */
export function positionRiskV2(row: PositionMargin): Record<string, unknown> {
  const { position, settings } = row;
  return {
    symbol: position.symbol,
    positionAmt: text(position.amount),
    entryPrice: text(position.entryPrice),
    breakEvenPrice: text(breakEvenPrice(position)),
    markPrice: usdt(row.mark),
    unRealizedProfit: usdt(row.unrealised),
    liquidationPrice: text(row.liquidationPrice.decimalPlaces(8)),
    leverage: String(settings.leverage),
    maxNotionalValue: String(maxNotionalAt(settings.leverage)),
    marginType: settings.marginType === 'ISOLATED' ? 'isolated' : 'cross',
    isolatedMargin: usdt(isolatedMargin(row)),
    isAutoAddMargin: 'false',
    positionSide: position.positionSide,
    notional: usdt(row.notional),
    isolatedWallet: usdt(position.isolatedWallet),
    updateTime: position.updateTime,
  };
}

/** Rows of all symbols, in hedge mode one a leg: those with something in them as the account's margin has them, the others empty. */
export function everyPosition(state: ExchangeState, own: AccountState, margin: AccountMargin): PositionMargin[] {
  const busy = new Map(margin.positions.map((row) => [positionKey(row.position), row]));
  return [...state.rules.keys()].flatMap((symbol) => legsOf(own).map((positionSide) => busy.get(positionKey({ symbol, positionSide })) ?? symbolMargin(state, own, symbol, positionSide)));
}

export function balanceRow(state: ExchangeState, own: AccountState): Record<string, unknown> {
  const margin = accountMargin(state, own);
  return {
    accountAlias: 'SgsR',
    asset: 'USDT',
    balance: usdt(margin.walletBalance),
    crossWalletBalance: usdt(margin.crossWallet),
    crossUnPnl: usdt(margin.crossUnrealised),
    availableBalance: usdt(margin.available),
    maxWithdrawAmount: usdt(margin.available),
    marginAvailable: true,
    updateTime: own.account.updateTime,
  };
}

/** The totals that both versions of the account share. */
export function accountTotals(margin: AccountMargin): Record<string, unknown> {
  return {
    totalInitialMargin: usdt(margin.positionInitialMargin.plus(margin.openOrderInitialMargin)),
    totalMaintMargin: usdt(margin.maintMargin),
    totalWalletBalance: usdt(margin.walletBalance),
    totalUnrealizedProfit: usdt(margin.unrealised),
    totalMarginBalance: usdt(margin.walletBalance.plus(margin.unrealised)),
    totalPositionInitialMargin: usdt(margin.positionInitialMargin),
    totalOpenOrderInitialMargin: usdt(margin.openOrderInitialMargin),
    totalCrossWalletBalance: usdt(margin.crossWallet),
    totalCrossUnPnl: usdt(margin.crossUnrealised),
    availableBalance: usdt(margin.available),
    maxWithdrawAmount: usdt(margin.available),
  };
}

export function assetRow(own: AccountState, margin: AccountMargin): Record<string, unknown> {
  return {
    asset: 'USDT',
    walletBalance: usdt(margin.walletBalance),
    unrealizedProfit: usdt(margin.unrealised),
    marginBalance: usdt(margin.walletBalance.plus(margin.unrealised)),
    maintMargin: usdt(margin.maintMargin),
    initialMargin: usdt(margin.positionInitialMargin.plus(margin.openOrderInitialMargin)),
    positionInitialMargin: usdt(margin.positionInitialMargin),
    openOrderInitialMargin: usdt(margin.openOrderInitialMargin),
    crossWalletBalance: usdt(margin.crossWallet),
    crossUnPnl: usdt(margin.crossUnrealised),
    availableBalance: usdt(margin.available),
    maxWithdrawAmount: usdt(margin.available),
    updateTime: own.account.updateTime,
  };
}

export function accountPositionV3(row: PositionMargin): Record<string, unknown> {
  return {
    symbol: row.position.symbol,
    positionSide: row.position.positionSide,
    positionAmt: text(row.position.amount),
    unrealizedProfit: usdt(row.unrealised),
    isolatedMargin: usdt(isolatedMargin(row)),
    notional: usdt(row.notional),
    isolatedWallet: usdt(row.position.isolatedWallet),
    initialMargin: usdt(row.positionInitialMargin.plus(row.openOrderInitialMargin)),
    maintMargin: usdt(row.maintMargin),
    updateTime: row.position.updateTime,
  };
}

export function accountPositionV2(row: PositionMargin): Record<string, unknown> {
  return {
    ...accountPositionV3(row),
    positionInitialMargin: usdt(row.positionInitialMargin),
    openOrderInitialMargin: usdt(row.openOrderInitialMargin),
    leverage: String(row.settings.leverage),
    isolated: row.settings.marginType === 'ISOLATED',
    entryPrice: text(row.position.entryPrice),
    breakEvenPrice: text(breakEvenPrice(row.position)),
    maxNotional: String(maxNotionalAt(row.settings.leverage)),
    bidNotional: usdt(row.bidNotional),
    askNotional: usdt(row.askNotional),
  };
}

export function symbolConfigRow(own: AccountState, symbol: string): Record<string, unknown> {
  const { leverage, marginType } = settingsOf(own, symbol);
  return { symbol, marginType, isAutoAddMargin: false, leverage, maxNotionalValue: String(maxNotionalAt(leverage)) };
}
