/** What the service accepts for a stream, so that a form can say it while somebody types. The service has the last word. Pure. */

import { t } from "../words.js";

const SCHEMES = ["rtsp", "rtsps", "rtmp", "rtmps", "http", "https", "srt", "tcp", "udp", "file"];
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** By key of a policy: the least value, the greatest, and whether the least is among them. */
export const RANGES = {
  fps: [0.001, 30, true],
  max_fps: [0.001, 30, true],
  window: [0.001, 3600, true],
  threshold: [0, 1, false],
  release: [0, 1, false],
  cooldown: [0, 3600, true],
  event_interval: [0.01, 3600, true],
  stall_after: [0.1, 3600, true],
  reconnect_for: [0, 86_400, true],
};

export const CHOICES = { adaptive: ["true", "false"], decode: ["auto", "all", "keyframes"], keep: ["incidents", "none", "samples"] };

/** The complaint about an address, or "". */
export function urlFault(text) {
  if (!text) return t("add.urlMissing");
  const [, scheme, rest] = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/is.exec(text) ?? [];
  if (!scheme) return t("add.urlShape");
  if (!SCHEMES.includes(scheme.toLowerCase())) return t("add.urlScheme", { schemes: SCHEMES.join(", ") });
  return rest ? "" : t("add.urlHost");
}

/** The complaint about a name, or ""; none is needed. */
export const nameFault = (text) => (!text || NAME.test(text) ? "" : t("publish.nameWrong"));

/** The complaint about a number of a policy as typed, or ""; an empty one is as configured. */
export function numberFault(key, text) {
  if (text === "") return "";
  const [low, high, included] = RANGES[key];
  const value = Number(text);
  const within = (included ? value >= low : value > low) && value <= high;
  return within ? "" : t(included ? "add.range" : "add.rangeAbove", { low: String(low), high: String(high) });
}

/** A policy of what was filled in: texts by key. */
export function policyOf(texts) {
  const policy = {};
  for (const [key, text] of Object.entries(texts)) {
    if (text === "") continue;
    if (key in RANGES) policy[key] = Number(text);
    else policy[key] = key === "adaptive" ? text === "true" : text;
  }
  return policy;
}
