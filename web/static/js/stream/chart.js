/** The chart of one media: raw and smoothed probability, threshold lines, incidents as marked spans. */

import { position, prob } from "../format.js";
import { colours, onTheme } from "../theme.js";
import { COLOURS, drawFills, drawLines, drawMarks } from "./marks.js";
import { joined, panned, shownRange, zoomed } from "./range.js";
import { loadUplot } from "./uplot.js";

const SPLITS = [0, 0.25, 0.5, 0.75, 1];
const FONT = 'system-ui, "Segoe UI", "DejaVu Sans", sans-serif';
/** Of the text of the page on most screens, which is larger on a wall (css/shell.css): what is drawn grows with it. */
const USUAL_PX = 14;
const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 3600, 7200, 21_600, 43_200, 86_400];

/** A chart in `box`, once its library is there. Raises an error where it cannot be loaded. */
export async function openChart(box, handlers) {
  return new Chart(await loadUplot(), box, handlers);
}

class Chart {
  #box;
  #plot;
  #handlers;
  #colours = colours(COLOURS);
  #unit = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / USUAL_PX;
  #marks = { incidents: [], trial: [], policy: { threshold: 0.5, release: 0.4 }, last: null };
  /** What is drawn: see `show`. */
  #shown = { series: null, version: -1, stored: null, live: true, end: null };
  /** Seconds followed, 0 for all: of a stream that runs, and of one that has ended. */
  #spans = { live: 120, final: 0 };
  /** A stretch that was zoomed to; null follows the newest point. */
  #zoom = null;
  #stops;

  /** @param handlers onRead(index | null): the pointer is over a point or left; onView(): another stretch is shown */
  constructor(uPlot, box, handlers) {
    this.#box = box;
    this.#handlers = handlers;
    this.#plot = new uPlot(this.#options(), [[], [], []], box);
    const fitted = new ResizeObserver(() => this.#fit());
    fitted.observe(box);
    const repainted = onTheme(() => {
      this.#colours = colours(COLOURS);
      this.#plot.redraw(false, true);
    });
    this.#stops = [() => fitted.disconnect(), repainted];
    // uPlot's own answer to a double click would show everything; ours goes back to following.
    this.#plot.over.addEventListener("dblclick", () => this.follow());
  }

  close() {
    for (const stop of this.#stops) stop();
    this.#plot.destroy();
  }

  get following() {
    return this.#zoom === null;
  }

  get span() {
    return this.#spans[this.#kind];
  }

  /** [min, max] of media seconds. */
  get range() {
    return shownRange({ span: this.span, zoom: this.#zoom }, this.#there());
  }

  /** [x, prob, raw] as drawn. */
  get data() {
    return this.#plot.data;
  }

  /** The plotting area, for handles over it. */
  get over() {
    return this.#plot.over;
  }

  follow(span = this.span) {
    this.#spans[this.#kind] = span;
    this.#view(null);
  }

  zoom(from, to) {
    this.#view([Math.max(0, from), to]);
  }

  zoomBy(factor) {
    this.#view(zoomed(this.range, factor, this.#there()));
  }

  pan(share) {
    this.#view(panned(this.range, share, this.#there()));
  }

  /** @param shown { series, stored, live, end }: points in memory, those fetched for a longer stretch, whether it runs, its last second */
  show(shown, marks) {
    const { series, stored, live, end } = shown;
    const before = this.#shown;
    const other = before.series !== series || before.media !== series.media || before.live !== live;
    const drawn = !other && before.version === series.version && before.stored === stored && before.end === end;
    const marked = ["incidents", "trial", "policy"].every((name) => this.#marks[name] === marks[name]);
    if (drawn && marked) return;
    if (other) this.#zoom = null;
    this.#shown = { series, media: series.media, version: series.version, stored, live, end };
    this.#marks = { ...marks, last: series.last };
    this.#plot.batch(() => {
      this.#plot.setData(joined(stored, series), false);
      this.#scale();
    });
    if (other) this.#handlers.onView();
  }

  get #kind() {
    return this.#shown.live ? "live" : "final";
  }

  #there() {
    const { series, live, end } = this.#shown;
    return { first: 0, last: Math.max(series?.last ?? 0, end ?? 0), live };
  }

  #view(zoom) {
    this.#zoom = zoom;
    this.#scale();
    this.#handlers.onView();
  }

  #scale() {
    const [min, max] = this.range;
    this.#plot.setScale("x", { min, max });
  }

  #fit() {
    const { clientWidth: width, clientHeight: height } = this.#box;
    if (width && height) this.#plot.setSize({ width, height });
  }

  #options() {
    const colour = (name) => () => this.#colours[`chart-${name}`];
    const unit = this.#unit;
    const axis = { stroke: colour("muted"), font: `${11 * unit}px ${FONT}`, grid: { stroke: colour("grid"), width: 1 }, ticks: { show: false } };
    return {
      width: this.#box.clientWidth || 600,
      height: this.#box.clientHeight || 240,
      padding: [14 * unit, 14 * unit, 0, 0],
      legend: { show: false },
      cursor: { y: false, points: { size: 7 * unit }, drag: { x: true, y: false, setScale: false } },
      scales: { x: { time: false, auto: false }, y: { auto: false, range: [0, 1] } },
      axes: [
        { ...axis, size: 24 * unit, space: 70 * unit, incrs: STEPS_S, values: (_plot, values) => values.map(position) },
        { ...axis, size: 38 * unit, splits: () => SPLITS, values: (_plot, values) => values.map((value) => prob(value)) },
      ],
      series: [
        {},
        { stroke: colour("prob"), width: 2.25 * unit, points: { show: false }, spanGaps: false },
        { stroke: colour("raw"), width: unit, points: { show: false }, spanGaps: false },
      ],
      hooks: {
        drawClear: [(plot) => drawFills(plot, this.#marks, this.#colours)],
        draw: [drawLines, drawMarks].map((draw) => (plot) => draw(plot, this.#marks, this.#colours, unit)),
        setCursor: [(plot) => this.#handlers.onRead(plot.cursor.left >= 0 ? plot.cursor.idx : null)],
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
}
