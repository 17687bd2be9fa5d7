/** The selected stream: readings, chart, picture, facts, incidents, summary. */

import { Chart } from "./chart.js";
import { byId, el, icon, setAttr, setChildren, setHidden, setText } from "./dom.js";
import * as format from "./format.js";
import { isFinal, openIncident } from "./state.js";
import { stateMark } from "./streams.js";

const PICTURE_EVERY_MS = 1000;
/** Shown around an incident that was clicked, in seconds. */
const MARGIN_S = 10;

const FACTS = [
  ["Position", (stream) => format.position(stream.position)],
  ["Codec", (stream) => format.text(stream.codec)],
  ["Size", (stream) => format.size(stream.width, stream.height)],
  ["Rate", (stream) => format.fps(stream.fps)],
  ["Samples", (stream) => format.count(stream.summary?.request?.operations ?? stream.samples)],
  ["Dropped", (stream) => format.dropped(stream.dropped)],
  ["Latency", (stream) => (isFinal(stream) ? format.text(null) : format.milliseconds(stream.latency))],
  ["Started", (stream) => format.clock(stream.started)],
];

export class Detail {
  #chart;
  #previews;
  #state = stateMark();
  #facts = FACTS.map(([label]) => ({ label, value: el("dd") }));
  #incidentRows = new Map();
  #stream = null;
  #series = null;
  #read = null;

