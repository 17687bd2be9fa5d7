/** Publishing from this browser: a camera, the screen or a video file. It goes on while other pages are open. */

import { button, el, make, setAttr, setHidden, setText } from "../dom.js";
import { prob } from "../format.js";
import { Field } from "../forms/field.js";
import { nameFault } from "../forms/rules.js";
import { toStream } from "../routes.js";
import { cameras } from "../sources.js";
import { isFinal, openIncident } from "../state.js";
import { t } from "../words.js";

const KINDS = ["camera", "screen", "file"];

export function open(root, context) {
  const page = new PublishPage(context);
  root.append(el("h1", "", t("publish.title")), el("p", "lead", t("publish.lead")), page.node);
  context.title(t("publish.title"));
  return page;
}

class PublishPage {
  #context;
  #publisher;
  #kind = "camera";
  #name = new Field("publish-name", make("input", { type: "text", autocomplete: "off", maxlength: "64", value: "webcam" }),
    { label: t("publish.name"), fault: (text) => (text ? nameFault(text) : t("publish.nameMissing")) });
  #device = new Field("publish-device", make("select", {}, make("option", { value: "" }, t("publish.anyDevice"))), { label: t("publish.device") });
  #file = new Field("publish-file", make("input", { type: "file", accept: "video/*" }), { label: t("publish.file") });
  #start = make("button", { type: "submit", class: "primary" }, t("publish.start"));
  #stop = button(t("publish.stop"), () => this.#publisher.stop());
  #kinds;
  #status = make("p", { id: "publish-status", role: "status" });
  #error = make("p", { class: "field-error", id: "publish-error", role: "alert" });
  #video = make("video", { class: "publish-video", playsinline: true, hidden: true, "aria-label": t("publish.preview") });
  #score = make("output", { class: "publish-prob", id: "publish-prob" });
  #link = make("a", {}, t("publish.page"));
  #live = el("div", "publish-live", el("span", "muted", t("publish.score")), this.#score, this.#link);
  #stops;

  constructor(context) {
    this.#context = context;
    this.#publisher = context.publisher;
    this.#kinds = make("fieldset", {}, make("legend", {}, t("publish.what")), el("div", "choices", ...KINDS.map((kind) => this.#choice(kind))));
    const form = make("form", { class: "form", id: "publish", novalidate: true, on: { submit: (event) => {
      event.preventDefault();
      this.#begin();
    } } }, this.#kinds, this.#device.node, this.#file.node, this.#name.node, this.#error, this.#status, el("div", "actions", this.#start, this.#stop));
    this.#video.muted = true;
    this.node = el("div", "publish", form, el("div", "publish-shown", this.#video, this.#live));
    navigator.mediaDevices?.addEventListener?.("devicechange", this.#list);
    this.#stops = [this.#publisher.subscribe(() => this.#render()), context.store.subscribe(() => this.#render()),
      () => navigator.mediaDevices?.removeEventListener?.("devicechange", this.#list)];
    this.#list();
    this.#render();
  }

  close() {
    for (const stop of this.#stops) stop();
    this.#video.srcObject = null;
  }

  #choice(kind) {
    const input = make("input", { type: "radio", name: "publish-kind", value: kind, on: { change: () => {
      this.#kind = kind;
      this.#render();
    } } });
    input.checked = kind === this.#kind;
    return el("label", "choice", input, t(`publish.${kind}Kind`));
  }

  /** The cameras that there are; their names are known once one was allowed. */
  #list = async () => {
    const chosen = this.#device.value;
    const options = (await cameras()).map(({ id, name }) => make("option", { value: id }, name));
    this.#device.input.replaceChildren(make("option", { value: "" }, t("publish.anyDevice")), ...options);
    this.#device.input.value = options.some((option) => option.value === chosen) ? chosen : "";
  };

  async #begin() {
    if (!this.#name.check()) return this.#name.input.focus();
    await this.#publisher.start(this.#name.value, { kind: this.#kind, deviceId: this.#device.value, file: this.#file.input.files[0] });
    this.#list();
    this.#context.sync.load();
  }

  #render() {
    const { busy, state, error, media } = this.#publisher;
    for (const part of [this.#kinds, this.#name.input, this.#device.input, this.#file.input]) part.disabled = busy;
    setHidden(this.#device.node, this.#kind !== "camera");
    setHidden(this.#file.node, this.#kind !== "file");
    setHidden(this.#start, busy);
    setHidden(this.#stop, !busy);
    setText(this.#status, t(`publish.${state}`));
    setText(this.#error, error);
    setHidden(this.#video, !media);
    if (this.#video.srcObject !== media) this.#play(media);
    this.#renderScore();
  }

  #play(media) {
    this.#video.srcObject = media;
    this.#video.classList.toggle("mirrored", this.#kind === "camera");
    // A play that a quick stop interrupts is no error.
    if (media) this.#video.play().catch(() => {});
  }

  #renderScore() {
    const { name } = this.#publisher;
    const streams = [...this.#context.store.state.streams.values()];
    const stream = name && streams.find((one) => one.name === name && !isFinal(one));
    setHidden(this.#live, !stream);
    if (!stream) return;
    setText(this.#score, stream.prob === null ? t("publish.noScore") : prob(stream.prob, 3));
    this.#score.classList.toggle("over", openIncident(stream) !== null);
    setAttr(this.#link, "href", toStream(stream.id));
  }
}
