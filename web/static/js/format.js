/** Numbers, times and words for people. Pure: no DOM, no clock. */

const NONE = "–";

export const STATE_WORDS = {
  connecting: "Connecting",
  live: "Live",
  stalled: "Stalled",
  reconnecting: "Reconnecting",
  ended: "Ended",
  failed: "Failed",
};

const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

/** A probability with a fixed number of digits, so that columns do not dance. */
export function prob(value, digits = 2) {
  return isNumber(value) ? value.toFixed(digits) : NONE;
}

/** Media seconds as m:ss or h:mm:ss. */
export function position(seconds) {
  if (!isNumber(seconds)) return NONE;
  const whole = Math.max(0, Math.floor(seconds));
  const two = (n) => String(n).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** A span of seconds: "0.4 s", "17 s", "3 min 05 s". */
export function duration(seconds) {
  if (!isNumber(seconds)) return NONE;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
}

export function milliseconds(seconds) {
  return isNumber(seconds) ? `${Math.round(seconds * 1000)} ms` : NONE;
}

export function count(value) {
  return isNumber(value) ? value.toLocaleString("en") : NONE;
}

/** Samples given up: a number, or totals by reason. */
export function dropped(value) {
  if (isNumber(value)) return count(value);
  if (!value || typeof value !== "object") return NONE;
  const parts = Object.entries(value).filter(([, n]) => n);
  const total = parts.reduce((sum, [, n]) => sum + n, 0);
  return total ? `${count(total)} (${parts.map(([why, n]) => `${why} ${count(n)}`).join(", ")})` : "0";
}

export function size(width, height) {
  return width && height ? `${width} × ${height}` : NONE;
}

export function fps(value) {
  return isNumber(value) ? `${Number(value.toFixed(2))} fps` : NONE;
}

export function text(value) {
  return value === undefined || value === null || value === "" ? NONE : String(value);
}

/** Local wall-clock time of an ISO stamp or of Unix seconds. */
export function clock(stamp) {
  const date = asDate(stamp);
  return date ? date.toLocaleTimeString("en-GB") : NONE;
}

/** The same moment in UTC, for a tooltip. */
export function utc(stamp) {
  const date = asDate(stamp);
  return date ? date.toISOString() : "";
}

function asDate(stamp) {
  const date = isNumber(stamp) ? new Date(stamp * 1000) : new Date(stamp ?? NaN);
  return Number.isNaN(date.getTime()) ? null : date;
}

export function plural(n, one, many = `${one}s`) {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** One line about an event, for the log. */
export function eventLine(event) {
  const data = event.data ?? {};
  const incident = data.incident ?? {};
  switch (event.type) {
    case "gore.prob":
      return `${prob(data.gore?.prob, 3)}, raw ${prob(data.raw?.prob, 3)}, at ${position(data.position)}`;
    case "gore.incident":
      if (data.state === "started") return `Incident started at ${position(incident.start)}`;
      if (data.state === "ended") {
        return `Incident ended after ${duration(incident.end - incident.start)}, peak ${prob(incident.peak)}`;
      }
      return `Incident rose to ${prob(incident.peak)} at ${position(incident.peak_position ?? data.position)}`;
    case "media.started":
      return `Started: ${[text(data.codec), size(data.width, data.height), fps(data.fps)].filter((part) => part !== NONE).join(", ")}`;
    case "media.stalled":
      return `Stalled: ${data.reason ?? "no frames arrive"}`;
    case "media.resumed":
      return `Frames again${data.reason ? `: ${data.reason}` : ""}`;
    case "media.finished":
      return `Ended, highest probability ${prob(data.summary?.gore?.prob)}`;
    case "media.failed":
      return `Failed: ${data.error?.message ?? "no reason given"}`;
    case "gap":
      return "Events were missed while the connection was away; everything was loaded afresh";
    default:
      return event.type;
  }
}
