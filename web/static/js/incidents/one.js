/** The page of one incident, for links to it. */

import { el, make, setHidden, setText } from "../dom.js";
import { t } from "../words.js";
import { Desk } from "./desk.js";
import { Known } from "./known.js";
import { called, nameOf, reviewOf } from "./words.js";

const LOOK_EVERY_MS = 8000;

export class One {
  #context;
  #id;
  #known = new Known();
  #desk;
  #gone = new AbortController();
  #stops;
  #title = make("h1", {}, t("incidents.one"));
  #problem = make("p", { class: "field-error", role: "alert" });

  constructor(root, context, id) {
    this.#context = context;
    this.#id = id;
    this.#desk = new Desk(context, {
      onChange: () => this.#render(),
      onDecided: () => this.#render(),
      onUndone: () => this.#render(),
      onNews: (incident) => this.#known.put(incident),
    });
    root.append(el("p", "", make("a", { href: "#/incidents" }, t("incidents.back"))), this.#title, this.#problem, ...this.#desk.nodes, this.#desk.detail.node);
    context.title(t("incidents.one"));
    context.keys.set(this.#desk.keys);
    const timer = setInterval(() => document.hidden || this.#ask(), LOOK_EVERY_MS);
    this.#stops = [() => clearInterval(timer), context.onEvent((event) => this.#event(event))];
    this.#render();
    this.#ask();
  }

  close() {
    this.#gone.abort();
    for (const stop of this.#stops) stop();
    this.#desk.close();
  }

  async #ask() {
    const before = this.#known.items.get(this.#id);
    try {
      const incident = await this.#context.api.get(`/v1/incidents/${encodeURIComponent(this.#id)}`, { signal: this.#gone.signal });
      const theirs = before && incident.review && incident.review.at !== before.review?.at && !this.#desk.decisions.of(this.#id);
      this.#known.put(incident);
      if (theirs) this.#desk.say(t("incidents.others", { what: called(incident), review: reviewOf(incident.review) }));
      setText(this.#problem, "");
    } catch (problem) {
      if (problem.name === "AbortError") return;
      setText(this.#problem, problem.message);
    }
    this.#render();
  }

  #event(event) {
    if (event.type !== "gore.incident" || event.data?.incident?.id !== this.#id || !this.#known.items.has(this.#id)) return;
    this.#known.event(event, { stream: null, name: null });
    this.#render();
  }

  #render() {
    const incident = this.#known.items.get(this.#id);
    // What is sent as the page goes is answered when it is gone.
    if (this.#gone.signal.aborted) return;
    setHidden(this.#desk.detail.node, !incident);
    if (!incident) return;
    setText(this.#title, t("incidents.oneOf", { name: nameOf(incident) }));
    this.#desk.show(this.#desk.decided(incident), { alone: true });
  }
}
