/** The one event socket of the viewer: connects, resumes after the last id, and says how it stands. */

import { t } from "./words.js";

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 15_000;
/** A connection that lasted this long counts as good: the next delay starts small again. */
const GOOD_AFTER_MS = 10_000;
const TOO_SLOW = 4008;

export class Feed {
  #api;
  #handlers;
  #socket = null;
  #timer = 0;
  #failures = 0;
  #openedAt = 0;
  #last = null;
  /** When a connection that had been open was lost: { at, since }, until it is back. */
  #away = null;
  /** Counts connections that were begun or given up, so that one that is still asking for its token notices. */
  #attempt = 0;

  /**
   * @param api whose credentials are used
   * @param handlers onEvent(event); onLink({state, retryAt, why}); onOpen(away), where `away` is null at first and otherwise
   *   { forMs, since, resumed } of the time without a connection: `since` is the time of the last event before it, by the
   *   service's clock; unless `resumed` there was none, and what came meanwhile does not follow
   */
  constructor(api, handlers) {
    this.#api = api;
    this.#handlers = handlers;
    addEventListener("online", () => this.#hurry());
    document.addEventListener("visibilitychange", () => document.hidden || this.#hurry());
  }

  /** Connect now, replacing what there was. */
  async connect() {
    this.close();
    this.#link("connecting");
    const attempt = this.#attempt;
    let token;
    try {
      token = await this.#api.eventToken();
    } catch (problem) {
      if (attempt === this.#attempt) this.#closed({ code: 0, reason: problem.message });
      return;
    }
    if (attempt === this.#attempt) this.#open(token);
  }

  #open(token) {
    const address = new URL("/v1/events", location.href);
    address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    if (token) address.searchParams.set("token", token);
    if (this.#last) address.searchParams.set("since", this.#last.id);
    const resumed = this.#last !== null;
    const socket = new WebSocket(address, "cloudevents.json");
    this.#socket = socket;
    socket.onopen = () => {
      this.#openedAt = performance.now();
      this.#link("open");
      const away = this.#away;
      this.#away = null;
      this.#handlers.onOpen(away && { forMs: performance.now() - away.at, since: away.since, resumed });
    };
    socket.onmessage = (message) => this.#receive(message.data);
    socket.onclose = (event) => this.#closed(event);
  }

  close() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#attempt += 1;
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(1000);
  }

  #receive(text) {
    let event;
    try {
      event = JSON.parse(text);
    } catch {
      return;
    }
    if (!event || typeof event.type !== "string") return;
    // A gap has an id too: to resume after it misses nothing that is still kept.
    if (event.id) this.#last = { id: event.id, time: event.time };
    this.#handlers.onEvent(event);
  }

  #closed(event) {
    this.#socket = null;
    const lasted = this.#openedAt ? performance.now() - this.#openedAt : 0;
    if (lasted > GOOD_AFTER_MS) this.#failures = 0;
    if (this.#openedAt) this.#away ??= { at: performance.now(), since: this.#last?.time ?? null };
    this.#openedAt = 0;
    const exponential = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** this.#failures);
    this.#failures += 1;
    // Spread, so that fifty pages do not all come back in the same instant.
    const delay = event.code === TOO_SLOW ? FIRST_DELAY_MS : exponential * (0.5 + Math.random() / 2);
    this.#link("waiting", { retryAt: Date.now() + delay, why: reason(event) });
    this.#timer = setTimeout(() => this.connect(), delay);
  }

  #hurry() {
    if (this.#timer) this.connect();
  }

  #link(state, more = {}) {
    this.#handlers.onLink({ state, ...more });
  }
}

function reason(event) {
  if (event.code === TOO_SLOW) return t("link.tooSlow");
  if (event.code === 1001) return t("link.stopping");
  if (event.code === 1008) return t("link.renew");
  return event.reason || t("link.lost");
}
