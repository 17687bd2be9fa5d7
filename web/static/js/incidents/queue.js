/** The list of incidents, by default those that nobody has reviewed, beside the one that is chosen. */

import { button, el, make, setHidden, setText } from "../dom.js";
import { t } from "../words.js";
import { Desk } from "./desk.js";
import { FilterBar } from "./filterbar.js";
import { filtersOf, hashOf, isQueue, matches } from "./filters.js";
import { ordered } from "./order.js";
import { incidentRow } from "./row.js";
import { Saving } from "./saving.js";
import { Source } from "./source.js";
import { Windowed } from "./windowed.js";
import { called, reviewOf } from "./words.js";

/** Of so many that others reviewed at once it is said by whom. */
const NAMED = 3;

export class Queue {
  #context;
  #filters;
  #source = null;
  #desk;
  #frame = 0;
  #closed = false;
  #shown = [];
  #chosen = null;
  /** Where the chosen one stood, for when it has left the list. */
  #place = 0;
  #count = make("p", { class: "hint", id: "queue-count", role: "status" });
  #problem = make("p", { class: "field-error", role: "alert" });
  #retry = button(t("incidents.retry"), () => (this.#source.loaded ? this.#source.look() : this.#source.more()));
  #empty = make("section", { class: "queue-empty", id: "queue-empty", tabindex: "-1" });
  #bar;
  #saving;
  #list;
  #parts;

