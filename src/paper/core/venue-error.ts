/** Every refusal of the venue has its documented code, its text and its HTTP status, and is listed here. */

/** code, text with `%s` for what is filled in, HTTP status where it is not 400. Source: reference/binance-wire.md b.4. */
const catalogue = {
  UNKNOWN: [-1000, 'An unknown error occured while processing the request.', 500],
  TOO_MANY_REQUESTS: [-1003, 'Too many requests; current limit of IP(%s) is %s requests per minute. Please use the websocket for live updates to avoid polling the API.', 429],
  BANNED: [-1003, 'Way too many requests; IP(%s) banned until %s. Please use the websocket for live updates to avoid bans.', 418],
  TOO_MANY_ORDERS: [-1015, 'Too many new orders; current limit is %s orders per %s.', 429],
  TIMESTAMP_LATE: [-1021, 'Timestamp for this request is outside of the recvWindow.'],
  TIMESTAMP_AHEAD: [-1021, "Timestamp for this request was 1000ms ahead of the server's time."],
  INVALID_SIGNATURE: [-1022, 'Signature for this request is not valid.'],
  ILLEGAL_CHARS: [-1100, "Illegal characters found in parameter '%s'."],
  BODY_TOO_LARGE: [-1101, 'Too many parameters sent for this endpoint.', 413],
  DUPLICATE_PARAMETER: [-1101, 'Duplicate values for a parameter detected.'],
  MANDATORY: [-1102, "Mandatory parameter '%s' was not sent, was empty/null, or malformed."],
  MANDATORY_EITHER: [-1102, "Param '%s' or '%s' must be sent, but both were empty/null!"],
  NOT_REQUIRED: [-1106, "Parameter '%s' sent when not required."],
  PRECISION: [-1111, 'Precision is over the maximum defined for this asset.'],
  BAD_TIME_IN_FORCE: [-1115, 'Invalid timeInForce.'],
  BAD_ORDER_TYPE: [-1116, 'Invalid orderType.'],
  BAD_SIDE: [-1117, 'Invalid side.'],
  BAD_INTERVAL: [-1120, 'Invalid interval.'],
  BAD_SYMBOL: [-1121, 'Invalid symbol.'],
  BAD_LISTEN_KEY: [-1125, 'This listenKey does not exist. Please use POST /fapi/v1/listenKey to recreate listenKey'],
  BAD_COMBINATION: [-1128, 'Combination of optional parameters invalid.'],
  BAD_PARAMETER: [-1130, "Data sent for parameter '%s' is not valid."],
  BAD_RECV_WINDOW: [-1131, 'recvWindow must be less than 60000'],
  CANCEL_REJECTED: [-2011, 'Unknown order sent.'],
  NO_SUCH_ORDER: [-2013, 'Order does not exist.'],
  BAD_KEY_FORMAT: [-2014, 'API-key format invalid.', 401],
  BAD_KEY: [-2015, 'Invalid API-key, IP, or permissions for action.', 401],
  MARGIN_INSUFFICIENT: [-2019, 'Margin is insufficient.'],
  WOULD_TRIGGER: [-2021, 'Order would immediately trigger.'],
  REDUCE_ONLY_REJECTED: [-2022, 'ReduceOnly Order is rejected.'],
  MAX_OPEN_ORDERS: [-2025, 'Reach max open order limit.'],
  MAX_POSITION: [-2027, 'Exceeded the maximum allowable position at current leverage.'],
  PRICE_NOT_POSITIVE: [-4001, 'Price less than 0.'],
  PRICE_ABOVE_MAX: [-4002, 'Price greater than max price.'],
  QUANTITY_NOT_POSITIVE: [-4003, 'Quantity less than zero.'],
  QUANTITY_BELOW_MIN: [-4004, 'Quantity less than min quantity.'],
  QUANTITY_ABOVE_MAX: [-4005, 'Quantity greater than max quantity.'],
  PRICE_BELOW_MIN: [-4013, 'Price less than min price.'],
  PRICE_OFF_TICK: [-4014, 'Price not increased by tick size.'],
  BAD_CLIENT_ID: [-4015, 'Client order id is not valid.'],
  LONG_CLIENT_ID: [-4015, 'Client order id length should not be more than 36 chars'],
  PRICE_ABOVE_CAP: [-4016, "Limit price can't be higher than %s."],
  QUANTITY_OFF_STEP: [-4023, 'Qty not increased by step size.'],
  PRICE_BELOW_FLOOR: [-4024, "Limit price can't be lower than %s."],
  BAD_LEVERAGE: [-4028, 'Leverage %s is not valid'],
  MAX_ALGO_ORDERS: [-4045, 'Reach max stop order limit.'],
  SAME_MARGIN_TYPE: [-4046, 'No need to change margin type.'],
  MARGIN_TYPE_OPEN_ORDERS: [-4047, 'Margin type cannot be changed if there exists open orders.'],
  MARGIN_TYPE_POSITION: [-4048, 'Margin type cannot be changed if there exists position.'],
  SAME_POSITION_SIDE: [-4059, 'No need to change position side.'],
  POSITION_SIDE_MISMATCH: [-4061, "Order's position side does not match user's setting."],
  POSITION_SIDE_OPEN_ORDERS: [-4067, 'Position side cannot be changed if there exists open orders.'],
  POSITION_SIDE_POSITION: [-4068, 'Position side cannot be changed if there exists position.'],
  BAD_CONTRACT_TYPE: [-4104, 'Invalid contract type'],
  DUPLICATE_CLIENT_ID: [-4116, 'clientOrderId is duplicated'],
  BATCH_SIZE: [-4082, 'Invalid number of batch place orders.'],
  USE_ALGO_ENDPOINT: [-4120, 'Order type not supported for this endpoint. Please use the Algo Order API endpoints instead.'],
  CLOSE_POSITION_EXISTS: [-4130, 'An open stop or take profit order with GTE and closePosition in the direction is existing.'],
  QUANTITY_WITH_CLOSE_POSITION: [-4137, 'Quantity must be zero with closePosition equals true'],
  NOT_OPENABLE: [-4140, 'Invalid symbol status for opening position'],
  SYMBOL_CLOSED: [-4141, 'Symbol is closed.'],
  BAD_PAIR: [-4144, 'Invalid pair'],
  CROSS_BALANCE: [-4050, 'Cross balance insufficient.'],
  ISOLATED_BALANCE: [-4051, 'Isolated balance insufficient.'],
  MARGIN_OF_CROSSED: [-4049, 'Add margin only support for isolated position.'],
  MARGIN_OF_NOTHING: [-4054, 'Cannot add position margin: position is 0.'],
  AMOUNT_NOT_POSITIVE: [-4055, 'Amount must be positive.'],
  BAD_KEY_TYPE: [-4056, 'Invalid api key type.'],
  LEVERAGE_REDUCTION: [-4161, 'Leverage reduction is not supported in Isolated Margin Mode with open positions'],
  MIN_NOTIONAL: [-4164, "Order's notional must be no smaller than %s (unless you choose reduce only)"],
  LONG_INTERVAL: [-4165, 'Maximum time interval is %s days'],
  SAME_MULTI_ASSETS: [-4171, 'Adjusted asset mode is currently set and does not need to be adjusted repeatedly.'],
  UNKNOWN_PATH: [-5000, 'Path %s, Method %s is invalid', 404],
  AMEND_NOT_TRADING: [-5024, 'Symbol is not in trading status. Order amendment is not permitted.'],
  AMEND_TOO_OFTEN: [-5026, 'Exceed maximum modify order limit.'],
  AMEND_NOTHING: [-5027, 'No need to modify the order.'],
  AMEND_MIN_NOTIONAL: [-5029, "Order's notional must be no smaller than %s"],
  BAD_GOOD_TILL_DATE: [-5040, 'The goodTillDate timestamp must be greater than the current time plus 600 seconds and smaller than 253402300799000 (UTC 9999-12-31 23:59:59)'],
  FOK_REJECTED: [-5021, 'Due to the order could not be filled immediately, the FOK order has been rejected. The order will not be recorded in the order history'],
  GTX_REJECTED: [-5022, 'Due to the order could not be executed as maker, the Post Only order will be rejected. The order will not be recorded in the order history'],
} as const satisfies Record<string, readonly [number, string, number?]>;

export type Refusal = keyof typeof catalogue;

/** What there is to refuse with: for documents, and for the test that each is reached by a request. */
export const REFUSALS: readonly { readonly refusal: Refusal; readonly code: number; readonly text: string; readonly status: number }[] = Object.entries(catalogue).map(([refusal, [code, text, status = 400]]: [string, readonly [number, string, number?]]) => ({ refusal: refusal as Refusal, code, text, status }));

/** A refusal on its way to the client: `{"code", "msg"}` with `status`. Nothing has changed when it is thrown. */
export class VenueError extends Error {
  readonly refusal: Refusal;
  readonly code: number;
  readonly status: number;

  constructor(refusal: Refusal, ...details: readonly string[]) {
    const [code, text, status] = catalogue[refusal] as readonly [number, string, number?];
    let next = 0;
    super(text.replaceAll('%s', () => details[next++] ?? ''));
    this.refusal = refusal;
    this.code = code;
    this.status = status ?? 400;
  }
}
