/** The points of one stream's chart, in bounded memory and in order of position. Pure. */

export const MAX_POINTS = 4000;
/** Seconds of media time that a live chart looks back. */
export const MAX_SPAN_S = 1200;

export class Series {
  /** Media seconds, raw scores and smoothed probabilities, of one length. */
  x = [];
  raw = [];
  prob = [];
  media = null;
  /** Grows with every change. */
  version = 0;

  get last() {
    return this.x.length ? this.x[this.x.length - 1] : null;
  }

  clear(media) {
    this.x = [];
    this.raw = [];
    this.prob = [];
    this.media = media;
    this.version += 1;
  }

  /** One live reading. A position that is already there is replaced; an older one is ignored. */
  add(position, raw, prob) {
    if (!Number.isFinite(position)) return;
    const last = this.last;
    if (last !== null && position < last) return;
    if (position === last) {
      this.raw[this.raw.length - 1] = raw;
      this.prob[this.prob.length - 1] = prob;
    } else {
      this.x.push(position);
      this.raw.push(raw);
      this.prob.push(prob);
    }
    this.#forget();
    this.version += 1;
  }

  /** What the service has stored, under what has arrived since. */
  load(points) {
    const stored = thin(points, MAX_POINTS);
    const end = stored.length ? stored[stored.length - 1].position : -Infinity;
    const from = this.x.findIndex((position) => position > end);
    const later = from < 0 ? [[], [], []] : [this.x.slice(from), this.raw.slice(from), this.prob.slice(from)];
    this.x = stored.map((point) => point.position).concat(later[0]);
    this.raw = stored.map((point) => point.raw).concat(later[1]);
    this.prob = stored.map((point) => point.prob).concat(later[2]);
    this.#forget(Infinity);
    this.version += 1;
  }

  #forget(span = MAX_SPAN_S) {
    const oldest = this.last - span;
    // Cut in blocks, so that a full buffer does not move all its points with each new one.
    if (this.x.length <= MAX_POINTS && this.x[0] >= oldest - span / 10) return;
    let cut = Math.max(0, this.x.length - Math.floor(MAX_POINTS * 0.9));
    if (this.x.length <= MAX_POINTS) cut = 0;
    while (cut < this.x.length - 1 && this.x[cut] < oldest) cut += 1;
    this.x.splice(0, cut);
    this.raw.splice(0, cut);
    this.prob.splice(0, cut);
  }
}

/** `scores` of a detailed summary as points, whatever of its fields are there. */
export function pointsOf(scores) {
  if (!Array.isArray(scores)) return [];
  const number = (value) => (typeof value === "object" && value ? value.prob : value);
  return scores
    .map((one) => (Array.isArray(one)
      ? { position: one[0], raw: one[1], prob: one[2] }
      : { position: one.position, raw: number(one.raw), prob: number(one.prob ?? one.gore) }))
    .filter((point) => Number.isFinite(point.position) && Number.isFinite(point.prob))
    .map((point) => ({ ...point, raw: Number.isFinite(point.raw) ? point.raw : null }))
    .sort((a, b) => a.position - b.position);
}

/** At most `limit` points; of each stretch the one with the highest raw score stays, so that no peak is lost. */
export function thin(points, limit) {
  if (points.length <= limit) return points;
  const kept = [];
  const step = points.length / limit;
  for (let bucket = 0; bucket < limit; bucket += 1) {
    const stretch = points.slice(Math.floor(bucket * step), Math.floor((bucket + 1) * step));
    kept.push(stretch.reduce((best, point) => (Math.max(point.raw, point.prob) > Math.max(best.raw, best.prob) ? point : best)));
  }
  return kept;
}
