/** Publishing through WHIP (RFC 9725): offer, answer, end. No DOM. */

import { PublishError } from "./sources.js";
import { t } from "./words.js";

const GATHER_MS = 2000;
/** A browser itself gives up after half a minute or never. */
const CONNECT_MS = 15_000;

/** One publication. `onState` hears "connecting", "connected", "interrupted", "lost", and "unreachable": no path was found. */
export class Publication {
  #api;
  #peer = new RTCPeerConnection({ iceServers: [] });
  #location = null;
  #stopped = false;
  #connected = false;
  #timer = 0;
  #onTimeout;

  constructor(api, onState) {
    this.#api = api;
    const words = { connecting: "connecting", connected: "connected", disconnected: "interrupted", failed: "lost", closed: "lost" };
    this.#peer.onconnectionstatechange = () => {
      const word = words[this.#peer.connectionState];
      if (word === "connected") this.#connected = true;
      if (word && !this.#stopped) onState(word === "lost" && !this.#connected ? "unreachable" : word);
    };
    this.#onTimeout = () => this.#stopped || this.#connected || onState("unreachable");
  }

  /** Offer the media's tracks under a name. Raises `PublishError`, or `Problem` with the service's reason. */
  async start(name, media) {
    for (const track of media.getTracks()) this.#peer.addTransceiver(track, { direction: "sendonly", streams: [media] });
    await this.#peer.setLocalDescription(await this.#peer.createOffer());
    await gathered(this.#peer);
    const response = await this.#api.request(`/whip/${encodeURIComponent(name)}`, {
      method: "POST",
      headers: { "Content-Type": "application/sdp" },
      body: this.#peer.localDescription.sdp,
    });
    const location = response.headers.get("Location");
    this.#location = location ? new URL(location, response.url).pathname : null;
    const sdp = await response.text();
    if (this.#stopped) return this.#leave();
    try {
      await this.#peer.setRemoteDescription({ type: "answer", sdp });
    } catch (error) {
      await this.stop();
      throw new PublishError(t("publish.badAnswer", { why: error.message }));
    }
    this.#timer = setTimeout(this.#onTimeout, CONNECT_MS);
  }

  /** End it on both sides. Never raises: what is gone already is no error. */
  async stop() {
    this.#stopped = true;
    clearTimeout(this.#timer);
    // First: a peer that is closed ends the session by itself, and then there is nothing left to be deleted.
    await this.#leave();
    this.#peer.close();
  }

  async #leave() {
    const location = this.#location;
    this.#location = null;
    if (!location) return;
    try {
      await this.#api.request(location, { method: "DELETE", keepalive: true });
    } catch {
      // The service notices by itself that no more pictures come.
    }
  }
}

/** Wait until all candidates are in the offer, but not for ever: some never finish. */
function gathered(peer) {
  if (peer.iceGatheringState === "complete") return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, GATHER_MS);
    peer.addEventListener("icegatheringstatechange", () => {
      if (peer.iceGatheringState !== "complete") return;
      clearTimeout(timer);
      resolve();
    });
  });
}
