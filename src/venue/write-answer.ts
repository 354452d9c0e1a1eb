/** What a good answer to a write proves: no more than it says, and `unknown` as soon as it says something else than what was asked. */
import { z } from 'zod';
import type { VenueWrite, WriteOutcome } from '../protocol/venue.ts';
import { decimalField, idField, parseAnswer } from './parse-fields.ts';
import { algoStatusField, orderStatusField } from './parse-orders.ts';

const orderAnswer = z.object({ clientOrderId: z.string(), orderId: idField, status: orderStatusField, executedQty: decimalField });
const algoAnswer = z.object({ clientAlgoId: z.string(), algoId: idField, algoStatus: algoStatusField });
/** `code` is the text "200". */
const algoCancelAnswer = z.object({ algoId: idField, clientAlgoId: z.string() });
const leverageAnswer = z.object({ symbol: z.string(), leverage: z.int() });
const marginAnswer = z.object({ code: z.literal(200) });

/**
 * The outcome of `write` that got `body` with status 200.
 * @throws VenueError kind `unknown` if the answer is not of the form it must have
 */
export function acceptedOutcome(write: VenueWrite, body: unknown, where: string): WriteOutcome {
  switch (write.kind) {
    case 'OPEN':
    case 'CLOSE': {
      const answer = parseAnswer(orderAnswer, body, where);
      if (answer.clientOrderId !== write.clientId) return foreign(where, 'clientOrderId', answer.clientOrderId, write.clientId);
      return { result: 'accepted', order: { orderId: answer.orderId, status: answer.status, executedQuantity: answer.executedQty } };
    }
    case 'PROTECT': {
      const answer = parseAnswer(algoAnswer, body, where);
      if (answer.clientAlgoId !== write.clientId) return foreign(where, 'clientAlgoId', answer.clientAlgoId, write.clientId);
      // "Accepted" here would be a stop that does not stand: whoever asked must look.
      if (answer.algoStatus === 'REJECTED' || answer.algoStatus === 'EXPIRED' || answer.algoStatus === 'CANCELED') {
        return { result: 'unknown', message: `${where}: 200 with algoStatus ${answer.algoStatus}` };
      }
      return { result: 'accepted', algoId: answer.algoId };
    }
    case 'CANCEL': {
      if (write.of === 'algo') return { result: 'accepted', algoId: parseAnswer(algoCancelAnswer, body, where).algoId };
      const answer = parseAnswer(orderAnswer, body, where);
      return { result: 'accepted', order: { orderId: answer.orderId, status: answer.status, executedQuantity: answer.executedQty } };
    }
    case 'CONFIGURE': {
      if (write.setting === 'marginMode') {
        parseAnswer(marginAnswer, body, where);
        return { result: 'accepted' };
      }
      const answer = parseAnswer(leverageAnswer, body, where);
      if (answer.leverage !== write.leverage) return foreign(where, 'leverage', String(answer.leverage), String(write.leverage));
      return { result: 'accepted' };
    }
  }
}

function foreign(where: string, field: string, said: string, asked: string): WriteOutcome {
  return { result: 'unknown', message: `${where}: ${field} is ${JSON.stringify(said)}, ${JSON.stringify(asked)} was sent` };
}
