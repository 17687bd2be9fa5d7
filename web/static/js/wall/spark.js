/**
 * The small chart of a tile: smoothed probability over the last minutes. Drawn as SVG: two hundred canvases that come and go as
 * somebody scrolls take most of a frame each.
 */

import { el, setAttr, svg } from "../dom.js";

/** Seconds of media time. */
export const SPAN_S = 180;
/** Of so many seconds the highest is drawn. */
const STEP_S = 2;

export class Spark {
  #threshold = svg("path", { class: "spark-threshold" });
  #area = svg("path", { class: "spark-area" });
  #line = svg("path", { class: "spark-line" });

  constructor() {
    const drawing = svg("svg", { class: "spark", viewBox: `0 0 ${SPAN_S} 100`, preserveAspectRatio: "none", "aria-hidden": "true" });
    drawing.append(this.#threshold, this.#area, this.#line);
    this.node = el("span", "tile-chart", drawing);
  }

  draw(series, threshold) {
    setAttr(this.#threshold, "d", `M0 ${y(threshold)}H${SPAN_S}`);
    const points = pointsOf(series);
    const line = points.length > 1 ? `M${points.map(([x, value]) => `${x} ${y(value)}`).join("L")}` : "";
    setAttr(this.#line, "d", line);
    setAttr(this.#area, "d", line && `${line}L${points.at(-1)[0]} 100L${points[0][0]} 100Z`);
  }
}

/** How much prob rose over the last `overS` seconds of a series. Pure. */
export function riseOf(series, overS = 10) {
  const last = series.x.length - 1;
  if (last < 1) return 0;
  let from = last;
  while (from > 0 && series.x[from - 1] >= series.x[last] - overS) from -= 1;
  return series.prob[last] - series.prob[from];
}

/** [x, prob] of the last minutes, x from 0 to SPAN_S; of each step the highest. Pure. */
export function pointsOf(series) {
  const end = series.last;
  const points = [];
  for (let index = series.x.length - 1; index >= 0 && series.x[index] >= end - SPAN_S; index -= 1) {
    const x = SPAN_S - (end - series.x[index]);
    const before = points.at(-1);
    if (before && points.length > 1 && before[0] - x < STEP_S) before[1] = Math.max(before[1], series.prob[index]);
    else points.push([Number(x.toFixed(1)), series.prob[index]]);
  }
  return points.reverse();
}

const y = (prob) => (98 - 96 * prob).toFixed(1);
