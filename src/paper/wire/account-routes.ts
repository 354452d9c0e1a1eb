/** The account: balances, positions, settings, and the modes that this venue keeps as they are. */
import { text } from '../../protocol/decimal.ts';
import { BRACKETS, maxNotionalAt } from '../core/brackets.ts';
import { MAKER_FEE, TAKER_FEE } from '../core/ledger.ts';
import { accountMargin } from '../core/margin.ts';
import { marginTypeSchema } from '../core/model.ts';
import { VenueError, type Refusal } from '../core/venue-error.ts';
import { symbolOf } from './order-request.ts';
import { incomeHistory } from './income.ts';
import { accountPositionV2, accountPositionV3, accountTotals, assetRow, balanceRow, everyPosition, positionRiskV2, positionRiskV3, symbolConfigRow } from './position-shapes.ts';
import { rateLimitRows } from './public-routes.ts';
import { done, type PrivateCall, type Route } from './route.ts';

const MODE = { feeTier: 0, canTrade: true, canDeposit: true, canWithdraw: true };

function symbolOrNull(call: PrivateCall): string | null {
  return call.params.text('symbol') === null ? null : symbolOf(call);
}

function accountV3({ venue, own }: PrivateCall): unknown {
  const margin = accountMargin(venue.state, own);
  return { ...accountTotals(margin), assets: [assetRow(own, margin)], positions: margin.positions.map(accountPositionV3) };
}

function accountV2({ venue, own }: PrivateCall): unknown {
  const margin = accountMargin(venue.state, own);
  return {
    ...MODE,
    feeBurn: false,
    tradeGroupId: -1,
    updateTime: 0,
    multiAssetsMargin: false,
    ...accountTotals(margin),
    assets: [{ ...assetRow(own, margin), marginAvailable: true }],
    positions: everyPosition(venue.state, own, margin).map(accountPositionV2),
  };
}

function positionsV2(call: PrivateCall): unknown {
  const symbol = symbolOrNull(call);
  const rows = everyPosition(call.venue.state, call.own, accountMargin(call.venue.state, call.own));
  return rows.filter((row) => symbol === null || row.position.symbol === symbol).map(positionRiskV2);
}

function positionsV3(call: PrivateCall): unknown {
  const symbol = symbolOrNull(call);
  const { positions } = accountMargin(call.venue.state, call.own);
  return positions.filter((row) => symbol === null || row.position.symbol === symbol).map(positionRiskV3);
}

function leverageBracket(call: PrivateCall): unknown {
  const symbol = symbolOrNull(call);
  const brackets = BRACKETS.map((bracket) => ({ ...bracket, maintMarginRatio: bracket.maintMarginRatio.toNumber(), cum: bracket.cum.toNumber() }));
  return [...call.venue.state.rules.keys()].filter((name) => symbol === null || name === symbol).map((name) => ({ symbol: name, notionalCoef: 1, brackets }));
}

function setLeverage(call: PrivateCall): unknown {
  const symbol = symbolOf(call);
  const leverage = call.params.requiredWhole('leverage');
  call.venue.execute({ type: 'SetLeverage', account: call.own.account.apiKey, symbol, leverage });
  return { leverage, maxNotionalValue: String(maxNotionalAt(leverage)), symbol };
}

function setMarginType(call: PrivateCall): unknown {
  const symbol = symbolOf(call);
  const marginType = marginTypeSchema.safeParse(call.params.required('marginType'));
  if (!marginType.success) throw new VenueError('BAD_PARAMETER', 'marginType');
  call.venue.execute({ type: 'SetMarginType', account: call.own.account.apiKey, symbol, marginType: marginType.data });
  return done('success');
}

function setPositionMode(call: PrivateCall): unknown {
  call.params.required('dualSidePosition');
  call.venue.execute({ type: 'SetPositionMode', account: call.own.account.apiKey, dualSide: call.params.flag('dualSidePosition') });
  return done('success');
}

