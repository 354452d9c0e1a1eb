/** The model server as it is asked: one question, one answer as it came. Whether the answer is believed is a rule's to say. */

export interface Model {
  /**
   * Posts a body (JSON), and reads the answer as JSON of whatever shape.
   * @param signal aborts when nobody waits any more; the request ends with it.
   * @throws Error that says what came instead: no connection, a status that is not 200, an answer that is not JSON or too long.
   */
  ask(body: string, signal: AbortSignal): Promise<unknown>;
}
