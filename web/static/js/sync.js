/** Keeps the store at what the service says: the list of streams, what runs, the points of the charts, by events and by asking. */

import { Feed } from "./feed.js";
import { Series } from "./series.js";
import { isFinal, listed, openIncident, streamOf } from "./state.js";

/** Samples and drops come by asking; everything else by events. */
const POLL_MS = 5000;
/** A long list, most of it ended streams, is asked for less often. */
const LONG_LIST = 150;
const LONG_POLL_MS = 30_000;
/** So many of the newest ended streams show their highest probability without having been opened. */
const SUMMARIES = 25;
/** By a web node: how many of several services gave no part of a list. */
const MISSING = "Gorewatch-Missing";

export class Sync {
  #api;
  #store;
  #feed;
  #onEvent;
  #series = new Map();
  /** Streams whose summary was asked for. */
  #asked = new Set();
  #length = 0;

  /** @param handlers onEvent(event, state), once the store has it; onBack(away, known) after a time without a connection:
   *   `known` are the ids of the incidents that were known before. */
  constructor(api, store, { onEvent, onBack }) {
    this.#api = api;
    this.#store = store;
    this.#onEvent = onEvent;
    this.#feed = new Feed(api, {
      onEvent: (event) => this.#event(event),
      onLink: (link) => store.dispatch({ type: "link", link }),
      onOpen: (away) => {
        if (away) onBack(away, incidentIds(store.state));
        // What happened before the socket was open is in the lists.
        if (away?.resumed) this.load();
        else this.reload();
      },
    });
    this.#poll();
  }

  async start() {
    this.#store.dispatch({ type: "link", link: { state: "connecting" } });
    await this.load();
    if (this.#store.state.link.state !== "signedout") this.#feed.connect();
  }

  signedOut() {
    this.#feed.close();
    this.#store.dispatch({ type: "link", link: { state: "signedout" } });
  }

  /** The points of a stream's chart; a new media begins with none. */
  series(id, media) {
    if (!this.#series.has(id)) this.#series.set(id, new Series());
    const points = this.#series.get(id);
    if (media && points.media !== media) points.clear(media);
    return points;
  }

  /** Fetch the list. The answer says no more than what was true when it was asked for. */
  async load() {
    const { revision } = this.#store.state;
    let streams, missing;
    try {
      const answer = await this.#api.request("/v1/streams");
      missing = Number(answer.headers.get(MISSING) ?? 0);
      ({ streams } = await answer.json());
    } catch {
      // The connection state says so already, or the sign-in asks.
      return;
    }
    this.#length = streams.length;
    this.#store.dispatch({ type: "snapshot", streams, missing, asked: revision });
    this.#forget();
    this.#summarise();
  }

  async reload() {
    await this.load();
    const running = openIds(this.#store.state);
    try {
      const { incidents } = await this.#api.get("/v1/incidents?state=open&limit=1000");
      this.#store.dispatch({ type: "incidents", incidents, running });
    } catch {
      // The next event of a running incident tells of it too.
    }
  }

  /** Fetch one stream's summary with its incidents. */
  async detail(id) {
    const summary = await this.#api.get(`/v1/streams/${encodeURIComponent(id)}/summary?detail=1`);
    this.#store.dispatch({ type: "detail", id, summary });
    return summary;
  }

  #event(event) {
    const id = streamOf(event);
    const { gore, raw, position } = event.data ?? {};
    if (id && gore && raw) this.series(id, event.subject).add(position, raw.prob, gore.prob);
    this.#store.event(event);
    if (event.type === "gore.prob") return;
    const { state } = this.#store;
    this.#onEvent(event, state);
    if (event.type === "gap") this.reload();
    else if (id && !state.streams.get(id)?.name) this.load();
  }

  #forget() {
    const { streams, pinned } = this.#store.state;
    for (const id of this.#series.keys()) {
      const stream = streams.get(id);
      if (!stream || (isFinal(stream) && id !== pinned)) this.#series.delete(id);
    }
    for (const id of this.#asked) if (!streams.has(id)) this.#asked.delete(id);
  }

  /** The list says of an ended stream what its last probability was; what matters is the highest, from its summary. */
  async #summarise() {
    for (const { id } of listed(this.#store.state).final.slice(0, SUMMARIES)) {
      if (this.#asked.has(id) || this.#store.state.streams.get(id)?.summary !== null) continue;
      this.#asked.add(id);
      try {
        const summary = await this.#api.get(`/v1/streams/${encodeURIComponent(id)}/summary`);
        this.#store.dispatch({ type: "detail", id, summary });
      } catch {
        return;
      }
    }
  }

  #poll() {
    setTimeout(async () => {
      if (!document.hidden && this.#store.state.link.state !== "signedout") await this.load();
      this.#poll();
    }, this.#length > LONG_LIST ? LONG_POLL_MS : POLL_MS);
  }
}

const incidentsOf = (state) => [...state.streams.values()].flatMap((stream) => stream.incidents);
const incidentIds = (state) => new Set(incidentsOf(state).map((incident) => incident.id));
const openIds = (state) => new Set(incidentsOf(state).filter((incident) => incident.end === null).map((incident) => incident.id));

/** How many incidents run now. */
export function runningIncidents(state) {
  return [...state.streams.values()].filter((stream) => !isFinal(stream) && openIncident(stream)).length;
}
