/** Which stretch of media time a chart shows. Pure. */

/** What a chart that shows everything so far has room for, in seconds. */
const STEPS_S = [30, 60, 120, 300, 600, 1200];
const SHORTEST_S = 0.5;

/**
 * @param view { span, zoom }: follow the newest `span` seconds, 0 for all; or, with zoom = [from, to], stand still
 * @param at { first, last, live } of what there is
 * @returns [min, max]
 */
export function shownRange({ span, zoom }, { first, last, live }) {
  if (zoom) return [zoom[0], Math.max(zoom[1], zoom[0] + SHORTEST_S)];
  const length = last - first;
  // A young stream fills a small window first: it grows in steps, so that the picture stands still in between.
  const room = STEPS_S.find((step) => step >= length) ?? length;
  const width = span ? Math.min(span, room) : room;
  const min = Math.max(first, last - width);
  return [min, Math.max(live || !length ? min + width : last, min + 0.1)];
}

/** The range made longer or shorter around its middle, within what there is. */
export function zoomed([min, max], factor, { first, last }) {
  const half = Math.max(SHORTEST_S, (max - min) * factor) / 2;
  const middle = (min + max) / 2;
  return [Math.max(first, middle - half), Math.min(Math.max(last, first + SHORTEST_S), middle + half)];
}

/** The range moved by a share of its length, within what there is. */
export function panned([min, max], share, { first, last }) {
  const by = Math.min(Math.max((max - min) * share, first - min), Math.max(last - max, 0));
  return [min + by, max + by];
}

/** Points that the service stored, and after them what is in memory: [x, prob, raw]. */
export function joined(stored, series) {
  if (!stored?.length) return [series.x, series.prob, series.raw];
  const from = series.x[0] ?? Infinity;
  const until = stored.findIndex((point) => point.position >= from);
  const before = until < 0 ? stored : stored.slice(0, until);
  return [
    before.map((point) => point.position).concat(series.x),
    before.map((point) => point.prob).concat(series.prob),
    before.map((point) => point.raw).concat(series.raw),
  ];
}
