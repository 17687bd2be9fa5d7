/**
 * The frame of an incident's peak: pixelated and grey, and clear only while a key or the pointer is held down.
 *
 * The clear picture is fetched when it is asked for, lives as long as it is shown, and for how long that was is told to the
 * service, which has written down that it was looked at. While the answer is on its way nothing is shown; who lets go
 * before it came has seen nothing, and that is told too. Where the detector tells what drove the score, that can be laid
 * over the picture, and be left covered while the rest is clear; both choices hold until they are changed.
 */

import { el, make, setAttr, setHidden, setText } from "../dom.js";
import { prefs } from "../prefs.js";
import { t } from "../words.js";
import { Heat } from "./heat.js";

const LONGEST_S = 3600;
const HOLDING = new Set([" ", "Enter"]);

export class Peak {
  #api;
  #heat;
  #image = make("img", { alt: "", draggable: "false", hidden: true });
  #words = el("span", "peak-words");
  #button = make("button", { type: "button", class: "peak-frame", "aria-describedby": "peak-hint peak-heat" }, this.#image);
  #problem = make("p", { class: "field-error", role: "alert" });
  #hint = make("p", { class: "hint", id: "peak-hint" });
  #toggles = { heat: toggle("heat", "h", () => this.toggle("heat")), cover: toggle("cover", "b", () => this.toggle("cover")) };
  #tools = make("div", { class: "peak-tools", hidden: true }, ...Object.values(this.#toggles));
  node = el("div", "peak-part", this.#button, this.#tools);
  #incident = null;
  #url = null;
  #asking = new AbortController();
  /** The picture that is held clear: { incident, url, view, sinceMs, released }. */
  #held = null;
  #stop = new AbortController();

  constructor(api) {
    this.#api = api;
    this.#heat = new Heat(api);
    this.#button.append(this.#heat.canvas, this.#words);
    this.node.append(this.#heat.legend, this.#problem, this.#hint);
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
    on(this.#image, "load", () => this.#heat.fit(this.#image));
    on(window, "keyup", () => this.release());
    for (const type of ["blur", "pagehide"]) on(window, type, () => this.release());
    on(document, "visibilitychange", () => this.release());
  }

  /** Show the picture of another incident, or a newer one of the same. */
  show(incident) {
    const before = this.#incident;
    this.#incident = incident;
    if (before?.id !== incident.id) {
      this.release();
      this.#replace(null);
      setText(this.#problem, "");
    }
    const asBefore = before?.id === incident.id && before.peak === incident.peak && before.picture === incident.picture;
    if (!asBefore) this.#pixelated(incident);
    this.#draw();
    this.#locate();
  }

  /** Whether the detector tells where in this picture: what the toggles are for. */
  get hasHeat() {
    return Boolean(this.#incident?.heat);
  }

  /** `heat`: what drove the score is laid over the picture. `cover`: it is left in blocks where the rest is clear. */
  toggle(name) {
    this.release();
    prefs.set(name, !prefs.get(name));
    this.#draw();
    this.#locate();
  }

  /** Show it clear from when it comes until `release`. */
  async hold() {
    if (this.#held || !this.#incident?.picture) return;
    const held = { incident: this.#incident.id, url: null, view: null, sinceMs: null, released: false };
    this.#held = held;
    setText(this.#problem, "");
    try {
      const query = this.#covers ? "?clear=1&covered=1" : "?clear=1";
      const response = await this.#api.request(`${path(held.incident)}${query}`, { cache: "no-store" });
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
    this.#heat.close();
    this.#replace(null);
  }

  get #covers() {
    return this.hasHeat && prefs.get("cover");
  }

  async #locate() {
    const incident = this.hasHeat && prefs.get("heat") ? this.#incident : null;
    try {
      await this.#heat.show(incident);
    } catch (problem) {
      setText(this.#problem, problem.message);
    }
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
    setAttr(this.#button, "aria-label", t(`incidents.${nameOf(clear, this.#url, this.#covers)}`));
    setText(this.#words, url ? "" : t("incidents.pictureNone"));
    setHidden(this.#hint, !this.#url);
    setText(this.#hint, t(this.#covers ? "incidents.holdCovered" : "incidents.hold"));
    setHidden(this.#tools, !this.hasHeat);
    for (const [name, node] of Object.entries(this.#toggles)) setAttr(node, "aria-pressed", String(prefs.get(name)));
  }

  #tell({ view }, seconds) {
    if (!view) return;
    const body = JSON.stringify({ seconds });
    const headers = { "Content-Type": "application/json" };
    // Where this fails the view itself is written down all the same.
    this.#api.request(`/v1/views/${encodeURIComponent(view)}/shown`, { method: "POST", keepalive: true, headers, body }).catch(() => {});
  }
}

function nameOf(clear, url, covers) {
  if (clear) return covers ? "pictureCovered" : "pictureClear";
  return url ? "picture" : "pictureNone";
}

const toggle = (name, key, click) => make("button", { type: "button", "aria-pressed": "false", "aria-keyshortcuts": key, on: { click } },
  t(`incidents.${name}`), " ", el("kbd", "", key));

const path = (id) => `/v1/incidents/${encodeURIComponent(id)}/thumbnail.jpg`;
