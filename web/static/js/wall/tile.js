/** One stream on the wall. Off the screen it is a name alone: picture, numbers and chart are there while it can be seen. */

import { el, make, setAttr, setText } from "../dom.js";
import { duration, position, prob } from "../format.js";
import { toStream } from "../routes.js";
import { openIncident } from "../state.js";
import { stateMark } from "../statemark.js";
import { momentOf } from "../times.js";
import { Spark } from "./spark.js";

const PICTURE_EVERY_MS = 2000;

export class Tile {
  #name = el("span", "tile-name");
  #prob = el("span", "tile-prob");
  #state = stateMark();
  #time = el("span", "tile-time");
  #picture = el("span", "tile-picture");
  #spark = new Spark();
  #image = null;
  #previews;
  #stream = null;
  /** What the chart was drawn from. */
  #drawn = "";

  constructor(id, previews) {
    this.id = id;
    this.#previews = previews;
    this.link = make("a", { class: "tile", href: toStream(id) }, this.#picture, this.#name, this.#prob,
      el("span", "tile-now", this.#state.node, this.#time), this.#spark.node);
    this.node = el("li", "", this.link);
  }

  get visible() {
    return this.#image !== null;
  }

  /** Show everything, or the name alone. */
  setVisible(visible) {
    if (visible === this.visible) return;
    if (visible) {
      this.#image = make("img", { alt: "", hidden: true });
      this.#picture.append(this.#image);
      this.#stream = null;
      return;
    }
    this.#previews.unwatch(this.#image);
    this.#image.remove();
    this.#image = null;
  }

  /** @param nowMs for how long it has been live */
  update(stream, series, nowMs) {
    if (this.#stream !== stream) this.#facts(stream);
    if (!this.visible) return;
    const started = momentOf(stream.started);
    setText(this.#time, started ? duration(Math.max(0, (nowMs - started) / 1000)) : position(stream.position));
    const drawn = `${series.version} ${series.media} ${stream.policy.threshold}`;
    if (drawn !== this.#drawn) this.#spark.draw(series, stream.policy.threshold);
    this.#drawn = drawn;
  }

  close() {
    this.setVisible(false);
    this.node.remove();
  }

  #facts(stream) {
    setText(this.#name, stream.name);
    setAttr(this.#name, "title", stream.url && stream.url !== stream.name ? `${stream.name}\n${stream.url}` : stream.name);
    if (!this.visible) return;
    this.#stream = stream;
    const incident = openIncident(stream);
    this.#state.set(incident ? "incident" : stream.state);
    setText(this.#prob, prob(stream.prob));
    setAttr(this.link, "data-level", levelOf(stream, incident));
    if (stream.prob === null) this.#previews.unwatch(this.#image);
    else this.#previews.watch(this.#image, `/v1/streams/${encodeURIComponent(stream.id)}/preview.jpg`, PICTURE_EVERY_MS);
  }
}

function levelOf(stream, incident) {
  if (incident || (stream.prob ?? 0) >= stream.policy.threshold) return "high";
  return (stream.prob ?? 0) >= stream.policy.release * 0.75 ? "some" : "calm";
}
