/** What was decided and can still be taken back: a bar with the newest, and how long it waits. */

import { button, el, setHidden, setText } from "../dom.js";
import { t } from "../words.js";
import { called } from "./words.js";

const TICK_MS = 500;

export class Waiting {
  #text = el("span");
  #more = el("span", "muted");
  node;
  #timer = 0;
  #waiting = [];

  constructor(onUndo) {
    const undo = button(t("incidents.undo"), onUndo);
    undo.append(" ", el("kbd", "", "u"));
    undo.setAttribute("aria-keyshortcuts", "u");
    this.node = el("div", "queue-waiting", this.#text, this.#more, undo);
    this.node.id = "waiting";
    this.node.hidden = true;
  }

  /** @param waiting decisions, the newest last */
  show(waiting) {
    this.#waiting = waiting;
    clearInterval(this.#timer);
    if (waiting.length) this.#timer = setInterval(() => this.#draw(), TICK_MS);
    this.#draw();
  }

  close() {
    clearInterval(this.#timer);
  }

  #draw() {
    const newest = this.#waiting.at(-1);
    setHidden(this.node, !newest);
    if (!newest) return;
    const n = Math.max(1, Math.ceil((newest.dueAt - performance.now()) / 1000));
    setText(this.#text, t(`incidents.${newest.verdict}Waits`, { what: called(newest.incident), n }));
    setText(this.#more, this.#waiting.length > 1 ? t("incidents.moreWait", { n: this.#waiting.length - 1 }) : "");
  }
}