  constructor(root, context, query) {
    this.#context = context;
    this.#filters = filtersOf(query);
    this.#desk = new Desk(context, {
      onChange: () => this.#later(),
      onDecided: (incident) => this.#decided(incident),
      onUndone: (incident) => this.#choose(incident.id),
      onNews: (incident) => this.#source.known.put(incident),
    });
    this.#bar = new FilterBar(this.#filters, (filters) => this.#filter(filters));
    this.#saving = new Saving(context.api, () => this.#filters);
    this.#list = new Windowed({ id: "queue", label: t("incidents.list"), build: incidentRow },
      { onChoose: (id) => this.#choose(id), onEnd: () => this.#source?.problem || this.#source?.more() });
    this.#lay(root);
    context.title(t("incidents.title"));
    context.keys.set([
      { key: "j", text: t("incidents.next"), run: () => this.#step(1) },
      { key: "k", text: t("incidents.previous"), run: () => this.#step(-1) },
      { key: "ArrowDown", text: t("incidents.next"), run: () => this.#step(1) },
      { key: "ArrowUp", text: t("incidents.previous"), run: () => this.#step(-1) },
      ...this.#desk.keys,
    ]);
    this.#follow();
  }

  close() {
    // What is sent as the page goes is answered when it is gone.
    this.#closed = true;
    cancelAnimationFrame(this.#frame);
    this.#source.close();
    this.#saving.close();
    this.#list.close();
    this.#desk.close();
  }

  #lay(root) {
    const step = (name, by, key) => {
      const node = button(t(`incidents.${name}`), () => this.#step(by), "quiet");
      node.append(" ", el("kbd", "", key));
      return node;
    };
    const steps = el("div", "queue-steps", step("previous", -1, "k"), step("next", 1, "j"));
    this.#parts = el("div", "queue-parts", el("div", "queue-side", steps, this.#list.node), this.#desk.detail.node);
    root.append(el("div", "queue-head", el("h1", "", t("incidents.title")), this.#count, this.#saving.node), this.#bar.node,
      el("div", "queue-problem", this.#problem, this.#retry), ...this.#desk.nodes, this.#empty, this.#parts);
  }

  #filter(filters) {
    this.#filters = filters;
    // Not by navigating: the page stays, and the focus with it.
    history.replaceState(history.state, "", hashOf(filters));
    this.#source.close();
    this.#chosen = null;
    this.#place = 0;
    this.#follow();
  }

  #follow() {
    this.#source = new Source(this.#context, this.#filters, { onChange: () => this.#later(), onOthers: (others) => this.#others(others) });
    this.#render();
  }

  #later() {
    if (this.#closed) return;
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#render();
    });
  }

  #render() {
    const { known, loaded, problem } = this.#source;
    const all = [...known.items.values()].map((incident) => this.#desk.decided(incident));
    this.#shown = ordered(all.filter((incident) => matches(incident, this.#filters)));
    this.#pick();
    this.#renderDetail();
    const none = this.#shown.length === 0;
    setHidden(this.#parts, none && !this.#desk.incident);
    this.#list.set(this.#shown, this.#chosen);
    this.#renderEmpty(none && loaded && !this.#source.hasMore);
    setText(this.#problem, problem ? problem.message : "");
    setHidden(this.#retry, !problem);
    setText(this.#count, loaded ? this.#counted() : problem ? "" : t("incidents.loading"));
    this.#bar.offer(this.#streams(all));
  }

  #counted() {
    const n = this.#shown.length;
    return t(`incidents.${this.#filters.verdict === "none" ? "waiting" : "found"}${this.#source.hasMore ? "More" : ""}`, { n });
  }

  /** Who is shown stays so although it left the list, until somebody moves on; nobody else is chosen but at first. */
  #pick() {
    const place = this.#shown.findIndex((incident) => incident.id === this.#chosen);
    if (place >= 0) this.#place = place;
    else if (this.#chosen === null && this.#shown.length) this.#chosen = this.#shown[(this.#place = Math.min(this.#place, this.#shown.length - 1))].id;
  }

  #renderDetail() {
    const listed = this.#shown.find((incident) => incident.id === this.#chosen);
    if (listed) this.#desk.show(listed);
    const hidden = this.#chosen === null;
    if (hidden) this.#desk.clear();
    if (hidden && this.#desk.detail.node.contains(document.activeElement)) this.#list.node.focus();
    setHidden(this.#desk.detail.node, hidden);
  }

  #renderEmpty(empty) {
    setHidden(this.#empty, !empty);
    if (!empty) return;
    const queue = isQueue(this.#filters);
    if (this.#empty.dataset.queue === String(queue)) return;
    this.#empty.dataset.queue = String(queue);
    const act = queue ? make("a", { class: "button", href: "#/" }, t("shell.toWall")) : button(t("incidents.toQueue"), () => this.#bar.set(filtersOf(new URLSearchParams())));
    this.#empty.replaceChildren(el("h2", "", t(queue ? "incidents.empty" : "incidents.noMatch")), el("p", "", t(queue ? "incidents.emptyText" : "incidents.noMatchText")), act);
  }

  #streams(incidents) {
    const names = new Map();
    for (const { stream, name } of incidents) if (stream && name) names.set(stream, name);
    for (const [id, { name }] of this.#context.store.state.streams) if (name) names.set(id, name);
    return names;
  }

  #choose(id) {
    this.#chosen = id;
    this.#render();
    this.#list.reveal(id);
  }

  #step(by) {
    const here = this.#list.placeOf(this.#chosen);
    // The one that stood after one that has left has its place now.
    const place = here >= 0 ? here + by : this.#place + Math.min(0, by);
    const next = this.#shown[Math.max(0, Math.min(this.#shown.length - 1, place))];
    if (next) this.#choose(next.id);
  }

  /** On to the one that follows, or to the one before at the end. */
  #decided({ id }) {
    if (id !== this.#chosen) return this.#render();
    const place = this.#list.placeOf(id);
    const stays = place >= 0 && matches(this.#desk.decided(this.#shown[place]), this.#filters);
    const following = this.#shown[place < 0 ? this.#place : place + 1];
    const other = stays ? this.#shown[place] : this.#shown[(place < 0 ? this.#place : place) - 1];
    this.#chosen = (following ?? other)?.id ?? null;
    this.#render();
    if (this.#chosen) this.#list.reveal(this.#chosen);
    else this.#empty.focus();
  }

  /** Other people reviewed some of them: say who, where it is few. */
  async #others({ gone, changed }) {
    const theirs = [...gone, ...changed].filter(({ id }) => !this.#desk.decisions.of(id));
    if (!theirs.length) return;
    if (theirs.length > NAMED) return this.#desk.say(t("incidents.othersMany", { n: theirs.length }));
    for (const { id } of theirs) {
      let incident;
      try {
        incident = await this.#context.api.get(`/v1/incidents/${encodeURIComponent(id)}`);
      } catch {
        // It is no longer kept: it has left the list, and there is nothing to say.
        continue;
      }
      if (!incident.review) continue;
      this.#desk.say(t("incidents.others", { what: called(incident), review: reviewOf(incident.review) }));
      if (id === this.#chosen) this.#desk.show(incident);
    }
  }
}
