/** The event log of one stream: newest first, bounded, filtered. */

import { el, make, setHidden } from "../dom.js";
import { eventLine } from "../eventline.js";
import { timeNode } from "../times.js";
import { t } from "../words.js";

const ROWS = 200;

const KINDS = {
  // Peaks come every second of an incident and are in the list of incidents anyway.
  notable: (entry) => entry.event.data?.state !== "peak",
  incident: (entry) => entry.type === "gore.incident",
};

export class EventLog {
  #id;
  #list = make("ol", { class: "log", id: "log", tabindex: "0", "aria-labelledby": "log-head" });
  #kind = make("select", { id: "log-kind", "aria-label": t("stream.logKind") },
    make("option", { value: "notable" }, t("stream.logNotable")), make("option", { value: "incident" }, t("stream.logIncident")));
  #none = el("p", "hint", t("stream.logNone"));
  /** The newest entry that is in the list already. */
  #seq = 0;

  /** @param id of the stream @param onFilter to be rendered again */
  constructor(id, onFilter) {
    this.#id = id;
    this.#kind.addEventListener("change", () => {
      this.#seq = 0;
      this.#list.replaceChildren();
      onFilter();
    });
    this.node = make("section", { class: "card", "aria-labelledby": "log-head" },
      el("div", "card-head", make("h2", { id: "log-head" }, t("stream.log")), this.#kind), this.#list, this.#none);
  }

  render(state) {
    if (state.seq > this.#seq) this.#add(state.log);
    this.#seq = state.seq;
    const empty = this.#list.children.length === 0;
    setHidden(this.#none, !empty);
    setHidden(this.#list, empty);
  }

  #add(log) {
    const rows = [];
    for (const entry of log) {
      if (entry.seq <= this.#seq || rows.length === ROWS) break;
      if ((entry.stream === this.#id || entry.stream === null) && KINDS[this.#kind.value](entry)) rows.push(row(entry));
    }
    this.#list.prepend(...rows);
    while (this.#list.children.length > ROWS) this.#list.lastElementChild.remove();
  }
}

function row(entry) {
  const node = el("li", "", timeNode(entry.time), el("span", "log-line", eventLine(entry.event)));
  node.dataset.type = entry.type;
  node.dataset.state = entry.event.data?.state ?? "";
  return node;
}
