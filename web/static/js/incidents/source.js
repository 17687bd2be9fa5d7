/** Keeps a list of incidents at what the service says: page by page, by events, and by looking again now and then. */

import { streamOf } from "../state.js";
import { matches, pathOf } from "./filters.js";
import { Known } from "./known.js";

const PAGE = 200;
const LARGE_PAGE = 1000;
/** There is no event for a review: this is how long one of somebody else's may go unnoticed. */
const LOOK_EVERY_MS = 8000;
/** After an event of a new incident, so that its picture and its name are there soon. */
const SOON_MS = 800;
const MOST_PAGES = 50;

export class Source {
  known = new Known();
  /** Whether there was an answer; the last problem since. */
  loaded = false;
  problem = null;
  #context;
  #filters;
  #handlers;
  #gone = new AbortController();
  #stops;
  #loading = false;
  #looking = false;
  #timer = 0;
  /** Where older ones go on; null when there are none, undefined at first. */
  #next;
  /** The newest that a page had: what is newer may be known by events alone. */
  #newest = "";
  /** Where looking again at older ones goes on. */
  #sweep = null;

  /** @param handlers onChange(); onOthers({ gone, changed }): what other people's reviews did */
  constructor(context, filters, handlers) {
    this.#context = context;
    this.#filters = filters;
    this.#handlers = handlers;
    let link = context.store.state.link.state;
    this.#stops = [
      context.onEvent((event) => this.#event(event)),
      context.store.subscribe((state) => {
        if (state.link.state === "open" && link !== "open") this.look();
        link = state.link.state;
      }),
    ];
    this.#again();
    this.more();
  }

  /** Whether older ones are still to be asked for. */
  get hasMore() {
    return this.#next !== null;
  }

  close() {
    this.#gone.abort();
    clearTimeout(this.#timer);
    for (const stop of this.#stops) stop();
  }

  /** Ask for the page that follows. */
  async more() {
    if (this.#loading || this.#next === null) return;
    this.#loading = true;
    try {
      const answer = await this.#page({ cursor: this.#next, limit: PAGE });
      if (this.#next === undefined) this.#newest = answer.incidents[0]?.id ?? "";
      this.#next = answer.next;
      this.loaded = true;
      this.problem = null;
    } catch (problem) {
      if (problem.name === "AbortError") return;
      this.problem = problem;
    } finally {
      this.#loading = false;
    }
    this.#handlers.onChange();
  }

  /** Ask again for what is new, and for one part of what is older. */
  async look() {
    if (this.#looking || !this.loaded) return;
    this.#looking = true;
    try {
      await this.#lookAtNew();
      await this.#lookAtOld();
      this.problem = null;
    } catch (problem) {
      if (problem.name === "AbortError") return;
      this.problem = problem;
    } finally {
      this.#looking = false;
      this.#again();
    }
    this.#handlers.onChange();
  }

  async #lookAtNew() {
    const before = this.#newest;
    let cursor;
    for (let pages = 0; pages < MOST_PAGES; pages += 1) {
      const { incidents, next } = await this.#page({ cursor, limit: PAGE });
      if (!cursor) this.#newest = incidents[0]?.id ?? before;
      cursor = next;
      if (!cursor || cursor <= before) break;
    }
    this.#reached(cursor);
    this.#sweep ??= cursor;
  }

  async #lookAtOld() {
    if (!this.#sweep || (this.#next && this.#sweep <= this.#next)) this.#sweep = null;
    if (!this.#sweep) return;
    const { next } = await this.#page({ cursor: this.#sweep, limit: LARGE_PAGE });
    this.#reached(next);
    this.#sweep = next;
  }

  /** A page that went on beyond the last one makes that unnecessary. */
  #reached(next) {
    if (this.#next && (!next || next < this.#next)) this.#next = next;
  }

  async #page({ cursor, limit }) {
    const asked = this.known.mark();
    const answer = await this.#context.api.get(pathOf(this.#filters, { cursor, limit }), { signal: this.#gone.signal });
    const wanted = (incident) => matches(incident, this.#filters);
    const others = this.known.page(answer.incidents, { cursor, next: answer.next, asked, wanted });
    if (others.gone.length || others.changed.length) this.#handlers.onOthers(others);
    return answer;
  }

  #event(event) {
    if (event.type !== "gore.incident" || !event.data?.incident) return;
    const stream = streamOf(event);
    const name = this.#context.store.state.streams.get(stream)?.name || null;
    const isNew = this.known.event(event, { stream, name });
    const { id } = event.data.incident;
    if (isNew && !matches(this.known.items.get(id), this.#filters)) this.known.drop(id);
    else if (isNew) this.#again(SOON_MS);
    this.#handlers.onChange();
  }

  #again(inMs = LOOK_EVERY_MS) {
    clearTimeout(this.#timer);
    if (this.#gone.signal.aborted) return;
    this.#timer = setTimeout(() => {
      if (document.hidden) this.#again();
      else this.look();
    }, inMs);
  }
}
