/** Another policy on what has been seen: numbers and lines to change, and what the service says they would have raised. */

import { button, el, make, setAttr, setHidden, setText } from "../dom.js";
import { duration } from "../format.js";
import { copyButton } from "./copying.js";
import { moved } from "./handles.js";
import { t } from "../words.js";

const REST_MS = 300;
/** The service judges one at a time for each key: while it is busy with the one before, it is asked again. */
const AGAIN_MS = 1000;
const TRIES = 6;
const BUSY = new Set([429, 503]);
const FIELDS = [["threshold", 0.01, 1, 0.01], ["release", 0.01, 1, 0.01], ["window", 0.1, 3600, 0.1], ["cooldown", 0, 3600, 0.1]];

export class Tryout {
  /** The policy that is tried, or null. */
  policy = null;
  /** Incidents that it would have raised, as the chart takes them. */
  incidents = [];
  #context;
  #onChange;
  #stream = null;
  #timer = 0;
  #asking = null;
  #missing = false;
  #inputs = new Map(FIELDS.map(([name, min, max, step]) => [name, make("input", { type: "number", id: `try-${name}`, min, max, step,
    on: { input: () => this.#typed(name) } })]));
  #answer = make("p", { class: "try-answer", role: "status" });
  #error = make("p", { class: "field-error", role: "alert" });
  #json = make("pre", { tabindex: "0", "aria-label": t("stream.policyLabel") });
  #add = make("a", {}, t("stream.policyAdd"));
  #use = el("div", "try-use", el("p", "hint", t("stream.policyUse")), this.#json, el("div", "try-links", copyButton(this.#json), this.#add));
  #reset = button(t("stream.reset"), () => this.reset());

  /** @param onChange another policy is tried, or its answer came */
  constructor(context, onChange) {
    this.#context = context;
    this.#onChange = onChange;
    const fields = [...this.#inputs].map(([name, input]) => el("div", "field", make("label", { for: `try-${name}` }, t(`stream.${name}`)), input));
    this.node = make("section", { class: "card try", "aria-labelledby": "try-head" }, make("h2", { id: "try-head" }, t("stream.tryout")),
      el("p", "hint", t("stream.tryoutLead")), el("div", "try-fields", ...fields), this.#error, this.#answer, this.#use, el("div", "actions", this.#reset));
  }

  render(stream) {
    const other = this.#stream?.media !== stream.media;
    const changed = this.#stream?.policy !== stream.policy;
    this.#stream = stream;
    if (other) this.reset();
    else if (changed && !this.policy) this.#show();
  }

  /** The policy that the lines in the chart show. */
  get shown() {
    return this.policy ?? this.#stream.policy;
  }

  try(policy) {
    this.policy = policy;
    this.#show();
    this.#error.textContent = "";
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(TRIES), REST_MS);
    this.#onChange();
  }

  reset() {
    this.close();
    this.policy = null;
    this.incidents = [];
    setText(this.#answer, "");
    setText(this.#error, "");
    this.#show();
    this.#onChange();
  }

  close() {
    clearTimeout(this.#timer);
    this.#asking?.abort();
  }

  #typed(name) {
    const value = this.#inputs.get(name).valueAsNumber;
    if (!this.#inputs.get(name).validity.valid || !Number.isFinite(value)) return;
    this.try(name === "threshold" || name === "release" ? moved(this.shown, name, value) : { ...this.shown, [name]: value });
  }

  #changes() {
    return Object.fromEntries(FIELDS.map(([name]) => [name, this.policy[name]]).filter(([name, value]) => value !== this.#stream.policy[name]));
  }

  #show() {
    for (const [name, input] of this.#inputs) {
      const value = String(this.shown[name] ?? "");
      if (input !== document.activeElement && input.value !== value) input.value = value;
    }
    setHidden(this.#use, !this.policy);
    setHidden(this.#reset, !this.policy);
    if (!this.policy) return;
    const json = JSON.stringify(this.#changes());
    setText(this.#json, json);
    setAttr(this.#add, "href", `#/add?${new URLSearchParams({ policy: json })}`);
  }

  async #ask(tries) {
    const { media } = this.#stream;
    if (!media) return;
    if (this.#missing) return setText(this.#answer, t("stream.replayMissing"));
    this.#asking?.abort();
    const asking = (this.#asking = new AbortController());
    setText(this.#answer, t("stream.asking"));
    try {
      const path = `/v1/media/${encodeURIComponent(media)}/replay`;
      const answer = await this.#context.api.json("POST", path, { policy: this.#changes() }, { signal: asking.signal });
      if (asking === this.#asking && this.policy) this.#answered(answer);
    } catch (problem) {
      if (asking !== this.#asking || problem.name === "AbortError") return;
      if (BUSY.has(problem.status) && tries > 1) this.#timer = setTimeout(() => this.#ask(tries - 1), AGAIN_MS);
      else this.#refused(problem);
    }
  }

  #answered(answer) {
    this.incidents = answer.incidents;
    const parts = [t("stream.would", { n: answer.incident_count }), t("stream.wouldTime", { length: duration(answer.flagged_seconds) })];
    const said = `${parts.join(", ")}. ${t("stream.now", { n: this.#stream.incidents.length })}`;
    setText(this.#answer, `${said[0].toUpperCase()}${said.slice(1)}${answer.exact ? "" : ` ${t("stream.inexact")}`}`);
    this.#onChange();
  }

  #refused(problem) {
    setText(this.#answer, "");
    // A service of an earlier version knows neither the path nor, so, the method.
    this.#missing = (problem.status === 404 && problem.code !== "media_unknown") || problem.status === 405;
    this.incidents = [];
    if (this.#missing) setText(this.#answer, t("stream.replayMissing"));
    else setText(this.#error, problem.message);
    this.#onChange();
  }
}
