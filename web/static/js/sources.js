/** What a browser can publish: a camera, the screen, a video file; pictures only, without sound. Raise `PublishError`. */

import { t } from "./words.js";

/** Why publishing does not work, as a sentence. */
export class PublishError extends Error {}

const SIZE = { width: { ideal: 1280 }, height: { ideal: 720 } };
const REFUSALS = new Set(["NotAllowedError", "SecurityError", "NotFoundError", "OverconstrainedError", "NotReadableError", "AbortError"]);

/** @returns { media: MediaStream, close() } */
export async function openCamera(deviceId) {
  const devices = mediaDevices("getUserMedia");
  const device = deviceId ? { deviceId: { exact: deviceId } } : {};
  return opened("camera", () => devices.getUserMedia({ video: { ...SIZE, ...device }, audio: false }));
}

export async function openScreen() {
  const devices = mediaDevices("getDisplayMedia");
  return opened("screen", () => devices.getDisplayMedia({ video: { frameRate: { ideal: 15 } }, audio: false }));
}

/** Plays the file from its beginning and sends what it shows. */
export async function openFile(file) {
  if (!file) throw new PublishError(t("publish.noFile"));
  const video = document.createElement("video");
  const capture = video.captureStream ?? video.mozCaptureStream;
  if (!capture) throw new PublishError(t("publish.fileUnsupported"));
  const address = URL.createObjectURL(file);
  const close = () => {
    video.pause();
    video.removeAttribute("src");
    URL.revokeObjectURL(address);
  };
  video.muted = true;
  video.src = address;
  try {
    await video.play();
  } catch {
    close();
    throw new PublishError(t("publish.fileUnreadable", { name: file.name }));
  }
  return { media: new MediaStream(capture.call(video).getVideoTracks()), close };
}

/** Cameras as { id, name }; without permission browsers tell how many there are, but not their names. */
export async function cameras() {
  if (!navigator.mediaDevices?.enumerateDevices) return [];
  const devices = await navigator.mediaDevices.enumerateDevices();
  return devices.filter((device) => device.kind === "videoinput" && device.deviceId)
    .map((device, index) => ({ id: device.deviceId, name: device.label || t("publish.cameraNumber", { n: index + 1 }) }));
}

function mediaDevices(method) {
  if (!isSecureContext) throw new PublishError(t("publish.insecure"));
  if (!navigator.mediaDevices?.[method]) throw new PublishError(t("publish.unsupported"));
  return navigator.mediaDevices;
}

async function opened(kind, open) {
  try {
    const media = await open();
    return { media, close() {} };
  } catch (error) {
    const why = REFUSALS.has(error.name) ? t(`publish.${kind}.${error.name}`) : t("publish.notOpened", { why: error.message });
    throw new PublishError(why);
  }
}
