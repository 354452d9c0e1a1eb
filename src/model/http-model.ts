/** The model server over HTTP: one POST a question; what it answers is read up to a bound, and anything but 200 and JSON is an error with a reason. */
import type { Model } from './port.ts';

/** An answer is a line of JSON; more is a page, or a mistake. */
const ANSWER_BYTES = 65_536;
const SHOWN_CHARACTERS = 80;

/** @param url `http:` or `https:`, where questions are posted. */
export function httpModel(url: string): Model {
  return {
    async ask(body, signal) {
      const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', accept: 'application/json' }, body, signal, redirect: 'error' }).catch((error: unknown) => {
        // fetch says "fetch failed", and the reason is its cause.
        throw new Error(`the model server cannot be reached: ${reasonOf(error)}`, { cause: error });
      });
      const answer = await readBounded(response);
      if (response.status !== 200) throw new Error(`the model server answered ${response.status} ${response.statusText}: ${shown(answer)}`);
      try {
        return JSON.parse(answer) as unknown;
      } catch (error) {
        throw new Error(`the model server did not answer JSON: ${shown(answer)}`, { cause: error });
      }
    },
  };
}

async function readBounded(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    // Leaving the loop cancels the body.
    if (bytes > ANSWER_BYTES) throw new Error(`the model server's answer is longer than ${ANSWER_BYTES} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function reasonOf(error: unknown): string {
  const { cause } = error as { readonly cause?: unknown };
  if (cause instanceof Error) return cause.message === '' && 'code' in cause ? String(cause.code) : cause.message;
  return error instanceof Error ? error.message : String(error);
}

function shown(answer: string): string {
  const line = JSON.stringify(answer.trim());
  return line.length > SHOWN_CHARACTERS ? `${line.slice(0, SHOWN_CHARACTERS)}…` : line;
}
