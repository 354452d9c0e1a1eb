/** The exchange without a wire, a clock or a disk: a command in, events out; the same commands give the same events. */
import { ZERO, type Decimal } from '../../protocol/decimal.ts';
import { cancelAlgo, cancelAllAlgos, placeAlgo, triggerAlgos, type AlgoName, type AlgoRequest } from './algos.ts';
import { amendOrder, type Amendment } from './amendments.ts';
import type { MarketView } from './book.ts';
import type { ExchangeEvent } from './events.ts';
import { settleFunding, type FundingSettlement } from './funding.ts';
import { checkMargin, deleverage } from './liquidation.ts';
import { closeSettled, dropStops, setSymbolStatus } from './delisting.ts';
import { pruneHistory } from './history.ts';
import { isTrading } from './listing.ts';
import { Turn } from './turn.ts';
import { fillMakers } from './matching.ts';
import type { MarginType, PositionSide, SymbolStatus } from './model.ts';
import { cancelAllOrders, cancelOrder, expireDue, type OrderName } from './cancel.ts';
import type { OrderRequest } from './order-checks.ts';
import { placeOrder } from './orders.ts';
import { movePositionMargin, setLeverage, setMarginType, setPositionMode } from './settings.ts';
import type { AccountState, ExchangeState } from './state.ts';

/** What customers and the market do to the exchange. `account` is an API key that exists. */
export type Command =
  | { readonly type: 'OpenAccount'; readonly apiKey: string; readonly apiSecret: string; readonly deposit: Decimal }
  | { readonly type: 'MoveMarket'; readonly view: MarketView }
  | ({ readonly type: 'SettleFunding' } & FundingSettlement)
  | { readonly type: 'SetSymbolStatus'; readonly symbol: string; readonly status: SymbolStatus }
  | { readonly type: 'DropStops'; readonly symbol: string }
  | { readonly type: 'PlaceOrder'; readonly account: string; readonly request: OrderRequest }
  | { readonly type: 'CancelOrder'; readonly account: string; readonly name: OrderName }
  | { readonly type: 'CancelAllOrders'; readonly account: string; readonly symbol: string }
  | { readonly type: 'PlaceAlgo'; readonly account: string; readonly request: AlgoRequest }
  | { readonly type: 'CancelAlgo'; readonly account: string; readonly name: AlgoName }
  | { readonly type: 'CancelAllAlgos'; readonly account: string; readonly symbol: string }
  | { readonly type: 'SetLeverage'; readonly account: string; readonly symbol: string; readonly leverage: number }
  | { readonly type: 'SetMarginType'; readonly account: string; readonly symbol: string; readonly marginType: MarginType }
  | { readonly type: 'SetPositionMode'; readonly account: string; readonly dualSide: boolean }
  /** Only the time has passed. */
  | { readonly type: 'PassTime' }
  /** `most`: closed rows of each kind that an account may keep. */
  | { readonly type: 'PruneHistory'; readonly most: number }
  | { readonly type: 'AmendOrder'; readonly account: string; readonly amendment: Amendment }
  /** Into the isolated leg when positive. */
  | { readonly type: 'MovePositionMargin'; readonly account: string; readonly symbol: string; readonly positionSide: PositionSide; readonly amount: Decimal }
  /** `quantity` null: the whole leg. */
  | { readonly type: 'Deleverage'; readonly account: string; readonly symbol: string; readonly positionSide: PositionSide; readonly quantity: Decimal | null };

export interface Outcome {
  readonly events: readonly ExchangeEvent[];
  /** The order or algo order that the command placed or cancelled. */
  readonly id: number | null;
}

function moveMarket(turn: Turn, view: MarketView): void {
  if (!turn.state.rules.has(view.symbol)) throw new Error(`no rules for ${view.symbol}`);
  const market = { view, sides: new Map() };
  turn.state.markets.set(view.symbol, market);
  if (!isTrading(turn.state, view.symbol)) return;
  for (const own of turn.state.accounts.values()) {
    fillMakers(turn, own, market);
    checkMargin(turn, own, view.symbol);
    triggerAlgos(turn, own, view);
  }
}

function perform(turn: Turn, own: AccountState, command: Exclude<Command, { type: 'OpenAccount' | 'MoveMarket' | 'PassTime' | 'PruneHistory' | 'SettleFunding' | 'SetSymbolStatus' | 'DropStops' }>): number | null {
  switch (command.type) {
    case 'PlaceOrder':
      return placeOrder(turn, own, command.request, null);
    case 'CancelOrder':
      return cancelOrder(turn, own, command.name);
    case 'CancelAllOrders':
      cancelAllOrders(turn, own, command.symbol);
      return null;
    case 'PlaceAlgo':
      return placeAlgo(turn, own, command.request);
    case 'CancelAlgo':
      return cancelAlgo(turn, own, command.name);
    case 'CancelAllAlgos':
      cancelAllAlgos(turn, own, command.symbol);
      return null;
    case 'SetLeverage':
      setLeverage(turn, own, command.symbol, command.leverage);
      return null;
    case 'SetMarginType':
      setMarginType(turn, own, command.symbol, command.marginType);
      return null;
    case 'AmendOrder':
      return amendOrder(turn, own, command.amendment);
    case 'MovePositionMargin':
      movePositionMargin(turn, own, command.symbol, command.positionSide, command.amount);
      return null;
    case 'Deleverage':
      return deleverage(turn, own, command.symbol, command.positionSide, command.quantity);
    case 'SetPositionMode':
      setPositionMode(turn, own, command.dualSide);
      return null;
  }
}

/**
 * Carries out one command on `state`, which afterwards is as the events say.
 * @param now server time, ms.
 * @throws VenueError when the venue refuses; then nothing has changed.
 */
export function execute(state: ExchangeState, command: Command, now: number): Outcome {
  const turn = new Turn(state, now);
  let id: number | null = null;
  if (command.type === 'MoveMarket') {
    moveMarket(turn, command.view);
  } else if (command.type === 'PassTime') {
    for (const own of state.accounts.values()) expireDue(turn, own);
    closeSettled(turn);
  } else if (command.type === 'PruneHistory') {
    pruneHistory(turn, command.most);
  } else if (command.type === 'SettleFunding') {
    settleFunding(turn, command);
  } else if (command.type === 'SetSymbolStatus') {
    setSymbolStatus(turn, command.symbol, command.status);
  } else if (command.type === 'DropStops') {
    dropStops(turn, command.symbol);
  } else if (command.type === 'OpenAccount') {
    const { apiKey, apiSecret, deposit } = command;
    if (state.accounts.has(apiKey)) throw new Error(`account ${apiKey} exists`);
    turn.emit({ type: 'AccountOpened', time: now, account: { apiKey, apiSecret, wallet: deposit, deposit, forgotten: ZERO, dualSide: false, openedAt: now, updateTime: now } });
  } else {
    const own = state.accounts.get(command.account);
    if (!own) throw new Error(`no account ${command.account}`);
    id = perform(turn, own, command);
  }
  return { events: turn.events, id };
}
