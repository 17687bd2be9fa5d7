/** Pictures that follow something live: fetched with credentials, shown as object URLs, and only while somebody can see them. */

const TICK_MS = 250;
const AT_ONCE = 3;
/** After a try that gave none, so that a picture that is not there is not asked for again and again. */
const PAUSE_MS = 10_000;

export class Previews {
  #api;
  /** By the element around the image: { image, path, everyMs, nextAt, visible, url }. */
  #watched = new Map();
  #running = 0;
  #observer;

  constructor(api) {
    this.#api = api;
    this.#observer = new IntersectionObserver((entries) => {
      for (const entry of entries) {
        const watch = this.#watched.get(entry.target);
        if (watch) watch.visible = entry.isIntersecting;
      }
    });
    setInterval(() => this.#tick(), TICK_MS);
  }

  /** Keep `image` at what `path` answers with; its parent element says whether it is in view. */
  watch(image, path, everyMs) {
    const box = image.parentElement;
    const known = this.#watched.get(box);
    if (known?.path === path && known.everyMs === everyMs) return;
    this.unwatch(image);
    this.#watched.set(box, { image, path, everyMs, nextAt: 0, visible: false, url: null });
    // Observed is the box: an image without a picture is hidden and would never come into view.
    this.#observer.observe(box);
  }

  unwatch(image) {
    const box = image.parentElement;
    const watch = this.#watched.get(box);
    if (!watch) return;
    this.#observer.unobserve(box);
    this.#watched.delete(box);
    this.#show(watch, null);
  }

  #tick() {
    if (document.hidden) return;
    const now = performance.now();
    const due = [...this.#watched.values()].filter((watch) => watch.visible && watch.nextAt <= now);
    due.sort((a, b) => a.nextAt - b.nextAt);
    for (const watch of due.slice(0, Math.max(0, AT_ONCE - this.#running))) this.#fetch(watch, now);
  }

  async #fetch(watch, now) {
    this.#running += 1;
    watch.nextAt = now + watch.everyMs;
    try {
      const blob = await this.#api.picture(watch.path);
      if (this.#watched.get(watch.image.parentElement) !== watch) return;
      if (blob) this.#show(watch, URL.createObjectURL(blob));
      else watch.nextAt = performance.now() + PAUSE_MS;
    } catch {
      watch.nextAt = performance.now() + PAUSE_MS;
    } finally {
      this.#running -= 1;
    }
  }

  #show(watch, url) {
    if (watch.url) URL.revokeObjectURL(watch.url);
    watch.url = url;
    if (url) watch.image.src = url;
    else watch.image.removeAttribute("src");
    watch.image.hidden = !url;
  }
}
