/** The streams that ended, newest first, with the highest that each came to. */

import { el, make, setAttr, setChildren, setHidden, setText } from "../dom.js";
import { prob } from "../format.js";
import { toStream } from "../routes.js";
import { listed } from "../state.js";
import { stateMark } from "../statemark.js";
import { setTime } from "../times.js";
import { t } from "../words.js";

const MOST = 25;

export function endedList() {
  const list = make("ul", { class: "ended", id: "ended" });
  const node = el("section", "ended-part", el("h2", "", t("wall.ended")), list);
  const rows = new Map();
  let shown = null;
  return {
    node,
    render(state) {
      if (state.streams === shown) return;
      shown = state.streams;
      const final = listed(state).final.slice(0, MOST);
      const ids = new Set(final.map((stream) => stream.id));
      for (const id of rows.keys()) if (!ids.has(id)) rows.delete(id);
      setChildren(list, final.map((stream) => rowOf(rows, stream)));
      setHidden(node, final.length === 0);
    },
  };
}

function rowOf(rows, stream) {
  if (!rows.has(stream.id)) rows.set(stream.id, build(stream.id));
  const row = rows.get(stream.id);
  if (row.stream === stream) return row.node;
  row.stream = stream;
  const highest = stream.summary?.gore?.prob ?? null;
  setText(row.name, stream.name);
  row.state.set(stream.state);
  setTime(row.time, stream.started, { date: true });
  setText(row.prob, highest === null ? "" : `${t("wall.highest")} ${prob(highest)}`);
  setAttr(row.prob, "data-level", (highest ?? 0) >= stream.policy.threshold ? "high" : null);
  return row.node;
}

function build(id) {
  const row = { stream: null, name: el("span", "ended-name"), state: stateMark(), time: make("time"), prob: el("span", "ended-prob") };
  row.node = el("li", "", make("a", { href: toStream(id) }, row.name, row.state.node, row.time, row.prob));
  return row;
}
