/** What the paper exchange counts for a request: its own table, which is held to the venue's documents. */
import { ROUTES } from '../../src/paper/wire/dispatch.ts';
import { Params } from '../../src/paper/wire/params.ts';

/** `GET /fapi/v1/klines?symbol=X&limit=100` → its weight. @throws when there is no such endpoint */
export function weightOf(request: string): number {
  const [name, query = ''] = request.split('?');
  const route = ROUTES.find((one) => one.name === name);
  if (route === undefined) throw new Error(`the paper exchange serves no ${name}`);
  return typeof route.weight === 'number' ? route.weight : route.weight(Params.ofRequest(query, ''));
}
