/** Word, colour and shape of a stream's state. */

import { icon, el, setText } from "./dom.js";
import { known, t } from "./words.js";

/** @returns { node, set(state) }, where `state` may also be "incident" */
export function stateMark() {
  const word = el("span");
  const node = el("span", "state", icon("connecting"), word);
  return {
    node,
    set(state) {
      if (node.dataset.state === state) return;
      node.dataset.state = state;
      const key = `state.${state}`;
      node.querySelector("use").setAttribute("href", `#i-${known(key) ? state : "connecting"}`);
      setText(word, known(key) ? t(key) : state);
    },
  };
}
