/** The list of streams on the left: state, probability, preview; the arrow keys move in it. */

import { byId, el, icon, setAttr, setChildren, setHidden, setText } from "./dom.js";
import { STATE_WORDS, count, position, prob } from "./format.js";
import { isFinal, listed, openIncident } from "./state.js";

const THUMB_EVERY_MS = 2000;

/** Word, colour and shape of a state; used by the list and by the detail. */
export function stateMark() {
  const node = el("span", "state");
  const word = el("span");
  node.append(icon("connecting"), word);
  return {
    node,
    set(state) {
      if (node.dataset.state === state) return;
      node.dataset.state = state;
      node.querySelector("use").setAttribute("href", `#i-${state in STATE_WORDS ? state : "connecting"}`);
      setText(word, STATE_WORDS[state] ?? state);
    },
  };
}

export class StreamList {
  #rows = new Map();
  #previews;
  #onSelect;
  #shown = null;

  constructor(previews, onSelect) {
    this.#previews = previews;
    this.#onSelect = onSelect;
    this.#lists = [byId("active"), byId("final")];
    for (const list of this.#lists) list.addEventListener("keydown", (event) => this.#key(event));
  }

  #lists;

  render(state) {
    if (state.streams === this.#shown?.streams && state.selected === this.#shown.selected) return;
    this.#shown = state;
    const { active, final } = listed(state);
    for (const [id, row] of this.#rows) if (!state.streams.has(id)) this.#drop(id, row);
    setChildren(this.#lists[0], active.map((stream) => this.#row(stream, state)));
    setChildren(this.#lists[1], final.map((stream) => this.#row(stream, state)));
    setText(byId("active-count"), active.length ? count(active.length) : "");
    setText(byId("final-count"), count(final.length));
    setHidden(byId("active-none"), active.length > 0);
    setHidden(byId("final-part"), final.length === 0);
    // One row takes part in tabbing, the arrows reach the others.
    const first = state.selected ?? active[0]?.id ?? final[0]?.id;
    for (const [id, row] of this.#rows) setAttr(row.button, "tabindex", id === first ? "0" : "-1");
  }

  #row(stream, state) {
    let row = this.#rows.get(stream.id);
    if (!row) {
      row = this.#build(stream.id);
      this.#rows.set(stream.id, row);
    }
    setAttr(row.button, "aria-current", stream.id === state.selected ? "true" : null);
    if (row.stream !== stream) this.#update(row, stream);
    return row.node;
  }

  #build(id) {
    const row = { stream: null, image: el("img"), name: el("span", "row-name"), where: el("span", "row-where"), prob: el("span", "row-prob"),
      bar: el("span", "bar-fill"), tick: el("span", "bar-tick"), state: stateMark(), alarm: el("span", "alarm", icon("incident"), "Incident") };
    row.image.alt = "";
    row.image.hidden = true;
    row.button = el("button", "stream", el("span", "thumb", row.image), row.name,
      el("span", "row-state", row.alarm, row.state.node, row.where), row.prob, el("span", "bar", row.bar, row.tick));
    row.button.type = "button";
    row.button.dataset.id = id;
    row.button.addEventListener("click", () => this.#onSelect(id));
    row.node = el("li", "", row.button);
    return row;
  }

  #update(row, stream) {
    row.stream = stream;
    const over = !isFinal(stream) && openIncident(stream) !== null;
    const shown = isFinal(stream) ? (stream.summary?.gore?.prob ?? null) : stream.prob;
    setText(row.name, stream.name);
    setAttr(row.button, "title", stream.url && stream.url !== stream.name ? stream.url : null);
    row.state.set(stream.state);
    setHidden(row.alarm, !over);
    setText(row.where, stream.position === null || over ? "" : position(stream.position));
    setText(row.prob, prob(shown));
    setAttr(row.prob, "title", isFinal(stream) ? "Highest smoothed probability" : "Smoothed probability");
    row.button.classList.toggle("over", over);
    row.button.classList.toggle("final", isFinal(stream));
    row.bar.style.setProperty("--share", shown ?? 0);
    for (const node of [row.bar, row.prob]) node.classList.toggle("high", (shown ?? 0) >= stream.policy.threshold);
    row.tick.style.setProperty("--at", stream.policy.threshold);
    if (!isFinal(stream) && stream.prob !== null) this.#previews.watch(row.image, stream.id, THUMB_EVERY_MS);
    else this.#previews.unwatch(row.image);
  }

  #drop(id, row) {
    this.#previews.unwatch(row.image);
    row.node.remove();
    this.#rows.delete(id);
  }

  #key(event) {
    const steps = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity };
    if (!(event.key in steps)) return;
    const buttons = this.#lists.flatMap((list) => [...list.querySelectorAll("button.stream")]);
    const at = buttons.indexOf(document.activeElement);
    if (at < 0) return;
    event.preventDefault();
    const to = Math.min(buttons.length - 1, Math.max(0, at + steps[event.key]));
    buttons[to].focus();
    this.#onSelect(buttons[to].dataset.id);
  }
}