/** A mode that is off here for good: turning it off is needless, turning it on is refused. */
function keepOff(parameter: string, needless: Refusal): (call: PrivateCall) => unknown {
  return ({ params }) => {
    params.required(parameter);
    if (params.flag(parameter)) throw new VenueError('BAD_PARAMETER', parameter);
    throw new VenueError(needless);
  };
}

export const accountRoutes: readonly Route[] = [
  { name: 'GET /fapi/v2/balance', weight: 5, security: 'SIGNED', run: ({ venue, own }) => [balanceRow(venue.state, own)] },
  { name: 'GET /fapi/v3/balance', weight: 5, security: 'SIGNED', run: ({ venue, own }) => [balanceRow(venue.state, own)] },
  { name: 'GET /fapi/v2/account', weight: 5, security: 'SIGNED', run: accountV2 },
  { name: 'GET /fapi/v3/account', weight: 5, security: 'SIGNED', run: accountV3 },
  { name: 'GET /fapi/v1/accountConfig', weight: 5, security: 'SIGNED', run: ({ own }) => ({ ...MODE, dualSidePosition: own.account.dualSide, updateTime: 0, multiAssetsMargin: false, tradeGroupId: -1 }) },
  {
    name: 'GET /fapi/v1/symbolConfig',
    weight: 5,
    security: 'SIGNED',
    run(call) {
      const symbol = symbolOrNull(call);
      return [...call.venue.state.rules.keys()].filter((name) => symbol === null || name === symbol).map((name) => symbolConfigRow(call.own, name));
    },
  },
  {
    name: 'GET /fapi/v1/commissionRate',
    weight: 20,
    security: 'SIGNED',
    run: (call) => ({ symbol: symbolOf(call), makerCommissionRate: text(MAKER_FEE), takerCommissionRate: text(TAKER_FEE), rpiCommissionRate: '0' }),
  },
  { name: 'GET /fapi/v1/leverageBracket', weight: 1, security: 'SIGNED', run: leverageBracket },
  { name: 'GET /fapi/v2/positionRisk', weight: 5, security: 'SIGNED', run: positionsV2 },
  { name: 'GET /fapi/v3/positionRisk', weight: 5, security: 'SIGNED', run: positionsV3 },
  { name: 'GET /fapi/v1/positionSide/dual', weight: 30, security: 'SIGNED', run: ({ own }) => ({ dualSidePosition: own.account.dualSide }) },
  { name: 'POST /fapi/v1/positionSide/dual', weight: 1, security: 'SIGNED', run: setPositionMode },
  { name: 'GET /fapi/v1/multiAssetsMargin', weight: 30, security: 'SIGNED', run: () => ({ multiAssetsMargin: false }) },
  { name: 'POST /fapi/v1/multiAssetsMargin', weight: 1, security: 'SIGNED', run: keepOff('multiAssetsMargin', 'SAME_MULTI_ASSETS') },
  { name: 'GET /fapi/v1/feeBurn', weight: 30, security: 'SIGNED', run: () => ({ feeBurn: false }) },
  { name: 'POST /fapi/v1/leverage', weight: 1, security: 'SIGNED', run: setLeverage },
  { name: 'POST /fapi/v1/marginType', weight: 1, security: 'SIGNED', run: setMarginType },
  { name: 'GET /fapi/v1/income', weight: 30, security: 'SIGNED', run: incomeHistory },
  { name: 'GET /fapi/v1/rateLimit/order', weight: 1, security: 'SIGNED', run: () => rateLimitRows().filter((row) => row['rateLimitType'] === 'ORDERS') },
  { name: 'POST /fapi/v1/listenKey', weight: 1, security: 'KEY', run: ({ venue, own, now }) => ({ listenKey: venue.listenKeys.open(own.account.apiKey, now) }) },
  { name: 'PUT /fapi/v1/listenKey', weight: 1, security: 'KEY', run: ({ venue, own, now }) => ({ listenKey: venue.listenKeys.extend(own.account.apiKey, now) }) },
  {
    name: 'DELETE /fapi/v1/listenKey',
    weight: 1,
    security: 'KEY',
    run({ venue, own }) {
      venue.listenKeys.close(own.account.apiKey);
      return {};
    },
  },
];
