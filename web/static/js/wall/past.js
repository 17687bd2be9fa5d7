/** What the charts of the wall show from before the page was opened: asked for tile by tile, few at a time. */

import { pointsOf } from "../series.js";
import { SPAN_S } from "./spark.js";

const AT_ONCE = 2;
const POINTS = 120;

export class Past {
  #api;
  #gone = new AbortController();
  /** Media that were asked for. */
  #asked = new Set();
  #queue = [];
  #running = 0;

  constructor(api) {
    this.#api = api;
  }

  /** Ask for the last minutes of the stream's media, once. */
  want(stream, series) {
    if (!stream.media || stream.prob === null || this.#asked.has(stream.media)) return;
    this.#asked.add(stream.media);
    this.#queue.push({ media: stream.media, from: Math.max(0, (stream.position ?? 0) - SPAN_S), series });
    this.#next();
  }

  close() {
    this.#queue = [];
    this.#gone.abort();
  }

  async #next() {
    if (this.#running >= AT_ONCE || !this.#queue.length) return;
    const { media, from, series } = this.#queue.shift();
    this.#running += 1;
    try {
      const query = new URLSearchParams({ from, max_points: POINTS });
      const { scores } = await this.#api.get(`/v1/media/${encodeURIComponent(media)}/scores?${query}`, { signal: this.#gone.signal });
      if (series.media === media) series.load(pointsOf(scores));
    } catch {
      // The chart begins with what comes now.
    }
    this.#running -= 1;
    this.#next();
  }
}
