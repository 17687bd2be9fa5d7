/** The form that publishes this computer's camera. */

import { byId, setHidden, setText } from "./dom.js";
import { Publication, openCamera } from "./whip.js";

const IDLE = "Picture only, no sound. Nothing is recorded in this browser.";
const WORDS = {
  camera: "Waiting for the camera…",
  offer: "Connecting…",
  connecting: "Connecting…",
  connected: "On the air.",
  interrupted: "The connection is interrupted, waiting for it to come back…",
};

export class PublishForm {
  #api;
  #onPublished;
  #video = byId("publish-video");
  #media = null;
  #publication = null;
  /** Counts tries, so that a slow answer to a try that was stopped changes nothing. */
  #attempt = 0;

  /** @param onPublished called with the name once the service has accepted it */
  constructor(api, onPublished) {
    this.#api = api;
    this.#onPublished = onPublished;
    byId("publish").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#start(byId("publish-name").value.trim() || "webcam");
    });
    byId("publish-stop").addEventListener("click", () => this.stop());
    addEventListener("pagehide", () => this.stop());
  }

  async #start(name) {
    const attempt = (this.#attempt += 1);
    this.#busy(true);
    this.#say("camera");
    try {
      const media = await openCamera();
      if (attempt !== this.#attempt) return media.getTracks().forEach((track) => track.stop());
      this.#show(media);
      this.#say("offer");
      this.#publication = new Publication(this.#api, (state) => this.#onState(attempt, state));
      await this.#publication.start(name, media);
      if (attempt === this.#attempt) this.#onPublished(name);
    } catch (error) {
      if (attempt === this.#attempt) await this.stop(error.message);
    }
  }

  /** Stop sending and give the camera back. */
  async stop(error = "") {
    this.#attempt += 1;
    const publication = this.#publication;
    this.#publication = null;
    this.#media?.getTracks().forEach((track) => track.stop());
    this.#show(null);
    this.#busy(false);
    setText(byId("publish-status"), IDLE);
    setText(byId("publish-error"), error);
    await publication?.stop();
  }

  #onState(attempt, state) {
    if (attempt !== this.#attempt) return;
    if (state === "lost") this.stop("The connection was lost. The service may have ended the stream, or cannot be reached over UDP.");
    else this.#say(state);
  }

  #show(media) {
    this.#media = media;
    this.#video.srcObject = media;
    setHidden(this.#video, !media);
    if (!media) return;
    // A play that a quick stop interrupts is no error.
    this.#video.play().catch(() => {});
    for (const track of media.getTracks()) track.addEventListener("ended", () => this.#media === media && this.stop("The camera was switched off."));
  }

  #busy(busy) {
    byId("publish-name").disabled = busy;
    setHidden(byId("publish-start"), busy);
    setHidden(byId("publish-stop"), !busy);
    setText(byId("publish-error"), "");
  }

  #say(state) {
    setText(byId("publish-status"), WORDS[state] ?? "");
  }
}
