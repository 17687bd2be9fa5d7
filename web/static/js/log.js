/** The event log: newest first, bounded, filtered. */

import { byId, el, setHidden, setText } from "./dom.js";
import { clock, eventLine, utc } from "./format.js";

const ROWS = 200;

const KINDS = {
  all: () => true,
  // Peaks come every second of an incident and are in the list of incidents anyway.
  notable: (entry) => entry.type !== "gore.prob" && entry.event.data?.state !== "peak",
  incident: (entry) => entry.type === "gore.incident",
};

export class EventLog {
  #list = byId("log");
  #scope = byId("log-scope");
  #kind = byId("log-kind");
  /** What the rows in the document were made from. */
  #filter = "";
  #seq = 0;

  constructor(onSelect, onFilter) {
    for (const select of [this.#scope, this.#kind]) select.addEventListener("change", onFilter);
    this.#list.addEventListener("click", (event) => {
      const id = event.target.closest("button")?.dataset.id;
      if (id) onSelect(id);
    });
  }

  render(state) {
    const everywhere = this.#scope.value === "all";
    const filter = `${this.#kind.value} ${everywhere ? "*" : state.selected}`;
    if (filter !== this.#filter) {
      this.#filter = filter;
      this.#seq = 0;
      this.#list.replaceChildren();
    }
    if (state.seq === this.#seq) return;
    const wanted = KINDS[this.#kind.value];
    const rows = [];
    for (const entry of state.log) {
      if (entry.seq <= this.#seq || rows.length === ROWS) break;
      const ours = everywhere || entry.stream === state.selected || entry.stream === null;
      if (ours && wanted(entry)) rows.push(row(entry, everywhere ? state.streams.get(entry.stream) : null));
    }
    this.#seq = state.seq;
    this.#list.prepend(...rows);
    while (this.#list.children.length > ROWS) this.#list.lastElementChild.remove();
    setHidden(byId("log-none"), this.#list.children.length > 0);
    setHidden(this.#list, this.#list.children.length === 0);
  }
}

function row(entry, stream) {
  const time = el("time");
  time.dateTime = entry.time ?? "";
  time.title = utc(entry.time);
  setText(time, clock(entry.time));
  const node = el("li", "", time);
  node.dataset.type = entry.type;
  node.dataset.state = entry.event.data?.state ?? "";
  if (stream) {
    const button = el("button", "log-stream", stream.name);
    button.type = "button";
    button.dataset.id = stream.id;
    node.append(button);
  }
  node.append(el("span", "log-line", eventLine(entry.event)));
  return node;
}
