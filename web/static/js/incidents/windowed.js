/** A list of any length of which only the rows in view are in the document. One row is chosen; arrow keys move the choice. */

import { make, setAttr } from "../dom.js";

/** Rows above and below what can be seen. */
const AHEAD = 6;
const STEPS = { ArrowUp: -1, ArrowDown: 1, Home: -Infinity, End: Infinity };

export class Windowed {
  #spacer = make("div", { class: "queue-rows", role: "presentation" });
  #build;
  #handlers;
  #items = [];
  /** Place by id. */
  #places = new Map();
  #chosen = null;
  /** Rows in the document, by id. */
  #rows = new Map();
  #heightPx = 0;
  #frame = 0;
  #resize;

  /** @param build() → { node, fill(item) } @param handlers onChoose(id); onEnd(): the last rows came into view */
  constructor({ id, label, build }, handlers) {
    this.#build = build;
    this.#handlers = handlers;
    this.node = make("div", { class: "queue-list", id, role: "listbox", tabindex: "0", "aria-label": label,
      on: { scroll: () => this.#later(), click: (event) => this.#click(event), keydown: (event) => this.#press(event) } }, this.#spacer);
    this.#resize = new ResizeObserver(() => {
      this.#heightPx = 0;
      this.#later();
    });
    this.#resize.observe(this.node);
  }

  close() {
    this.#resize.disconnect();
    cancelAnimationFrame(this.#frame);
  }

  placeOf(id) {
    return this.#places.get(id) ?? -1;
  }

  /** What it shows. What is in view stays where it is, whatever comes or goes above it. */
  set(items, chosen) {
    const top = this.node.scrollTop;
    const first = top > 0 && this.#heightPx ? this.#items[Math.floor(top / this.#heightPx)] : undefined;
    const before = first ? this.placeOf(first.id) : -1;
    this.#items = items;
    this.#places = new Map(items.map((item, place) => [item.id, place]));
    this.#chosen = chosen;
    this.#draw();
    const now = first ? this.placeOf(first.id) : -1;
    if (now < 0 || now === before) return;
    this.node.scrollTop = top + (now - before) * this.#heightPx;
    this.#draw();
  }

  /** Bring a row into view. */
  reveal(id) {
    const place = this.placeOf(id);
    if (place < 0 || !this.#heightPx) return;
    const top = place * this.#heightPx;
    const { scrollTop, clientHeight } = this.node;
    if (top < scrollTop) this.node.scrollTop = top;
    else if (top + this.#heightPx > scrollTop + clientHeight) this.node.scrollTop = top + this.#heightPx - clientHeight;
  }

  #later() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
    });
  }

  #draw() {
    this.#heightPx ||= Number.parseFloat(getComputedStyle(this.#spacer).lineHeight) || 0;
    const height = this.#heightPx;
    this.#spacer.style.height = `${this.#items.length * height}px`;
    if (!height) return;
    const from = Math.max(0, Math.floor(this.node.scrollTop / height) - AHEAD);
    const to = Math.min(this.#items.length, Math.ceil((this.node.scrollTop + this.node.clientHeight) / height) + AHEAD);
    const places = new Set(Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index));
    // The chosen one is named by the list, so it must be there, in view or not.
    const chosen = this.placeOf(this.#chosen);
    if (chosen >= 0) places.add(chosen);
    const ids = new Set([...places].map((place) => this.#items[place].id));
    for (const [id, row] of this.#rows) {
      if (ids.has(id)) continue;
      row.node.remove();
      this.#rows.delete(id);
    }
    for (const place of [...places].sort((a, b) => a - b)) this.#row(place);
    setAttr(this.node, "aria-activedescendant", chosen >= 0 ? rowId(this.#chosen) : null);
    if (to >= this.#items.length - AHEAD) this.#handlers.onEnd();
  }

  #row(place) {
    const item = this.#items[place];
    let row = this.#rows.get(item.id);
    if (!row) {
      row = this.#build();
      for (const [name, value] of Object.entries({ id: rowId(item.id), role: "option", "data-id": item.id })) row.node.setAttribute(name, value);
      this.#rows.set(item.id, row);
      this.#spacer.append(row.node);
    }
    row.node.style.top = `${place * this.#heightPx}px`;
    setAttr(row.node, "aria-selected", item.id === this.#chosen ? "true" : "false");
    setAttr(row.node, "aria-posinset", place + 1);
    setAttr(row.node, "aria-setsize", this.#items.length);
    row.fill(item);
  }

  #click(event) {
    const row = event.target.closest("[role=option]");
    if (row) this.#handlers.onChoose(row.dataset.id);
  }

  #press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.#items.length) return;
    const page = Math.max(1, Math.floor(this.node.clientHeight / (this.#heightPx || 1)) - 1);
    const step = { ...STEPS, PageUp: -page, PageDown: page }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const place = Math.max(0, Math.min(this.#items.length - 1, this.placeOf(this.#chosen) + step));
    this.#handlers.onChoose(this.#items[place].id);
  }
}

const rowId = (id) => `row-${id}`;
