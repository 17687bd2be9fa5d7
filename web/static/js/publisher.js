/** What this tab publishes, if anything. It goes on while other pages are open, and ends with the tab. No DOM. */

import { openCamera, openFile, openScreen } from "./sources.js";
import { Publication } from "./whip.js";
import { t } from "./words.js";

const OPEN = {
  camera: ({ deviceId }) => openCamera(deviceId),
  screen: () => openScreen(),
  file: ({ file }) => openFile(file),
};

export class Publisher {
  /** The name it is published under once the service has it, else null. */
  name = null;
  /** "idle", "opening", "offer", or what whip.js says. */
  state = "idle";
  /** Why it ended, as a sentence; "" when it was asked to. */
  error = "";
  /** What is sent, as a MediaStream, or null. */
  media = null;
  #api;
  #source = null;
  #publication = null;
  #listeners = new Set();
  /** Counts tries, so that a slow answer to a try that was stopped changes nothing. */
  #attempt = 0;

  constructor(api) {
    this.#api = api;
    addEventListener("pagehide", () => this.stop());
  }

  get busy() {
    return this.state !== "idle";
  }

  /** `listener` hears of every change. Returns how to stop that. */
  subscribe(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** @param options kind: "camera" with `deviceId`, "screen", "file" with `file` */
  async start(name, options) {
    const attempt = (this.#attempt += 1);
    this.#change({ state: "opening", error: "" });
    try {
      const source = await OPEN[options.kind](options);
      if (attempt !== this.#attempt) return release(source);
      this.#source = source;
      this.#watchTracks(source.media);
      this.#change({ state: "offer", media: source.media });
      this.#publication = new Publication(this.#api, (state) => attempt === this.#attempt && this.#onState(state));
      await this.#publication.start(name, source.media);
      if (attempt === this.#attempt) this.#change({ name });
    } catch (error) {
      if (attempt === this.#attempt) await this.stop(error.message);
    }
  }

  /** Stop sending and give the device back. */
  async stop(error = "") {
    this.#attempt += 1;
    const publication = this.#publication;
    this.#publication = null;
    if (this.#source) release(this.#source);
    this.#source = null;
    this.#change({ state: "idle", name: null, media: null, error });
    await publication?.stop();
  }

  #onState(state) {
    if (state === "lost" || state === "unreachable") this.stop(t(`publish.${state}`));
    else this.#change({ state });
  }

  /** A camera that is unplugged, a screen that is no longer shared, a file that was played to its end. */
  #watchTracks(media) {
    for (const track of media.getTracks()) track.addEventListener("ended", () => this.media === media && this.stop(t("publish.sourceEnded")));
  }

  #change(changes) {
    Object.assign(this, changes);
    for (const listener of [...this.#listeners]) listener();
  }
}

function release(source) {
  for (const track of source.media.getTracks()) track.stop();
  source.close();
}
