/**
 * Verdicts that were given: each waits a while, in which it can be taken back, and is then sent. One that was sent is taken back
 * by another review, which says what the one before it said: the service keeps all of them and unsets none.
 */

import { Problem } from "../api.js";
import { newer } from "./known.js";

export const HOLD_MS = 6000;
/** Of those that were sent, how many can be taken back one after the other. */
const MOST_SENT = 100;

export class Decisions {
  #api;
  #handlers;
  /** Those that can be taken back, the newest last, and those on their way: { incident, verdict, note, dueAt, timer, credentials }. */
  #waiting = [];
  #sending = new Set();
  /** Those that were sent from this page, the newest last: { incident } as it is since then, { before }, the review that it had. */
  #sent = [];
  #onHide = () => this.flush();

  /** @param handlers onChange(); onSent(incident) as it is now; onTaken(incident): somebody else's review came first;
   *   onFailed(decision, message) */
  constructor(api, handlers) {
    this.#api = api;
    this.#handlers = handlers;
    addEventListener("pagehide", this.#onHide);
  }

  get waiting() {
    return this.#waiting;
  }

  add(incident, verdict, note) {
    this.#drop((decision) => decision.incident.id === incident.id);
    const decision = { incident, verdict, note, dueAt: performance.now() + HOLD_MS, timer: 0, credentials: this.#credentials() };
    decision.timer = setTimeout(() => this.#due(decision), HOLD_MS);
    this.#waiting.push(decision);
    this.#handlers.onChange();
  }

  /** Take back the newest that waits: it, or null. */
  undo() {
    const decision = this.#waiting.at(-1) ?? null;
    if (decision) this.#drop((one) => one === decision);
    if (decision) this.#handlers.onChange();
    return decision;
  }

  /**
   * Take back the newest that was sent: it, or null where none was. Nothing happens where `before` is null, as there is no review
   * that says nothing.
   */
  async revert() {
    await Promise.all([...this.#sending].map((decision) => decision.settled));
    const sent = this.#sent.at(-1) ?? null;
    if (!sent?.before) return sent;
    this.#sent.pop();
    const { verdict, note } = sent.before;
    this.#send({ incident: sent.incident, verdict, note, restores: sent, credentials: this.#credentials() });
    return sent;
  }

  /** What is decided of an incident and not yet known of the service, or null. */
  of(id) {
    return this.#waiting.find((one) => one.incident.id === id) ?? [...this.#sending].find((one) => one.incident.id === id) ?? null;
  }

  /** Send all at once, without a look at what others did: the page goes. */
  flush() {
    const all = this.#drop(() => true);
    for (const decision of [...all, ...this.#sending]) {
      if (decision.posted) continue;
      this.#sending.add(decision);
      this.#settle(decision, this.#post(decision));
    }
  }

  close() {
    removeEventListener("pagehide", this.#onHide);
    this.flush();
  }

  #drop(which) {
    const dropped = this.#waiting.filter(which);
    for (const decision of dropped) clearTimeout(decision.timer);
    this.#waiting = this.#waiting.filter((decision) => !dropped.includes(decision));
    return dropped;
  }

  #due(decision) {
    this.#drop((one) => one === decision);
    this.#send(decision);
  }

  #send(decision) {
    this.#sending.add(decision);
    decision.settled = this.#settle(decision, this.#checked(decision));
    this.#handlers.onChange();
  }

  async #settle(decision, answer) {
    let tell;
    try {
      const incident = await answer;
      tell = () => {
        this.#remember(decision, incident);
        this.#handlers.onSent(incident);
      };
    } catch (problem) {
      tell = () => {
        if (problem instanceof Taken) return this.#handlers.onTaken(problem.incident);
        if (decision.restores) this.#sent.push(decision.restores);
        this.#handlers.onFailed(decision, problem.message);
      };
    }
    if (!this.#sending.delete(decision)) return;
    tell();
    this.#handlers.onChange();
  }

  #remember({ incident, restores }, since) {
    if (!restores) {
      this.#sent.push({ incident: since, before: incident.review });
      if (this.#sent.length > MOST_SENT) this.#sent.shift();
      return;
    }
    // What was restored may be a verdict of this page, which can be taken back in turn.
    for (const sent of this.#sent) {
      if (sent.incident.id === since.id && sent.incident.review.at === restores.before.at) sent.incident = since;
    }
  }

  /** Two people look at one queue: what the other one said meanwhile is not overruled unseen. */
  async #checked(decision) {
    const incident = await this.#api.get(path(decision));
    if (decision.posted) return decision.posted;
    if (newer(decision.incident.review, incident.review)) throw new Taken(incident);
    return this.#post(decision);
  }

  #post(decision) {
    const { verdict, note, credentials } = decision;
    decision.posted = this.#api
      .request(`${path(decision)}/review`, { method: "POST", keepalive: true, body: JSON.stringify({ verdict, note }),
        headers: { "Content-Type": "application/json", ...credentials } })
      .then((response) => response.json());
    return decision.posted;
  }

  /** Who signs out with a verdict waiting gave it all the same. */
  #credentials() {
    return this.#api.token ? { Authorization: `Bearer ${this.#api.token}` } : {};
  }
}

class Taken extends Problem {
  constructor(incident) {
    super(0, "");
    this.incident = incident;
  }
}

const path = ({ incident }) => `/v1/incidents/${encodeURIComponent(incident.id)}`;
