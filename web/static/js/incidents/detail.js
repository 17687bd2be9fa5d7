/** One incident: its picture, what is known of it, what was said of it, and what can be said. */

import { button, el, make, setAttr, setHidden, setText } from "../dom.js";
import { position, prob } from "../format.js";
import { toIncident, toReport, toStream } from "../routes.js";
import { stateMark } from "../statemark.js";
import { setTime, timeNode } from "../times.js";
import { t } from "../words.js";
import { Peak } from "./peak.js";
import { lastedOf, nameOf, reviewOf } from "./words.js";

export class Detail {
  #api;
  #gone = new AbortController();
  #shown = null;
  #trailOf = "";
  #name = el("h2");
  #mark = stateMark();
  #facts = { began: make("time"), lasted: el("dd"), peak: el("dd", "detail-peak"), at: el("dd") };
  #links = { stream: make("a", {}, t("incidents.toStream")), report: make("a", {}, t("incidents.toReport")), own: make("a", {}, t("incidents.toOwn")) };
  #said = make("p", { class: "detail-said" });
  #trail = el("ol", "detail-trail");
  #trailPart = el("section", "", el("h3", "", t("incidents.trail")), this.#trail);

  /** @param on confirm(), dismiss(), note() */
  constructor(api, on) {
    this.#api = api;
    this.peak = new Peak(api);
    const act = (name, key, className) => make("button", { type: "button", class: className, "aria-keyshortcuts": key, on: { click: on[name] } },
      t(`incidents.${name}`), " ", el("kbd", "", key));
    const fact = (name, value) => el("div", "", el("dt", "", t(`incidents.${name}`)), value);
    const { began, lasted, peak, at } = this.#facts;
    this.node = make("section", { class: "detail", "aria-label": t("incidents.detail") },
      el("div", "detail-head", this.#name, this.#mark.node), this.peak.node,
      el("div", "detail-acts", act("confirm", "c", "danger"), act("dismiss", "d", ""), act("note", "n", "")), this.#said,
      el("dl", "facts", fact("peak", peak), fact("at", at), fact("began", el("dd", "", began)), fact("lasted", lasted)),
      el("p", "detail-links", ...Object.values(this.#links)), this.#trailPart);
    this.#mark.set("incident");
    this.#trailPart.hidden = true;
  }

  /** @param alone whether this is the page of this incident */
  show(incident, { alone = false } = {}) {
    if (incident === this.#shown) return;
    this.#shown = incident;
    setText(this.#name, nameOf(incident));
    this.#mark.node.hidden = incident.state !== "open";
    setText(this.#facts.peak, prob(incident.peak));
    setText(this.#facts.at, position(incident.peak_position));
    setTime(this.#facts.began, incident.started, { date: true });
    setText(this.#facts.lasted, lastedOf(incident));
    this.#link("stream", incident.stream && toStream(incident.stream));
    this.#link("report", incident.state === "ended" && toReport(incident.media));
    this.#link("own", !alone && toIncident(incident.id));
    setText(this.#said, incident.review ? reviewOf(incident.review) : t("incidents.unreviewed"));
    setAttr(this.#said, "data-verdict", incident.review?.verdict);
    this.peak.show(incident);
    this.#askTrail(incident);
  }

  close() {
    this.#gone.abort();
    this.peak.close();
  }

  #link(name, href) {
    setAttr(this.#links[name], "href", href || null);
    setHidden(this.#links[name], !href);
  }

  /** Every review of it: asked for when there is one, and again when there is a newer one. */
  async #askTrail(incident) {
    const of = incident.review && !incident.review.waits ? `${incident.id} ${incident.review.at}` : "";
    if (of === this.#trailOf) return;
    this.#trailOf = of;
    setHidden(this.#trailPart, true);
    if (!of) return;
    try {
      const { reviews } = await this.#api.get(`/v1/incidents/${encodeURIComponent(incident.id)}/reviews`, { signal: this.#gone.signal });
      if (of !== this.#trailOf) return;
      this.#trail.replaceChildren(...reviews.map(reviewLine));
      setHidden(this.#trailPart, reviews.length === 0);
    } catch {
      // The newest review is there without it; it is asked for again when there is another one.
      if (of === this.#trailOf) this.#trailOf = "";
    }
  }
}

function reviewLine(review) {
  const line = el("li", "", el("span", "", reviewOf(review)), timeNode(review.at, { date: true }));
  if (review.note) line.append(el("q", "", review.note));
  return line;
}
