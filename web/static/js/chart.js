/** The live chart of one stream: raw and smoothed probability, threshold lines, incidents as marked spans. */

import uPlot from "../vendor/uplot/uPlot.esm.js";
import { position, prob } from "./format.js";

const COLOURS = ["prob", "raw", "threshold", "release", "incident", "incident-fill", "grid", "muted"];
const SPLITS = [0, 0.25, 0.5, 0.75, 1];
const FONT = '11px system-ui, "Segoe UI", "DejaVu Sans", sans-serif';
/** What a chart that shows everything so far has room for, in seconds. */
const STEPS_S = [30, 60, 120, 300, 600, 1200];

export class Chart {
  #box;
  #plot;
  #colours = {};
  #series = null;
  #version = -1;
  #policy = { threshold: 0.5, release: 0.4 };
  #incidents = [];
  #end = null;
  #live = true;
  /** Seconds shown when following, 0 for all: of a stream that runs, and of one that has ended. */
  #spans = { live: 120, final: 0 };
  /** A stretch that was zoomed to; null follows the newest point. */
  #zoom = null;

  /**
   * @param box element to fill
   * @param handlers onRead(index | null) when the pointer is over a point or leaves, onView() when zoom or span changed
   */
  constructor(box, handlers) {
    this.#box = box;
    this.handlers = handlers;
    this.#readColours();
    this.#plot = new uPlot(this.#options(), [[], [], []], box);
    new ResizeObserver(() => this.#fit()).observe(box);
    matchMedia("(prefers-color-scheme: light)").addEventListener("change", () => {
      this.#readColours();
      this.#plot.redraw(false, true);
    });
    // uPlot's own answer to a double click would show everything; ours goes back to following.
    this.#plot.over.addEventListener("dblclick", () => this.follow());
  }

  get following() {
    return this.#zoom === null;
  }

  get span() {
    return this.#spans[this.#live ? "live" : "final"];
  }

  follow(span = this.span) {
    this.#spans[this.#live ? "live" : "final"] = span;
    this.#zoom = null;
    this.#range();
    this.handlers.onView();
  }

  zoom(from, to) {
    this.#zoom = [Math.max(0, from), to];
    this.#range();
    this.handlers.onView();
  }

  /** Show this series; draws only when something changed. */
  show(series, { policy, incidents, live, end }) {
    const same = series === this.#series && series.version === this.#version && incidents === this.#incidents
      && policy === this.#policy && live === this.#live && end === this.#end;
    if (same) return;
    const turned = series !== this.#series || live !== this.#live;
    if (turned) this.#zoom = null;
    this.#series = series;
    this.#version = series.version;
    this.#policy = policy;
    this.#incidents = incidents;
    this.#live = live;
    this.#end = end;
    this.#plot.batch(() => {
      this.#plot.setData([series.x, series.prob, series.raw], false);
      this.#range();
    });
    if (turned) this.handlers.onView();
  }

  #range() {
    const last = Math.max(this.#series?.last ?? 0, this.#end ?? 0);
    const first = this.#series?.x[0] ?? 0;
    let [min, max] = this.#zoom ?? [0, 0];
    if (!this.#zoom) {
      const length = last - first;
      // A young stream fills a small window first: it grows in steps, so that the picture stands still in between.
      const room = STEPS_S.find((step) => step >= length) ?? length;
      const span = this.span ? Math.min(this.span, room) : room;
      min = Math.max(first, last - span);
      max = this.#live || !length ? min + span : last;
    }
    this.#plot.setScale("x", { min, max: Math.max(max, min + 0.1) });
  }

  #fit() {
    const { clientWidth: width, clientHeight: height } = this.#box;
    if (width && height) this.#plot.setSize({ width, height });
  }

  #readColours() {
    const style = getComputedStyle(document.documentElement);
    for (const name of COLOURS) this.#colours[name] = style.getPropertyValue(`--chart-${name}`).trim();
  }

  #options() {
    const colour = (name) => () => this.#colours[name];
    const axis = { stroke: colour("muted"), font: FONT, grid: { stroke: colour("grid"), width: 1 }, ticks: { show: false } };
    return {
      width: this.#box.clientWidth || 600,
      height: this.#box.clientHeight || 240,
      padding: [14, 14, 0, 0],
      legend: { show: false },
      cursor: { y: false, points: { size: 7 }, drag: { x: true, y: false, setScale: false } },
      scales: { x: { time: false, auto: false }, y: { auto: false, range: [0, 1] } },
      axes: [
        { ...axis, size: 24, space: 70, incrs: [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 3600, 7200, 21600, 86400],
          values: (_plot, values) => values.map(position) },
        { ...axis, size: 38, splits: () => SPLITS, values: (_plot, values) => values.map((value) => prob(value)) },
      ],
      series: [
        {},
        { stroke: colour("prob"), width: 2.25, points: { show: false }, spanGaps: false },
        { stroke: colour("raw"), width: 1, points: { show: false }, spanGaps: false },
      ],
      hooks: {
        drawClear: [(plot) => this.#drawFills(plot)],
        draw: [(plot) => this.#drawLines(plot), (plot) => this.#drawMarks(plot)],
        setCursor: [(plot) => this.handlers.onRead(plot.cursor.left >= 0 ? plot.cursor.idx : null)],
        setSelect: [(plot) => this.#selected(plot)],
      },
    };
  }

  #selected(plot) {
    const { left, width } = plot.select;
    if (width < 4) return;
    const from = plot.posToVal(left, "x");
    const to = plot.posToVal(left + width, "x");
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.zoom(from, to);
  }

  /** Spans under the curves: a fill, then, over the grid, a solid bar above and a mark at the peak. */
  #drawIncidents(plot, draw) {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, 0, bbox.width, bbox.top + bbox.height);
    ctx.clip();
    for (const incident of this.#incidents) {
      const from = plot.valToPos(incident.start, "x", true);
      const end = plot.valToPos(incident.end ?? this.#series?.last ?? incident.start, "x", true);
      const to = Math.max(from + 2 * uPlot.pxRatio, end);
      if (to >= bbox.left && from <= bbox.left + bbox.width) draw(incident, from, to - from);
    }
    ctx.restore();
  }

  #drawFills(plot) {
    this.#drawIncidents(plot, (_incident, left, width) => {
      plot.ctx.fillStyle = this.#colours["incident-fill"];
      plot.ctx.fillRect(left, plot.bbox.top, width, plot.bbox.height);
    });
  }

  #drawMarks(plot) {
    const scale = uPlot.pxRatio;
    this.#drawIncidents(plot, (incident, left, width) => {
      plot.ctx.fillStyle = this.#colours.incident;
      plot.ctx.fillRect(left, plot.bbox.top - 4 * scale, width, 3 * scale);
      if (incident.peakPosition !== null) this.#drawPeak(plot, plot.valToPos(incident.peakPosition, "x", true), scale);
    });
  }

  #drawPeak({ ctx, bbox }, x, scale) {
    const size = 4.5 * scale;
    ctx.beginPath();
    ctx.moveTo(x - size, bbox.top - 5 * scale - 1.6 * size);
    ctx.lineTo(x + size, bbox.top - 5 * scale - 1.6 * size);
    ctx.lineTo(x, bbox.top - 5 * scale);
    ctx.fill();
  }

  #drawLines(plot) {
    const { ctx, bbox } = plot;
    const scale = uPlot.pxRatio;
    const line = (value, colour, dash) => {
      const y = Math.round(plot.valToPos(value, "y", true)) + 0.5;
      ctx.strokeStyle = colour;
      ctx.setLineDash(dash.map((part) => part * scale));
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
    };
    ctx.save();
    ctx.lineWidth = 1.25 * scale;
    line(this.#policy.release, this.#colours.release, [1.5, 4]);
    line(this.#policy.threshold, this.#colours.threshold, [7, 4]);
    ctx.restore();
  }
}
