/** The top of a stream's page: name, state, the numbers of now, and the end of it. */

import { button, el, make, setAttr, setHidden, setText } from "../dom.js";
import { prob } from "../format.js";
import { isFinal, openIncident } from "../state.js";
import { stateMark } from "../statemark.js";
import { t } from "../words.js";

export class Head {
  #name = make("h1", { id: "stream-name" });
  #state = stateMark();
  #url = el("span", "url");
  #label = el("dt");
  #prob = make("dd", { id: "now-prob" });
  #raw = make("dd", { id: "now-raw" });
  #rawBox = el("div", "", el("dt", "", t("stream.raw")), this.#raw);
  #probBox = el("div", "now-prob", this.#label, this.#prob);
  #banner = make("p", { class: "banner", id: "banner", role: "alert", hidden: true });
  #end;

  constructor(onEnd) {
    this.#end = button(t("stream.end"), onEnd, "danger");
    this.#state.node.id = "stream-state";
    this.node = el("header", "stream-head",
      el("div", "stream-title", this.#name, el("p", "stream-sub", this.#state.node, this.#url)),
      el("dl", "now", this.#probBox, this.#rawBox), this.#end, this.#banner);
  }

  render(stream) {
    const final = isFinal(stream);
    setText(this.#name, stream.name);
    this.#state.set(!final && openIncident(stream) ? "incident" : stream.state);
    setText(this.#url, stream.url ?? "");
    setAttr(this.#url, "title", stream.url || null);
    setText(this.#label, t(final ? "stream.highest" : "stream.probability"));
    const shown = final ? (stream.summary?.gore?.prob ?? null) : stream.prob;
    setText(this.#prob, prob(shown, 3));
    setText(this.#raw, prob(stream.raw, 3));
    setHidden(this.#rawBox, final);
    this.#probBox.classList.toggle("over", (shown ?? 0) >= stream.policy.threshold);
    setHidden(this.#end, final);
    this.#fault(stream);
  }

  /** Say what did not work. */
  say(message) {
    setHidden(this.#banner, !message);
    setText(this.#banner, message);
  }

  #fault({ error, state }) {
    if (!error) return;
    this.say(state === "live" ? "" : `${error.message ?? t("stream.failedWithout")}${error.code ? ` (${error.code})` : ""}`);
  }
}

/** Ask before a stream is ended. Resolves to whether it shall be. */
export function confirmEnd(name) {
  const keep = make("button", { value: "keep", autofocus: true }, t("stream.endKeep"));
  const end = make("button", { value: "end", class: "danger" }, t("stream.end"));
  const dialog = make("dialog", { "aria-labelledby": "end-title" }, make("form", { method: "dialog" },
    make("h2", { id: "end-title" }, t("stream.endTitle")), el("p", "", t("stream.endText", { name })), el("div", "actions", keep, end)));
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "end");
    });
  });
}
