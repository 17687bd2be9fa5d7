/** What tells of an incident to somebody who is not looking: a word for screen readers, a sound, a notification, the tab's title. */

import { prob } from "./format.js";
import { prefs } from "./prefs.js";
import { toStream } from "./routes.js";
import { streamOf } from "./state.js";
import { t } from "./words.js";

/** Ten streams that alarm together make one sound. */
const QUIET_MS = 2000;

export class Alerts {
  #spoken;
  #sound = null;
  #lastAt = -Infinity;

  /** @param spoken the live region */
  constructor(spoken) {
    this.#spoken = spoken;
  }

  event(event, state) {
    const data = event.data ?? {};
    if (event.type !== "gore.incident" || data.state === "peak") return;
    const id = streamOf(event);
    const name = state.streams.get(id)?.name || t("alert.someStream");
    if (data.state === "ended") {
      this.#spoken.textContent = t("alert.ended", { name, peak: prob(data.incident?.peak) });
      return;
    }
    this.#spoken.textContent = t("alert.started", { name, prob: prob(data.gore?.prob) });
    if (prefs.get("notify")) notify(id, name, data);
    const now = performance.now();
    if (prefs.get("sound") && now - this.#lastAt > QUIET_MS) {
      this.#lastAt = now;
      this.play();
    }
  }

  /** Two short tones. Browsers allow sound only after the page was clicked once: called from the settings too. */
  play() {
    this.#sound ??= new AudioContext();
    const sound = this.#sound;
    sound.resume().catch(() => {});
    for (const [index, pitch] of [660, 880].entries()) {
      const tone = sound.createOscillator();
      const volume = sound.createGain();
      const from = sound.currentTime + index * 0.18;
      tone.frequency.value = pitch;
      volume.gain.setValueAtTime(0, from);
      volume.gain.linearRampToValueAtTime(0.2, from + 0.02);
      volume.gain.linearRampToValueAtTime(0, from + 0.16);
      tone.connect(volume).connect(sound.destination);
      tone.start(from);
      tone.stop(from + 0.17);
    }
  }
}

/** Ask the browser whether notifications may be shown. Resolves to why not, or to "". */
export async function askToNotify() {
  if (!("Notification" in globalThis) || !isSecureContext) return t("settings.notifyMissing");
  const answer = await Notification.requestPermission();
  return answer === "granted" ? "" : t("settings.notifyRefused");
}

function notify(id, name, data) {
  if (!("Notification" in globalThis) || Notification.permission !== "granted") return;
  try {
    const shown = new Notification(t("alert.title", { name }), { body: t("alert.body", { prob: prob(data.gore?.prob) }), tag: id ?? "" });
    shown.onclick = () => {
      focus();
      if (id) location.hash = toStream(id);
      shown.close();
    };
  } catch {
    // Chromium on Android has the permission but shows notifications to service workers alone.
  }
}
