/** A refusal is asserted by its code and by the words that help the operator, not by "it threw". */
import { expect } from 'chai';
import { type ErrorCode, VigilError } from '../../src/protocol/errors.ts';

/** Awaits the rejection of `promise`, and returns it when it has the code and every text in its message. */
export async function refused(promise: Promise<unknown>, code: ErrorCode, ...texts: string[]): Promise<VigilError> {
  const outcome = await promise.then(
    () => 'it was accepted',
    (error: unknown) => error,
  );
  if (!(outcome instanceof VigilError)) throw new Error(`expected ${code}, but ${String(outcome)}`);
  expect(outcome.code, outcome.message).to.equal(code);
  for (const text of texts) expect(outcome.message).to.include(text);
  return outcome;
}

/** The same for a call that throws at once. */
export function refusedNow(call: () => unknown, code: ErrorCode, ...texts: string[]): Promise<VigilError> {
  return refused(Promise.try(call), code, ...texts);
}
