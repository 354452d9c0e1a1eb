/** `/paper/v1/streams`: begins, lists and ends the faults of the streams. */
import { streamFaultSchema, type StreamFaults } from '../streams/stream-faults.ts';
import type { WireAnswer } from '../wire/dispatch.ts';
import { failed, ok, read } from './answers.ts';

/** @param name of the endpoint: `streams`, or `streams/ID`. @throws BadBody */
export function streamFaultAnswer(faults: StreamFaults, method: string, name: string, body: string): WireAnswer {
  const id = name === 'streams' ? null : name.slice('streams/'.length);
  if (id === null && method === 'POST') return ok({ id: faults.begin(read(streamFaultSchema, body)).id });
  if (id === null && method === 'GET') return ok({ streams: faults.list() });
  if (method !== 'DELETE') return failed(404, 'CONTROL_UNKNOWN_PATH', `${method} ${name} is not an endpoint of the paper exchange's control`);
  return faults.end(id) ? ok({}) : failed(404, 'CONTROL_UNKNOWN_FAULT', `no stream fault ${JSON.stringify(id)}: GET streams lists them`);
}
