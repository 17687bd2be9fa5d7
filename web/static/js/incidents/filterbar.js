/** The fields by which incidents are filtered; on a narrow screen behind a button, which says how many are set. */

import { button, el, make, setAttr, setHidden, setText } from "../dom.js";
import { t } from "../words.js";
import { QUEUE, STATES, VERDICTS, isQueue, localOf, stampOf } from "./filters.js";

export class FilterBar {
  #filters;
  #onChange;
  #stream = make("select", { id: "filter-stream" });
  #verdict = choice("filter-verdict", VERDICTS.map((word) => [word, t(`incidents.verdict.${word}`)]));
  #state = choice("filter-state", STATES.map((word) => [word, t(`incidents.state.${word}`)]));
  #since = moment("filter-since");
  #until = moment("filter-until");
  #reset = button(t("incidents.toQueue"), () => this.set({ ...QUEUE }));
  #fold = make("button", { type: "button", class: "queue-fold", "aria-controls": "filters", "aria-expanded": "false", on: { click: () => this.#unfold() } });
  #form;
  #shown = "";

  /** @param onChange(filters) */
  constructor(filters, onChange) {
    this.#filters = filters;
    this.#onChange = onChange;
    const field = (name, input) => el("div", "field", make("label", { for: input.id }, t(`incidents.${name}`)), input);
    this.#form = make("form", { class: "queue-filters", id: "filters", "aria-label": t("incidents.filters") }, field("verdictLabel", this.#verdict), field("stream", this.#stream),
      field("stateLabel", this.#state), field("since", this.#since), field("until", this.#until), this.#reset);
    this.node = el("div", "", this.#fold, this.#form);
    this.#form.addEventListener("submit", (event) => event.preventDefault());
    this.#form.addEventListener("change", () => this.#read());
    this.#fill();
  }

  set(filters) {
    this.#filters = filters;
    this.#fill();
    this.#onChange(filters);
  }

  /** Offer these streams: name by id. */
  offer(names) {
    const { stream } = this.#filters;
    const all = new Map(names);
    if (stream && !all.has(stream)) all.set(stream, stream);
    const twice = new Set();
    const seen = new Set();
    for (const name of all.values()) (seen.has(name) ? twice : seen).add(name);
    const options = [["", t("incidents.everyStream")], ...[...all].map(([id, name]) => [id, twice.has(name) ? `${name} (${id.slice(-5)})` : name])];
    const key = JSON.stringify(options);
    // Options that change while somebody chooses would close the list.
    if (key === this.#shown || document.activeElement === this.#stream) return;
    this.#shown = key;
    this.#stream.replaceChildren(...options.map(option));
    this.#stream.value = stream;
  }

  #unfold() {
    setAttr(this.#fold, "aria-expanded", String(this.#fold.getAttribute("aria-expanded") !== "true"));
  }

  #read() {
    const { since, until } = this.#filters;
    // A stamp of the address may be finer than the field shows.
    const stamp = (input, before) => (input.value === localOf(before) ? before : stampOf(input.value));
    this.set({ verdict: this.#verdict.value, state: this.#state.value, stream: this.#stream.value,
      since: stamp(this.#since, since), until: stamp(this.#until, until) });
  }

  #fill() {
    const { verdict, state, stream, since, until } = this.#filters;
    this.#verdict.value = verdict;
    this.#state.value = state;
    this.#stream.value = stream;
    this.#since.value = localOf(since);
    this.#until.value = localOf(until);
    setHidden(this.#reset, isQueue(this.#filters));
    const n = Object.keys(QUEUE).filter((name) => this.#filters[name] !== QUEUE[name]).length;
    setText(this.#fold, n ? t("incidents.filtersSet", { n }) : t("incidents.filters"));
  }
}

const option = ([value, text]) => make("option", { value }, text);
const choice = (id, options) => make("select", { id }, ...options.map(option));
const moment = (id) => make("input", { id, type: "datetime-local", step: "1" });
