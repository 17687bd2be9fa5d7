/** Points of a stretch that is not, or not finely enough, in memory: asked of the service when the view has come to rest. */

import { pointsOf } from "../series.js";

const POINTS = 2000;
const REST_MS = 250;
/** A stretch is fetched with so much beside it, so that small moves ask nothing. */
const BESIDE = 0.5;

export class Stored {
  /** Points in order of position, or null where memory is enough. */
  points = null;
  #api;
  #onLoaded;
  #media = null;
  #timer = 0;
  #asking = null;
  /** What `points` covers: { from, to, fine }, `fine` if nothing was thinned out. */
  #covered = null;

  constructor(api, onLoaded) {
    this.#api = api;
    this.#onLoaded = onLoaded;
  }

  /** Have the points of this stretch of the media, if memory (`series`) begins later or is thinned out. */
  want(media, series, [from, to], { whole }) {
    if (media !== this.#media) this.#forget(media);
    if (!media) return;
    const first = series.x[0] ?? Infinity;
    if (from >= first && whole) return;
    const covered = this.#covered;
    const enough = covered && from >= covered.from && Math.min(to, first) <= covered.to && (covered.fine || to - from > (covered.to - covered.from) / 3);
    if (enough) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#fetch(media, from, to), REST_MS);
  }

  close() {
    clearTimeout(this.#timer);
    this.#asking?.abort();
  }

  #forget(media) {
    this.close();
    this.#media = media;
    this.points = this.#covered = null;
  }

  async #fetch(media, from, to) {
    this.#asking?.abort();
    this.#asking = new AbortController();
    const beside = (to - from) * BESIDE;
    const [first, last] = [Math.max(0, from - beside), to + beside];
    const query = new URLSearchParams({ from: first, to: last, max_points: POINTS });
    try {
      const { scores } = await this.#api.get(`/v1/media/${encodeURIComponent(media)}/scores?${query}`, { signal: this.#asking.signal });
      if (media !== this.#media) return;
      this.points = pointsOf(scores);
      this.#covered = { from: first === 0 ? -Infinity : first, to: last, fine: scores.length < POINTS * 0.9 };
      this.#onLoaded();
    } catch {
      // What is in memory stays on the chart; the next move asks again.
    }
  }
}
