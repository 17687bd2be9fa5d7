/** Holds the state: actions go in, listeners hear of it at most once per animation frame. */

import { initial, reduce } from "./state.js";

/** How long events are gathered for one change of the state. */
const GATHER_MS = 100;
/** In a background tab timers may wait a minute: so many events are taken in at once, whatever the timer does. */
const MOST_WAITING = 500;

export class Store {
  #state = initial();
  #listeners = new Set();
  #waiting = [];
  #timer = 0;
  #frame = 0;

  /** Everything that came in so far, waiting events included. */
  get state() {
    this.#takeIn();
    return this.#state;
  }

  dispatch(action) {
    this.#takeIn();
    this.#state = reduce(this.#state, action);
    this.changed();
  }

  /** An event of the socket; gathered with those that come right after it. */
  event(event) {
    this.#waiting.push(event);
    if (this.#waiting.length >= MOST_WAITING) this.#takeIn();
    this.#timer ||= setTimeout(() => this.changed(), GATHER_MS);
  }

  /** `listener(state)` is called once per animation frame in which something changed. Returns how to stop that. */
  subscribe(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Have the listeners called in the next frame. */
  changed() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      const { state } = this;
      for (const listener of [...this.#listeners]) listener(state);
    });
  }

  #takeIn() {
    if (!this.#waiting.length) return;
    const events = this.#waiting;
    this.#waiting = [];
    this.#state = reduce(this.#state, { type: "events", events });
  }
}