  /** @param actions onEnd(stream), onRender() to ask for another frame */
  constructor(previews, actions) {
    this.#previews = previews;
    this.#chart = new Chart(byId("chart"), {
      onRead: (index) => {
        this.#read = index;
        actions.onRender();
      },
      onView: () => this.#renderSpans(),
    });
    byId("detail-state").append(this.#state.node);
    byId("facts").append(...this.#facts.map(({ label, value }) => el("div", "", el("dt", "", label), value)));
    byId("end").addEventListener("click", () => this.#stream && actions.onEnd(this.#stream));
    byId("copy").addEventListener("click", () => this.#copy());
    for (const button of document.querySelectorAll("[data-span]")) {
      button.addEventListener("click", () => this.#chart.follow(Number(button.dataset.span)));
    }
    byId("follow").addEventListener("click", () => this.#chart.follow());
    this.#renderSpans();
  }

  /** @param stream the selected one, or null @param series its points */
  render(stream, series) {
    setHidden(byId("detail"), !stream);
    if (!stream) {
      this.#previews.unwatch(byId("picture-img"));
      this.#stream = null;
      return;
    }
    const other = this.#stream?.id !== stream.id;
    const changed = this.#stream !== stream;
    this.#stream = stream;
    this.#series = series;
    if (other) this.#read = null;
    if (changed) {
      this.#renderHead(stream);
      this.#renderPicture(stream);
      this.#facts.forEach(({ value }, index) => setText(value, FACTS[index][1](stream)));
      this.#renderIncidents(stream);
      this.#renderSummary(stream);
    }
    this.#chart.show(series, { policy: stream.policy, incidents: stream.incidents, live: !isFinal(stream), end: stream.position });
    this.#renderReading(stream, series);
  }

  #renderHead(stream) {
    const over = !isFinal(stream) && openIncident(stream) !== null;
    setText(byId("detail-name"), stream.name);
    this.#state.set(stream.state);
    setText(byId("detail-url"), stream.url ?? "");
    setAttr(byId("detail-url"), "title", stream.url || null);
    const final = isFinal(stream);
    setText(byId("now-prob-label"), final ? "Highest probability" : "Probability");
    setText(byId("now-prob"), format.prob(final ? (stream.summary?.gore?.prob ?? null) : stream.prob, 3));
    setText(byId("now-raw"), format.prob(stream.raw, 3));
    setHidden(byId("now-raw-box"), final);
    byId("now-prob-box").classList.toggle("over", over);
    setHidden(byId("end"), isFinal(stream));
    const error = typeof stream.error === "string" ? { message: stream.error } : stream.error;
    const failed = Boolean(error) && stream.state !== "live";
    setHidden(byId("banner"), !failed);
    setText(byId("banner"), failed ? `${error.message ?? "It failed without a reason."}${error.code ? ` (${error.code})` : ""}` : "");
    setAttr(byId("chart"), "aria-label", `Chart of raw and smoothed probability of ${stream.name}`);
  }

  #renderPicture(stream) {
    const image = byId("picture-img");
    const final = isFinal(stream);
    setHidden(byId("picture"), final && stream.summary !== null);
    if (!final && stream.prob !== null) this.#previews.watch(image, stream.id, PICTURE_EVERY_MS);
    else this.#previews.unwatch(image);
    setText(byId("picture-none"), final ? "No picture" : "No picture yet");
  }

  #renderIncidents(stream) {
    const rows = stream.incidents.map((incident, index) => this.#incidentRow(incident, stream.incidents.length - index, !isFinal(stream)));
    for (const id of this.#incidentRows.keys()) if (!stream.incidents.some((one) => one.id === id)) this.#incidentRows.delete(id);
    setChildren(byId("incidents"), rows);
    setText(byId("incidents-count"), rows.length ? format.count(rows.length) : "");
    setHidden(byId("incidents"), rows.length === 0);
    setHidden(byId("incidents-none"), rows.length > 0);
  }

  #incidentRow(incident, number, live) {
    const known = this.#incidentRows.get(incident.id);
    if (known && known.incident === incident && known.number === number) return known.node;
    const running = incident.end === null && live;
    const span = running ? `from ${format.position(incident.start)}` : `${format.position(incident.start)} to ${format.position(incident.end)}`;
    const note = running ? el("span", "alarm", icon("incident"), "Running") : el("span", "muted", format.duration(incident.end - incident.start));
    const button = el("button", "incident", el("span", "number", `#${number}`), el("span", "", span), note,
      el("span", "peak", "peak ", el("b", "", format.prob(incident.peak)), ` at ${format.position(incident.peakPosition)}`));
    button.type = "button";
    button.title = "Show on the chart";
    button.addEventListener("click", () => this.#chart.zoom(incident.start - MARGIN_S, (incident.end ?? this.#series.last ?? incident.start) + MARGIN_S));
    const node = known?.node ?? el("li");
    node.replaceChildren(button);
    this.#incidentRows.set(incident.id, { node, incident, number });
    return node;
  }

  #renderSummary(stream) {
    const summary = isFinal(stream) ? stream.summary : null;
    setHidden(byId("summary"), !summary);
    if (summary) setText(byId("summary-json"), JSON.stringify(summary, null, 2));
  }

  /** The readings beside the legend: where the pointer is, else the newest. */
  #renderReading(stream, series) {
    const index = this.#read !== null && this.#read < series.x.length ? this.#read : null;
    const at = index ?? series.x.length - 1;
    setText(byId("read-prob"), format.prob(series.prob[at] ?? null));
    setText(byId("read-raw"), format.prob(series.raw[at] ?? null));
    setText(byId("read-threshold"), format.prob(stream.policy.threshold));
    setText(byId("read-release"), format.prob(stream.policy.release));
    setText(byId("read-at"), index === null ? "" : `at ${format.position(series.x[index])}`);
  }

  #renderSpans() {
    for (const button of document.querySelectorAll("[data-span]")) {
      const chosen = this.#chart.following && Number(button.dataset.span) === this.#chart.span;
      setAttr(button, "aria-pressed", String(chosen));
    }
    byId("follow").classList.toggle("unseen", this.#chart.following);
    setText(byId("follow"), this.#stream && isFinal(this.#stream) ? "Show all again" : "Follow live again");
  }

  async #copy() {
    const button = byId("copy");
    try {
      await navigator.clipboard.writeText(byId("summary-json").textContent);
      setText(button, "Copied");
    } catch {
      getSelection().selectAllChildren(byId("summary-json"));
      setText(button, "Selected: copy it now");
    }
    setTimeout(() => setText(button, "Copy JSON"), 2000);
  }
}
