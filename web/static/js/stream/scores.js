/** The card of the chart: readings, how much is shown, the chart itself with the handles over it. */

import { button, el, make, setAttr, setHidden, setText } from "../dom.js";
import { position, prob } from "../format.js";
import { isFinal } from "../state.js";
import { t } from "../words.js";
import { openChart } from "./chart.js";
import { Handles } from "./handles.js";
import { Stored } from "./stored.js";

const SPANS_S = [120, 1200, 7200, 86_400, 0];
/** Shown around an incident, in seconds. */
const MARGIN_S = 10;
const READINGS = [["prob", "smoothed"], ["raw", "rawShort"], ["threshold", "threshold"], ["release", "release"], ["incident", "incident"]];

export class Scores {
  #chart = null;
  #handles = null;
  #closed = false;
  #stored;
  #onChange;
  #stream = null;
  #series = null;
  #read = null;
  #box = make("div", { class: "chart", id: "chart", role: "group" });
  #outputs = new Map(READINGS.map(([name]) => [name, make("output")]));
  #at = el("span", "read-at");
  #spans = SPANS_S.map((span) => ({ span, node: button(t(`stream.span.${span}`), () => this.#chart?.follow(span)) }));
  #follow = button("", () => this.#chart?.follow(), "follow");

  /** @param context of the page @param handlers onTry(policy): a line was moved; onChange(): to be rendered again */
  constructor(context, { onTry, onChange }) {
    this.#onChange = onChange;
    this.#stored = new Stored(context.api, onChange);
    const legend = el("ul", "legend", ...READINGS.map(([name, word]) => el("li", `k-${name}`, `${t(`stream.${word}`)} `, this.#outputs.get(name))));
    const spans = make("div", { class: "spans", role: "group", "aria-label": t("stream.spans") }, ...this.#spans.map(({ node }) => node));
    this.node = make("section", { class: "card chart-card", "aria-label": t("stream.chart") },
      el("div", "chart-bar", legend, this.#at, spans), this.#follow, this.#box);
    this.#load(onTry);
  }

  async #load(onTry) {
    try {
      const chart = await openChart(this.#box, { onRead: (index) => this.#point(index), onView: () => this.#onChange() });
      if (this.#closed) return chart.close();
      this.#chart = chart;
      this.#handles = new Handles(chart.over, onTry);
      this.#onChange();
    } catch {
      this.#box.append(el("p", "hint", t("stream.chartMissing")));
    }
  }

  close() {
    this.#closed = true;
    this.#stored.close();
    this.#chart?.close();
  }

  /** @param tryout whose policy the handles show, and whose incidents are outlined */
  render(stream, series, tryout) {
    this.#stream = stream;
    this.#series = series;
    if (!this.#chart) return;
    const live = !isFinal(stream);
    this.#chart.show({ series, stored: this.#stored.points, live, end: stream.position },
      { incidents: stream.incidents, trial: tryout.incidents, policy: stream.policy });
    this.#handles.show(tryout.shown);
    this.#stored.want(stream.media, series, this.#chart.range, { whole: live });
    this.#renderReading();
    this.#renderView(live);
  }

  showIncident(incident) {
    this.#chart?.zoom(incident.start - MARGIN_S, (incident.end ?? this.#series.last ?? incident.start) + MARGIN_S);
  }

  /** The page's keys for it. */
  get keys() {
    const key = (name, text, act) => ({ key: name, text: t(`stream.${text}`), run: () => this.#chart && act(this.#chart) });
    return [
      key("f", "keyFollow", (chart) => chart.follow()),
      key("+", "keyCloser", (chart) => chart.zoomBy(0.5)),
      key("-", "keyFurther", (chart) => chart.zoomBy(2)),
      key("ArrowLeft", "keyEarlier", (chart) => chart.pan(-0.3)),
      key("ArrowRight", "keyLater", (chart) => chart.pan(0.3)),
    ];
  }

  #point(index) {
    this.#read = index;
    this.#renderReading();
  }

  /** The readings beside the legend: where the pointer is, else the newest. */
  #renderReading() {
    if (!this.#chart || !this.#stream) return;
    const [x, probs, raws] = this.#chart.data;
    const pointed = this.#read !== null && this.#read < x.length;
    const at = pointed ? this.#read : x.length - 1;
    const { threshold, release } = this.#stream.policy;
    for (const [name, value] of Object.entries({ prob: probs[at], raw: raws[at], threshold, release })) setText(this.#outputs.get(name), prob(value ?? null));
    setText(this.#at, pointed ? t("stream.at", { at: position(x[at]) }) : "");
  }

  #renderView(live) {
    for (const { span, node } of this.#spans) setAttr(node, "aria-pressed", String(this.#chart.following && span === this.#chart.span));
    setHidden(this.#follow, this.#chart.following);
    setText(this.#follow, t(live ? "stream.follow" : "stream.all"));
    setAttr(this.#box, "aria-label", t("stream.chartLabel", { name: this.#stream.name, highest: prob(this.#highest()) }));
  }

  #highest() {
    const [x, probs] = this.#chart.data;
    const [from, to] = this.#chart.range;
    let highest = null;
    for (let index = 0; index < x.length; index += 1) if (x[index] >= from && x[index] <= to) highest = Math.max(highest ?? 0, probs[index]);
    return highest;
  }
}
