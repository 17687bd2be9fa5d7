/** Numbers and lengths for people. Pure: no DOM, no clock. */

export const NONE = "–";

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

/** A span of seconds: "0.4 s", "17 s", "3 min 05 s", "2 h 10 min". */
export function duration(seconds) {
  if (!isNumber(seconds)) return NONE;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const two = (n) => String(n).padStart(2, "0");
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${two(Math.floor(whole / 60) % 60)} min`;
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
