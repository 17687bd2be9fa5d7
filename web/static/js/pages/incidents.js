/** Incidents: the queue of those to review, any others by filters, and the page of a single one. */

import { One } from "../incidents/one.js";
import { Queue } from "../incidents/queue.js";

export function open(root, context, params, query) {
  return params.id ? new One(root, context, params.id) : new Queue(root, context, query);
}
