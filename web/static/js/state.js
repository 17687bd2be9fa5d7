/**
 * What the page knows, as a pure reducer: `reduce(state, action)` gives the next state and changes nothing in place.
 * Answers of the service and events of the socket may arrive in any order and twice.
 */

export const LOG_LIMIT = 600;
export const INCIDENT_LIMIT = 200;
/** Ended streams that are kept in the list; running ones all are. */
export const FINAL_LIMIT = 100;

const FINAL = new Set(["ended", "failed"]);
const DEFAULTS = { threshold: 0.5, release: 0.4 };

export const initial = () => ({
  streams: new Map(),
  /** Events but scores, newest first. */
  log: [],
  link: { state: "connecting" },
  /** The stream that a page shows: it stays, however long ago it ended. */
  pinned: null,
  loaded: false,
  /** Services that did not give their part of the list: their streams are not in it, which says nothing of them. */
  missing: 0,
  /** Counts log entries, so that views can tell which are new. */
  seq: 0,
  /** Counts changes of streams, so that a list is known to be older than a change. */
  revision: 0,
});

export const isFinal = (stream) => FINAL.has(stream.state);

export const openIncident = (stream) => stream.incidents.find((incident) => incident.end === null) ?? null;

/** Streams, newest first: the running ones and the ended ones. One known from an event alone has no name yet. */
export function listed(state) {
  const all = [...state.streams.values()].filter((stream) => stream.name).sort((a, b) => (a.id < b.id ? 1 : -1));
  return { active: all.filter((stream) => !isFinal(stream)), final: all.filter(isFinal) };
}

export function reduce(state, action) {
  switch (action.type) {
    case "snapshot":
      return snapshot(state, action);
    case "stream":
      return withStream(state, merged(state.streams.get(action.stream.id), action.stream));
    case "detail":
      return patch(state, action.id, (stream) => detailed(stream, action.summary));
    case "incidents":
      return action.incidents.reduce(withListed, withoutOver(state, action));
    case "events":
      return onEvents(state, action.events);
    case "pin":
      return { ...state, pinned: action.id };
    case "link":
      return { ...state, link: action.link };
    default:
      return state;
  }
}

/** The id of the stream an event is about, from its `source`. */
export function streamOf(event) {
  const match = /^\/v1\/streams\/([^/]+)$/.exec(event.source ?? "");
  return match ? match[1] : null;
}

/** The list as it stood at revision `asked`: what changed since stays, what is no longer in it goes. */
function snapshot(state, { streams: list, missing = 0, asked = Infinity }) {
  const streams = new Map();
  for (const [id, stream] of state.streams) if (stream.revision > asked || id === state.pinned) streams.set(id, stream);
  for (const raw of list) streams.set(raw.id, merged(state.streams.get(raw.id), raw));
  return trimmed({ ...state, streams, missing, loaded: true });
}

function blank(id) {
  return { id, revision: 0, name: "", url: "", state: "connecting", media: null, prob: null, raw: null, position: null, samples: null,
    dropped: null, started: null, error: null, codec: null, width: null, height: null, fps: null, latency: null, decoder: null, counters: null,
    policy: DEFAULTS, incidents: [], summary: null };
}

/** What the service says of a stream, over what is known of it. */
function merged(known, raw) {
  const base = known ?? blank(raw.id);
  const stream = { ...base };
  for (const key of Object.keys(base)) if (raw[key] !== undefined && key !== "incidents" && key !== "summary") stream[key] = raw[key];
  stream.media = typeof raw.media === "object" && raw.media ? raw.media.id : (raw.media ?? base.media);
  stream.policy = { ...DEFAULTS, ...base.policy, ...raw.policy };
  stream.name = raw.name || base.name || raw.id;
  // A list that was asked for before the last event came must not bring an ended stream back to life.
  if (known && isFinal(known) && known.media === stream.media) stream.state = known.state;
  if (base.media && stream.media !== base.media) return { ...stream, incidents: [], summary: null };
  return stream;
}

function detailed(stream, answer) {
  const { incidents, scores, ...summary } = answer;
  const listed = (incidents ?? []).map(incidentOf);
  const known = new Map(stream.incidents.map((incident) => [incident.id, incident]));
  // An end that an event has told already is newer than an answer without one.
  for (const incident of listed) if (!known.has(incident.id) || incident.end !== null) known.set(incident.id, incident);
  return { ...stream, incidents: ordered([...known.values()]), summary: isFinal(stream) ? summary : stream.summary };
}

/** One of the list of all incidents, which also covers streams whose details were never asked for. */
function withListed(state, raw) {
  const stream = state.streams.get(raw.stream);
  if (!stream || stream.media !== raw.media || stream.incidents.some((one) => one.id === raw.id)) return state;
  return withStream(state, { ...stream, incidents: ordered([incidentOf(raw), ...stream.incidents]) });
}

