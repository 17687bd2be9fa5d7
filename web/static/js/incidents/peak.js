/**
 * The frame of an incident's peak: pixelated and grey, and clear only while a key or the pointer is held down.
 *
 * The clear picture is fetched when it is asked for, lives as long as it is shown, and for how long that was is told to the
 * service, which has written down that it was looked at. While the answer is on its way nothing is shown; who lets go
 * before it came has seen nothing, and that is told too.
 */

import { el, make, setAttr, setHidden, setText } from "../dom.js";
import { t } from "../words.js";

const LONGEST_S = 3600;
const HOLDING = new Set([" ", "Enter"]);

export class Peak {
  #api;
  #image = make("img", { alt: "", draggable: "false", hidden: true });
  #words = el("span", "peak-words");
  #button = make("button", { type: "button", class: "peak-frame", "aria-describedby": "peak-hint" }, this.#image, this.#words);
  #problem = make("p", { class: "field-error", role: "alert" });
  #hint = make("p", { class: "hint", id: "peak-hint" }, t("incidents.hold"));
  node = el("div", "peak-part", this.#button, this.#problem, this.#hint);
  #incident = null;
  #url = null;
  #asking = new AbortController();
  /** The picture that is held clear: { incident, url, view, sinceMs, released }. */
  #held = null;
  #stop = new AbortController();

  constructor(api) {
    this.#api = api;
    const on = (target, type, listener) => target.addEventListener(type, listener, { signal: this.#stop.signal });
    on(this.#button, "pointerdown", (event) => {
      if (event.button !== 0) return;
      this.#button.setPointerCapture(event.pointerId);
      this.hold();
    });
    for (const type of ["pointerup", "pointercancel", "lostpointercapture", "blur"]) on(this.#button, type, () => this.release());
    // A long touch would open the browser's menu for the picture.
    on(this.#button, "contextmenu", (event) => event.preventDefault());
    on(this.#button, "keydown", (event) => {
      if (!HOLDING.has(event.key)) return;
      event.preventDefault();
      if (!event.repeat) this.hold();
    });
    on(window, "keyup", () => this.release());
    for (const type of ["blur", "pagehide"]) on(window, type, () => this.release());
    on(document, "visibilitychange", () => this.release());
  }

  /** Show the picture of another incident, or a newer one of the same. */
  show(incident) {
    const before = this.#incident;
    this.#incident = incident;
    if (before?.id === incident.id && before.peak === incident.peak && before.picture === incident.picture) return;
    if (before?.id !== incident.id) {
      this.release();
      this.#replace(null);
      setText(this.#problem, "");
    }
    this.#pixelated(incident);
  }

  /** Show it clear from when it comes until `release`. */
  async hold() {
    if (this.#held || !this.#incident?.picture) return;
    const held = { incident: this.#incident.id, url: null, view: null, sinceMs: null, released: false };
    this.#held = held;
    setText(this.#problem, "");
    try {
      const response = await this.#api.request(`${path(held.incident)}?clear=1`, { cache: "no-store" });
      held.view = response.headers.get("X-View-Id");
      const blob = await response.blob();
      if (held.released) this.#tell(held, 0);
      else this.#reveal(held, blob);
    } catch (problem) {
      if (held.view) this.#tell(held, 0);
      if (this.#held === held) this.#held = null;
      if (this.#incident?.id === held.incident) setText(this.#problem, problem.status === 403 ? t("incidents.noClear") : problem.message);
    }
  }

  release() {
    const held = this.#held;
    if (!held) return;
    this.#held = null;
    held.released = true;
    if (held.sinceMs === null) return;
    this.#draw();
    URL.revokeObjectURL(held.url);
    this.#tell(held, Math.min(LONGEST_S, (performance.now() - held.sinceMs) / 1000));
  }

  close() {
    this.release();
    this.#stop.abort();
    this.#asking.abort();
    this.#replace(null);
  }

  #reveal(held, blob) {
    held.url = URL.createObjectURL(blob);
    held.sinceMs = performance.now();
    this.#draw();
  }

  async #pixelated(incident) {
    this.#asking.abort();
    this.#asking = new AbortController();
    if (!incident.picture) return this.#replace(null);
    try {
      const blob = await this.#api.picture(path(incident.id), { signal: this.#asking.signal });
      if (this.#incident?.id === incident.id) this.#replace(blob);
    } catch (problem) {
      if (problem.name !== "AbortError" && this.#incident?.id === incident.id) setText(this.#problem, problem.message);
    }
  }

  #replace(blob) {
    if (this.#url) URL.revokeObjectURL(this.#url);
    this.#url = blob ? URL.createObjectURL(blob) : null;
    this.#draw();
  }

  #draw() {
    const clear = this.#held?.url ?? null;
    const url = clear ?? this.#url;
    setAttr(this.#image, "src", url);
    setHidden(this.#image, !url);
    setAttr(this.#button, "data-clear", clear ? "true" : null);
    setAttr(this.#button, "aria-disabled", this.#url ? null : "true");
    setAttr(this.#button, "aria-label", t(clear ? "incidents.pictureClear" : this.#url ? "incidents.picture" : "incidents.pictureNone"));
    setText(this.#words, url ? "" : t("incidents.pictureNone"));
    setHidden(this.#hint, !this.#url);
  }

  #tell({ view }, seconds) {
    if (!view) return;
    const body = JSON.stringify({ seconds });
    const headers = { "Content-Type": "application/json" };
    // Where this fails the view itself is written down all the same.
    this.#api.request(`/v1/views/${encodeURIComponent(view)}/shown`, { method: "POST", keepalive: true, headers, body }).catch(() => {});
  }
}

const path = (id) => `/v1/incidents/${encodeURIComponent(id)}/thumbnail.jpg`;
