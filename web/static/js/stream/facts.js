/** What is known of a stream beside its scores. */

import { el, setText } from "../dom.js";
import * as format from "../format.js";
import { isFinal } from "../state.js";
import { setTime, timeNode } from "../times.js";
import { t } from "../words.js";

const FACTS = [
  ["position", (stream) => format.position(stream.position)],
  ["codec", (stream) => format.text(stream.codec)],
  ["size", (stream) => format.size(stream.width, stream.height)],
  ["rate", (stream) => format.fps(stream.fps)],
  ["sampling", sampling],
  ["samples", (stream) => format.count(stream.summary?.request?.operations ?? stream.samples)],
  ["droppedSamples", (stream) => format.dropped(stream.counters?.dropped ?? stream.dropped)],
  ["latency", (stream) => (isFinal(stream) ? format.NONE : format.milliseconds(stream.latency))],
  ["reconnects", (stream) => format.count(stream.counters?.reconnects)],
  ["decoder", (stream) => format.text(stream.decoder)],
];

export class Facts {
  #values = FACTS.map(([name, of]) => ({ name, of, node: el("dd") }));
  #started = timeNode(null);

  constructor() {
    const row = (name, value) => el("div", "", el("dt", "", t(`stream.${name}`)), value);
    this.node = el("dl", "facts", ...this.#values.map(({ name, node }) => row(name, node)), row("started", el("dd", "", this.#started)));
  }

  render(stream) {
    for (const { of, node } of this.#values) {
      const value = of(stream);
      setText(node, value);
      node.title = value;
    }
    setTime(this.#started, stream.started, { date: true });
  }
}

function sampling({ policy }) {
  if (!policy.fps) return format.NONE;
  return policy.adaptive ? t("stream.samplingAdaptive", { fps: policy.fps, most: policy.max_fps }) : t("stream.samplingFixed", { fps: policy.fps });
}
