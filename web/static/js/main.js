/** Joins the parts: events and answers become state, state becomes one render per animation frame. */

import { AddForm } from "./add.js";
import { Api } from "./api.js";
import { Detail } from "./detail.js";
import { byId, setHidden, setText } from "./dom.js";
import { Feed } from "./feed.js";
import { EventLog } from "./log.js";
import { Previews } from "./preview.js";
import { PublishForm } from "./publish.js";
import { Series, pointsOf } from "./series.js";
import * as shell from "./shell.js";
import { initial, isFinal, listed, reduce, streamOf } from "./state.js";
import { StreamList } from "./streams.js";

/** Streams of others, samples and drops come by asking; everything else by events. */
const POLL_MS = 5000;
/** A long list, most of it ended streams, is asked for less often. */
const LONG_LIST = 200;
const LONG_POLL_MS = 30_000;
/** So many of the newest ended streams show their highest probability without having been selected. */
const SUMMARIES = 25;
/** How long events are gathered for one drawing of the page. */
const EVENT_PAUSE_MS = 100;
const NARROW = matchMedia("(max-width: 760px)");

let state = initial();
let frame = 0;
let pause = 0;
/** The name of what this page publishes, until its stream is in the list. */
let awaited = null;
let listLength = 0;
const series = new Map();
/** Streams whose summary was asked for. */
const asked = new Set();

const api = new Api();
const feed = new Feed(api, { onEvent, onLink: (link) => dispatch({ type: "link", link }), onOpen });
const previews = new Previews(api);
const list = new StreamList(previews, (id) => select(id, true));
const detail = new Detail(previews, { onEnd: end, onRender: schedule });
const log = new EventLog((id) => select(id, true), schedule);

function dispatch(action) {
  state = reduce(state, action);
  // Events of fifty streams come all the time; drawing each at once would keep a core busy.
  if (action.type === "event") pause ||= setTimeout(schedule, EVENT_PAUSE_MS);
  else schedule();
}

function schedule() {
  frame ||= requestAnimationFrame(render);
}

function render() {
  frame = 0;
  clearTimeout(pause);
  pause = 0;
  const stream = state.streams.get(state.selected) ?? null;
  list.render(state);
  detail.render(stream, stream && seriesOf(stream.id, stream.media));
  if (stream) log.render(state);
  setHidden(byId("empty"), !state.loaded || stream !== null);
  setHidden(byId("sign-out"), !api.token);
  shell.renderCounts(state);
  shell.renderLink(state.link, Date.now());
}

function seriesOf(id, media) {
  if (!series.has(id)) series.set(id, new Series());
  const points = series.get(id);
  if (media && points.media !== media) points.clear(media);
  return points;
}

function onEvent(event) {
  const id = streamOf(event);
  const known = !id || state.streams.get(id)?.name;
  dispatch({ type: "event", event });
  if (event.data?.gore && event.data.raw && id) {
    seriesOf(id, event.subject).add(event.data.position, event.data.raw.prob, event.data.gore.prob);
  }
  shell.announce(state, event);
  if (!known) load();
  if (event.type === "gap") reload();
  if (id === state.selected && (event.type === "media.finished" || event.type === "media.failed")) loadDetail(id);
}

/** What happened before the socket was open is in the lists. */
function onOpen(resumed) {
  if (resumed) load();
  else reload();
}

async function reload() {
  await load();
  if (state.selected) loadDetail(state.selected);
  try {
    dispatch({ type: "incidents", incidents: await api.openIncidents() });
  } catch {
    // The next event of a running incident tells of it too.
  }
}

/** Fetch the list. The answer says no more than what was true when it was asked for. */
async function load() {
  const revision = state.revision;
  let streams;
  try {
    streams = await api.streams();
  } catch {
    // The connection state says so already, or the sign-in asks.
    return;
  }
  listLength = streams.length;
  dispatch({ type: "snapshot", streams, asked: revision });
  for (const id of series.keys()) {
    const stream = state.streams.get(id);
    if (!stream || (isFinal(stream) && id !== state.selected)) series.delete(id);
  }
  for (const id of asked) if (!state.streams.has(id)) asked.delete(id);
  choose();
  summarise();
}

/** The list says of an ended stream what its last probability was; what matters is the highest, from its summary. */
async function summarise() {
  for (const { id } of listed(state).final.slice(0, SUMMARIES)) {
    if (state.streams.get(id)?.summary !== null || asked.has(id)) continue;
    asked.add(id);
    try {
      dispatch({ type: "detail", id, summary: await api.summary(id) });
    } catch {
      return;
    }
  }
}

/** Something is always selected while there is something to select. */
function choose() {
  const { active, final } = listed(state);
  const published = awaited && active.find((stream) => stream.name === awaited);
  if (published) {
    awaited = null;
    return select(published.id);
  }
  if (state.selected) return;
  const linked = state.streams.get(location.hash.slice(1));
  const first = linked ?? active[0] ?? final[0];
  if (first) select(first.id);
}

function select(id, byHand = false) {
  if (byHand && NARROW.matches) byId("main").scrollIntoView();
  if (id === state.selected) return;
  dispatch({ type: "select", id });
  history.replaceState(null, "", `#${id}`);
  loadDetail(id);
}

async function loadDetail(id) {
  const stream = state.streams.get(id);
  // Before the first score there is nothing to fetch.
  if (!stream || (stream.prob === null && !isFinal(stream))) return;
  try {
    const answer = await api.summary(id, true);
    if (!state.streams.has(id)) return;
    seriesOf(id, answer.media?.id).load(pointsOf(answer.scores));
    dispatch({ type: "detail", id, summary: answer });
  } catch {
    // The page goes on with what the events bring.
  }
}

async function end(stream) {
  if (!(await shell.confirmEnd(stream.name))) return;
  try {
    await api.endStream(stream.id);
  } catch (problem) {
    if (problem.status !== 404) {
      setText(byId("banner"), problem.message);
      setHidden(byId("banner"), false);
    }
  }
  load();
}

function poll() {
  setTimeout(async () => {
    if (!document.hidden && state.link.state !== "signedout") await load();
    poll();
  }, listLength > LONG_LIST ? LONG_POLL_MS : POLL_MS);
}

async function start() {
  dispatch({ type: "link", link: { state: "connecting" } });
  await load();
  if (!byId("sign-in").open) feed.connect();
}

api.onUnauthorised = (refused) => {
  api.token = null;
  feed.close();
  dispatch({ type: "link", link: { state: "signedout" } });
  shell.askForToken(refused);
};

new AddForm(api, (stream) => {
  dispatch({ type: "stream", stream });
  select(stream.id, true);
});
new PublishForm(api, (name) => {
  awaited = name;
  load();
});
shell.wirePanels();
shell.wireSignIn(api, (token) => {
  api.token = token;
  start();
});
addEventListener("hashchange", () => state.streams.has(location.hash.slice(1)) && select(location.hash.slice(1)));
poll();
setInterval(() => state.link.state === "waiting" && schedule(), 1000);
start();
