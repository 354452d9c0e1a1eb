/** GET /v1/help is the table of endpoints itself, so it cannot be out of date. */
import type { Endpoint } from '../endpoint.ts';
import { reading } from '../endpoint.ts';

export function helpEndpoint(others: readonly Endpoint[]): Endpoint {
  const help: Endpoint = reading('/v1/help', 'This table.', () => ({ endpoints: [help, ...others].map(row) }));
  return help;
}

function row({ method, path, does, query, body }: Endpoint) {
  return { method, path: path.replace('*', 'PATH'), does, ...(query === undefined ? {} : { query }), ...(body === undefined ? {} : { body }) };
}
