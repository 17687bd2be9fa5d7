/** Where the detector sees gore in the frame of a peak: cells laid over the picture, and the same in words. */

import { prob } from "../format.js";
import { el, make, setHidden, setText } from "../dom.js";
import { t } from "../words.js";

/** Of the canvas, for one of the picture's: its lines are thinner than that. */
const SCALE = 2;
const ORANGE = "255 120 0";
const STRONGEST = 0.7;
const LINES = [["rgb(0 0 0)", 7], ["rgb(255 255 255)", 3]];

export class Heat {
  #api;
  /** What is shown, or asked for: incident and peak. */
  #of = "";
  #found = null;
  #size = { width: 0, height: 0 };
  #asking = new AbortController();
  #text = el("span");
  /** Over the picture, which has the same place and shape. Its words are the legend's. */
  canvas = make("canvas", { class: "heat", "aria-hidden": "true", hidden: true });
  legend = make("p", { class: "heat-legend", id: "peak-heat", "aria-live": "polite", hidden: true },
    make("span", { class: "heat-ramp", "aria-hidden": "true" }, el("span", "", "0"), el("span", "", "1")), this.#text);

  constructor(api) {
    this.#api = api;
  }

  /** That of an incident, or none. Raises `Problem`. */
  async show(incident) {
    const of = incident ? `${incident.id} ${incident.peak}` : "";
    if (of === this.#of) return;
    this.#forget();
    this.#of = of;
    if (!incident) return;
    try {
      const found = await this.#api.get(`/v1/incidents/${encodeURIComponent(incident.id)}/heat`, { signal: this.#asking.signal });
      if (of !== this.#of) return;
      this.#found = found;
      this.#draw();
    } catch (problem) {
      if (problem.name === "AbortError" || of !== this.#of) return;
      this.#forget();
      throw problem;
    }
  }

  /** The picture under it has this size. */
  fit({ naturalWidth, naturalHeight }) {
    this.#size = { width: naturalWidth, height: naturalHeight };
    this.#draw();
  }

  close() {
    this.#forget();
  }

  #forget() {
    this.#asking.abort();
    this.#asking = new AbortController();
    this.#of = "";
    this.#found = null;
    this.#draw();
  }

  #draw() {
    const { width, height } = this.#size;
    setHidden(this.canvas, !this.#found || !width);
    setHidden(this.legend, !this.#found);
    setText(this.#text, this.#found ? words(this.#found) : "");
    if (this.canvas.hidden) return;
    this.canvas.width = width * SCALE;
    this.canvas.height = height * SCALE;
    draw(this.canvas.getContext("2d"), this.#found);
  }
}

function draw(context, { cells, region }) {
  const { width, height } = context.canvas;
  const across = width / cells[0].length;
  const down = height / cells.length;
  cells.forEach((row, y) => row.forEach((value, x) => {
    context.fillStyle = `rgb(${ORANGE} / ${(STRONGEST * value).toFixed(3)})`;
    context.fillRect(x * across, y * down, across, down);
  }));
  context.lineJoin = "round";
  for (const [colour, wide] of LINES) {
    context.strokeStyle = colour;
    context.lineWidth = wide;
    context.beginPath();
    for (const [x1, y1, x2, y2] of edges(region)) {
      // Whole also along the rim of the picture.
      const inside = (at, size) => Math.max(LINES[0][1] / 2, Math.min(size - LINES[0][1] / 2, at));
      context.moveTo(inside(x1 * across, width), inside(y1 * down, height));
      context.lineTo(inside(x2 * across, width), inside(y2 * down, height));
    }
    context.stroke();
  }
}

/** The sides of the region's cells beyond which it does not go on. */
function edges(region) {
  const has = (x, y) => region[y]?.[x] ?? false;
  const found = [];
  region.forEach((row, y) => row.forEach((marked, x) => {
    if (!marked) return;
    if (!has(x, y - 1)) found.push([x, y, x + 1, y]);
    if (!has(x, y + 1)) found.push([x, y + 1, x + 1, y + 1]);
    if (!has(x - 1, y)) found.push([x, y, x, y + 1]);
    if (!has(x + 1, y)) found.push([x + 1, y, x + 1, y + 1]);
  }));
  return found;
}

/** Who does not see the colours reads how likely, how much of the picture and whereabouts. */
function words({ cells, region }) {
  const marked = region.flatMap((row, y) => row.flatMap((is, x) => (is ? [[(x + 0.5) / row.length, (y + 0.5) / region.length]] : [])));
  const middle = (axis) => Math.floor((3 * marked.reduce((sum, at) => sum + at[axis], 0)) / marked.length);
  const share = Math.round((100 * marked.length) / (cells.length * cells[0].length));
  return t("incidents.heatLegend", { highest: prob(Math.max(...cells.flat())), share, where: t(`incidents.heatAt.${middle(1)}${middle(0)}`) });
}