/** Those that ran when the list was asked for (`running`) and are not on it are over: their event was missed. */
function withoutOver(state, { incidents, running = new Set() }) {
  const listed = new Set(incidents.map((raw) => raw.id));
  const over = (one) => one.end === null && running.has(one.id) && !listed.has(one.id);
  return [...state.streams.values()].filter((stream) => stream.incidents.some(over)).reduce((next, stream) => withStream(next, {
    ...stream, incidents: stream.incidents.map((one) => (over(one) ? { ...one, end: stream.position ?? one.start } : one)),
  }), state);
}

function incidentOf(raw) {
  const seconds = (value) => (typeof value === "number" ? value : null);
  return { id: String(raw.id), start: seconds(raw.start) ?? 0, end: seconds(raw.end), peak: seconds(raw.peak) ?? seconds(raw.peak?.prob),
    peakPosition: seconds(raw.peak_position) };
}

/** Newest first, and no more than the limit. */
const ordered = (incidents) => incidents.sort((a, b) => b.start - a.start).slice(0, INCIDENT_LIMIT);

/** Many at a time: of two hundred streams some hundred come in a second, and each copy of the list costs. */
function onEvents(state, events) {
  const streams = new Map(state.streams);
  const entries = [];
  let { seq, revision } = state;
  for (const event of events) {
    const id = streamOf(event);
    if (id) {
      revision += 1;
      streams.set(id, { ...afterEvent(ofMedia(streams.get(id) ?? blank(id), event), event), revision });
    }
    // Scores are on the chart; here they would push out everything else within seconds.
    if (event.type !== "gore.prob") entries.unshift({ seq: (seq += 1), id: event.id, stream: id, type: event.type, time: event.time, event });
  }
  const log = entries.length ? [...entries, ...state.log].slice(0, LOG_LIMIT) : state.log;
  return trimmed({ ...state, streams, log, seq, revision });
}

/** The stream on the media the event is about: a new media starts with a clean sheet. */
function ofMedia(stream, event) {
  if (!event.subject || stream.media === event.subject) return stream;
  const fresh = { ...stream, media: event.subject };
  return stream.media ? { ...fresh, incidents: [], summary: null, error: null, state: "connecting" } : fresh;
}

function afterEvent(stream, event) {
  const data = event.data ?? {};
  switch (event.type) {
    case "media.started": {
      const { codec = null, width = null, height = null, fps = null } = data;
      return { ...stream, state: "live", error: null, started: stream.started ?? event.time, codec, width, height, fps };
    }
    case "gore.prob":
      return { ...stream, ...readings(stream, data), state: isFinal(stream) ? stream.state : "live" };
    case "gore.incident":
      return { ...stream, ...readings(stream, data), incidents: withIncident(stream.incidents, data) };
    case "media.stalled":
      return { ...stream, state: "stalled" };
    case "media.resumed":
      return { ...stream, state: "live" };
    case "media.finished":
      return closed(stream, { state: "ended", summary: data.summary ?? null });
    case "media.failed":
      return closed(stream, { state: "failed", error: data.error ?? null, summary: data.summary ?? null });
    default:
      return stream;
  }
}

function readings(stream, data) {
  return { prob: data.gore?.prob ?? stream.prob, raw: data.raw?.prob ?? stream.raw, position: data.position ?? stream.position,
    latency: data.latency ?? stream.latency };
}

function withIncident(incidents, data) {
  if (!data.incident) return incidents;
  const incident = incidentOf(data.incident);
  if (data.state === "ended" && incident.end === null) incident.end = data.position ?? incident.start;
  return ordered([incident, ...incidents.filter((other) => other.id !== incident.id)]);
}

/** Nothing runs on in a closed media: an incident that was open ended with it. */
function closed(stream, changes) {
  const incidents = stream.incidents.map((one) => (one.end === null ? { ...one, end: stream.position ?? one.start } : one));
  return { ...stream, ...changes, incidents };
}

function patch(state, id, change) {
  const stream = state.streams.get(id);
  return stream ? withStream(state, change(stream)) : state;
}

function withStream(state, stream) {
  const revision = state.revision + 1;
  return trimmed({ ...state, revision, streams: new Map(state.streams).set(stream.id, { ...stream, revision }) });
}

function trimmed(state) {
  const final = [...state.streams.values()].filter((stream) => isFinal(stream) && stream.id !== state.pinned);
  if (final.length <= FINAL_LIMIT) return state;
  const streams = new Map(state.streams);
  final.sort((a, b) => (a.id < b.id ? -1 : 1));
  for (const stream of final.slice(0, final.length - FINAL_LIMIT)) streams.delete(stream.id);
  return { ...state, streams };
}
