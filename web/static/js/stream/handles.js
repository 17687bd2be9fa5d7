/** The handles of threshold and release over the chart: dragged, or moved by the arrow keys. */

import { make, setAttr } from "../dom.js";
import { prob } from "../format.js";
import { t } from "../words.js";

const NAMES = ["threshold", "release"];
const STEP = 0.01;
const LEAP = 0.1;
const LEAST = 0.01;
const STEPS = { ArrowUp: STEP, ArrowRight: STEP, ArrowDown: -STEP, ArrowLeft: -STEP, PageUp: LEAP, PageDown: -LEAP, Home: -1, End: 1 };

/** The release is never above the threshold: moving one takes the other along. Pure. */
export function moved(policy, name, value) {
  const at = Math.round(Math.min(1, Math.max(LEAST, value)) * 100) / 100;
  if (name === "threshold") return { ...policy, threshold: at, release: Math.min(policy.release, at) };
  return { ...policy, release: at, threshold: Math.max(policy.threshold, at) };
}

export class Handles {
  #nodes;
  #policy = null;
  #onMove;

  /** @param over the plotting area @param onMove(policy) with the tried one */
  constructor(over, onMove) {
    this.#onMove = onMove;
    this.#nodes = new Map(NAMES.map((name) => [name, this.#build(name, over)]));
    over.append(...this.#nodes.values());
  }

  show(policy) {
    if (policy === this.#policy) return;
    this.#policy = policy;
    for (const [name, node] of this.#nodes) {
      node.style.top = `${(1 - policy[name]) * 100}%`;
      setAttr(node, "aria-valuenow", policy[name]);
      setAttr(node, "aria-valuetext", prob(policy[name]));
    }
  }

  #build(name, over) {
    const node = make("div", { class: `handle handle-${name}`, role: "slider", tabindex: "0", "aria-orientation": "vertical",
      "aria-valuemin": String(LEAST), "aria-valuemax": "1", "aria-label": t(`stream.handle.${name}`), title: t(`stream.handle.${name}`) });
    const move = (value) => this.#onMove(moved(this.#policy, name, value));
    node.addEventListener("keydown", (event) => {
      if (!Object.hasOwn(STEPS, event.key)) return;
      event.preventDefault();
      move(this.#policy[name] + STEPS[event.key]);
    });
    node.addEventListener("pointerdown", (event) => {
      event.stopPropagation();
      node.setPointerCapture(event.pointerId);
    });
    node.addEventListener("pointermove", (event) => {
      if (!node.hasPointerCapture(event.pointerId)) return;
      const { top, height } = over.getBoundingClientRect();
      move(1 - (event.clientY - top) / height);
    });
    // The chart under it takes a mouse that is pressed as the beginning of a zoom, and a double click as following.
    for (const type of ["mousedown", "dblclick"]) node.addEventListener(type, (event) => event.stopPropagation());
    return node;
  }
}
