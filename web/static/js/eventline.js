/** One line about an event, for logs. Pure. */

import { NONE, duration, fps, position, prob, size, text } from "./format.js";
import { known, t } from "./words.js";

export function eventLine(event) {
  const data = event.data ?? {};
  if (event.type === "gore.incident") return incidentLine(data);
  const key = `event.${event.type}`;
  if (!known(key)) return event.type;
  return t(key, {
    what: [text(data.codec), size(data.width, data.height), fps(data.fps)].filter((part) => part !== NONE).join(", "),
    why: data.reason ?? data.error?.message ?? t("event.noFrames"),
    prob: prob(data.summary?.gore?.prob),
  });
}

function incidentLine({ state, incident = {}, position: at }) {
  if (state === "started") return t("event.incidentStarted", { at: position(incident.start) });
  if (state === "ended") return t("event.incidentEnded", { length: duration(incident.end - incident.start), peak: prob(incident.peak) });
  return t("event.incidentPeak", { peak: prob(incident.peak), at: position(incident.peak_position ?? at) });
}
