/** One stream: its scores as they come and as far back as they are stored, and everything known of it. */

import { el, make, setAttr, setHidden, setText } from "../dom.js";
import { toReport } from "../routes.js";
import { pointsOf } from "../series.js";
import { isFinal } from "../state.js";
import { Facts } from "../stream/facts.js";
import { Head, confirmEnd } from "../stream/head.js";
import { IncidentList } from "../stream/incidents.js";
import { EventLog } from "../stream/log.js";
import { Scores } from "../stream/scores.js";
import { copyButton } from "../stream/copying.js";
import { Tryout } from "../stream/tryout.js";
import { t } from "../words.js";

const PICTURE_EVERY_MS = 1000;
/** What the chart has at once; further back is fetched as somebody looks. */
const BEFORE_S = 1200;
const POINTS = 2400;

export function open(root, context, { id }) {
  return new StreamPage(root, context, id);
}

class StreamPage {
  #context;
  #id;
  #stops;
  #head = new Head(() => this.#end());
  #facts = new Facts();
  #incidents = new IncidentList((incident) => this.#scores.showIncident(incident));
  #image = make("img", { id: "picture-img", alt: t("stream.pictureAlt"), hidden: true });
  #noPicture = el("p", "hint");
  #summaryJson = make("pre", { id: "summary-json", tabindex: "0", "aria-label": t("stream.summaryLabel") });
  #report = make("a", {}, t("stream.report"));
  #summary = make("section", { class: "card summary", "aria-labelledby": "summary-head" }, el("div", "card-head",
    make("h2", { id: "summary-head" }, t("stream.summary")), this.#report, copyButton(this.#summaryJson)), this.#summaryJson);
  #scores;
  #tryout;
  #log;
  #shown = null;
  /** The media whose past was asked for. */
  #asked = null;
  #gone = new AbortController();

  constructor(root, context, id) {
    this.#context = context;
    this.#id = id;
    const render = () => this.#render(context.store.state);
    this.#tryout = new Tryout(context, render);
    this.#scores = new Scores(context, { onTry: (policy) => this.#tryout.try(policy), onChange: render });
    this.#log = new EventLog(id, render);
    this.#root = root;
    this.#body = el("div", "stream", this.#head.node, this.#scores.node, el("div", "stream-parts", this.#pictureCard(), this.#incidents.node,
      this.#summary, this.#tryout.node, this.#log.node));
    setHidden(this.#body, true);
    root.append(this.#body);
    context.store.dispatch({ type: "pin", id });
    context.keys.set(this.#scores.keys);
    this.#stops = [context.store.subscribe(render)];
    this.#find();
    render();
  }

  #root;
  #body;

  close() {
    for (const stop of this.#stops) stop();
    this.#gone.abort();
    this.#scores.close();
    this.#tryout.close();
    this.#context.previews.unwatch(this.#image);
    this.#context.store.dispatch({ type: "pin", id: null });
  }

  #pictureCard() {
    return make("section", { class: "card", "aria-label": t("stream.picture") },
      el("div", "picture", this.#image, this.#noPicture), this.#facts.node);
  }

  #render(state) {
    const stream = state.streams.get(this.#id);
    this.#log.render(state);
    if (!stream?.name) return;
    setHidden(this.#body, false);
    const series = this.#context.sync.series(stream.id, stream.media);
    this.#tryout.render(stream);
    if (this.#shown !== stream) this.#renderFacts(stream);
    this.#scores.render(stream, series, this.#tryout);
    this.#past(stream, series);
  }

  #renderFacts(stream) {
    const ended = this.#shown !== null && !isFinal(this.#shown) && isFinal(stream);
    this.#shown = stream;
    this.#context.title(stream.name);
    this.#head.render(stream);
    this.#facts.render(stream);
    this.#incidents.render(stream);
    const final = isFinal(stream);
    if (!final && stream.prob !== null) this.#context.previews.watch(this.#image, `/v1/streams/${encodeURIComponent(stream.id)}/preview.jpg`, PICTURE_EVERY_MS);
    else this.#context.previews.unwatch(this.#image);
    setText(this.#noPicture, t(final ? "stream.pictureOver" : "stream.pictureNone"));
    setHidden(this.#summary, !final || !stream.summary);
    setAttr(this.#report, "href", stream.media ? toReport(stream.media) : null);
    if (final && stream.summary) setText(this.#summaryJson, JSON.stringify(stream.summary, null, 2));
    if (ended) this.#detail();
  }

  /** The stream itself, where the list did not bring it: one that ended long ago. */
  async #find() {
    const { api, store, sync } = this.#context;
    const path = `/v1/streams/${encodeURIComponent(this.#id)}`;
    try {
      const stream = await api.get(path, { signal: this.#gone.signal });
      store.dispatch({ type: "stream", stream });
      if (stream.prob !== null || isFinal(stream)) await this.#detail();
    } catch (problem) {
      if (this.#gone.signal.aborted || problem.status !== 404) return this.#trouble(problem);
      try {
        const summary = await api.get(`${path}/summary?detail=1`, { signal: this.#gone.signal });
        const { id, uri } = summary.media;
        store.dispatch({ type: "stream", stream: { id: this.#id, name: uri, url: uri, state: summary.error ? "failed" : "ended", media: id, error: summary.error } });
        store.dispatch({ type: "detail", id: this.#id, summary });
        sync.series(this.#id, id).load(pointsOf(summary.scores));
      } catch (missing) {
        this.#trouble(missing);
      }
    }
  }

  #trouble(problem) {
    if (this.#gone.signal.aborted) return;
    if (problem.status !== 404) return this.#context.notify(problem.message, { kind: "problem" });
    this.#root.replaceChildren(el("h1", "", t("stream.unknown")), el("p", "hint", t("stream.unknownHint")), make("a", { href: "#/" }, t("shell.toWall")));
  }

  async #detail() {
    try {
      await this.#context.sync.detail(this.#id);
    } catch {
      // The page goes on with what the events bring.
    }
  }

  /** The last minutes of a stream that runs, all of one that has ended. */
  async #past(stream, series) {
    if (!stream.media || this.#asked === stream.media || (stream.prob === null && !isFinal(stream))) return;
    this.#asked = stream.media;
    const from = isFinal(stream) ? 0 : Math.max(0, (stream.position ?? 0) - BEFORE_S);
    const query = new URLSearchParams({ from, max_points: POINTS });
    try {
      const { scores } = await this.#context.api.get(`/v1/media/${encodeURIComponent(stream.media)}/scores?${query}`, { signal: this.#gone.signal });
      if (series.media === stream.media) series.load(pointsOf(scores));
      this.#context.store.changed();
    } catch {
      // The chart begins with what comes now.
    }
  }

  async #end() {
    if (!(await confirmEnd(this.#shown.name))) return;
    try {
      await this.#context.api.json("DELETE", `/v1/streams/${encodeURIComponent(this.#id)}`);
    } catch (problem) {
      if (problem.status !== 404) this.#head.say(problem.message);
    }
    this.#context.sync.load();
  }
}
