/** Publishing through WHIP (RFC 9725): camera, offer, answer, end. No DOM. */

const GATHER_MS = 2000;

/** Why publishing does not work, as a sentence. */
export class PublishError extends Error {}

const CAMERA = {
  NotAllowedError: "The camera was refused. Allow it for this page in the browser's address bar, then try again.",
  SecurityError: "The camera was refused by this browser's settings.",
  NotFoundError: "No camera was found. Connect one, then try again.",
  OverconstrainedError: "This camera offers no picture that can be sent.",
  NotReadableError: "The camera is in use by another program, or failed to start.",
  AbortError: "The camera failed to start.",
};

/** The camera's picture, without sound. Raises `PublishError`. */
export async function openCamera() {
  if (!isSecureContext || !navigator.mediaDevices?.getUserMedia) {
    throw new PublishError("Browsers give the camera only to pages opened over HTTPS, or at localhost. Open this page that way.");
  }
  try {
    return await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 1280 }, height: { ideal: 720 } }, audio: false });
  } catch (error) {
    throw new PublishError(CAMERA[error.name] ?? `The camera could not be opened: ${error.message}`);
  }
}

/** One published camera. `onState` hears "connecting", "connected", "interrupted" and "lost". */
export class Publication {
  #api;
  #peer = new RTCPeerConnection({ iceServers: [] });
  #location = null;
  #stopped = false;

  constructor(api, onState) {
    this.#api = api;
    const words = { connecting: "connecting", connected: "connected", disconnected: "interrupted", failed: "lost", closed: "lost" };
    this.#peer.onconnectionstatechange = () => {
      const word = words[this.#peer.connectionState];
      if (word && !this.#stopped) onState(word);
    };
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
      throw new PublishError(`The service's answer could not be used: ${error.message}`);
    }
  }

  /** End it on both sides. Never raises: what is gone already is no error. */
  async stop() {
    this.#stopped = true;
    this.#peer.close();
    await this.#leave();
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
