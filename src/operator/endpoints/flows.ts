/** GET /v1/flows and /v1/alerts: what each edge of the pipeline should carry and does, and what stands wrong, as the watchdog knows it. */
import type { Endpoint } from '../endpoint.ts';
import { reading } from '../endpoint.ts';
import { askKnown, valueOf } from '../known.ts';
import type { OperatorOptions } from '../options.ts';

export function flowEndpoints({ system, refs }: OperatorOptions): readonly Endpoint[] {
  return [
    reading('/v1/flows', 'Each flow contract: what an edge must carry, when it last did, outcomes by code, whether it is broken.', async () => valueOf(await askKnown(system, refs.watchdog, { type: 'get-flows' }))),
    reading('/v1/alerts', 'What stands wrong now: name, since when, and what it is.', async () => valueOf(await askKnown(system, refs.watchdog, { type: 'get-alerts' }))),
  ];
}
