/** What `vigil paper --help` says below its options: how a stranger's bot runs against it in five minutes. */
export const PAPER_HELP = `
A Binance USDⓈ-M futures venue on this machine. Point a client at it and leave everything else as it is:

  REST      http://127.0.0.1:8480           instead of https://fapi.binance.com
  streams   ws://127.0.0.1:8480/market      marks, candles, tickers, trades
            ws://127.0.0.1:8480/public      book tickers, depth
            ws://127.0.0.1:8480/private     user stream, by listen key
  orders    ws://127.0.0.1:8480/ws-fapi/v1  the WebSocket API
  API key   paper                           secret paper, HMAC-SHA256 as ever

A price, a signed order, and what became of it:

  curl 'http://127.0.0.1:8480/fapi/v1/ticker/price?symbol=HYPEUSDT'
  q="symbol=HYPEUSDT&side=BUY&type=MARKET&quantity=1&timestamp=$(date +%s)000"
  curl -X POST -H 'X-MBX-APIKEY: paper' "http://127.0.0.1:8480/fapi/v1/order?$q&signature=$(printf %s "$q" | openssl dgst -sha256 -hmac paper | sed 's/.* //')"
  curl http://127.0.0.1:8480/paper/v1/truth

The market goes where it is sent, and the next order is lost on its way back:

  curl -X POST http://127.0.0.1:8480/paper/v1/price -d '{"symbol":"HYPEUSDT","price":"40"}'
  curl -X POST http://127.0.0.1:8480/paper/v1/faults -d '{"match":{"method":"POST","path":"/fapi/v1/order"},"action":"drop-response","times":1}'

docs/paper-exchange.md: each endpoint and stream, control, faults, and examples for client libraries.
`;
