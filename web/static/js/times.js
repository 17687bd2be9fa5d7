/** Times of day, in the local zone with UTC in the tooltip. */

import { make, setAttr, setText } from "./dom.js";
import { NONE } from "./format.js";

/** A `time` element of an RFC 3339 stamp or Unix seconds; `date` says the day too. */
export function timeNode(stamp, { date = false } = {}) {
  const node = make("time");
  setTime(node, stamp, { date });
  return node;
}

/** Show another moment in it. */
export function setTime(node, stamp, { date = false } = {}) {
  const moment = momentOf(stamp);
  setText(node, moment ? shown(moment, date) : NONE);
  setAttr(node, "datetime", moment?.toISOString() ?? null);
  setAttr(node, "title", moment?.toISOString().replace("T", " ").replace("Z", " UTC") ?? null);
}

/** The moment of a stamp, or null for what is none. */
export function momentOf(stamp) {
  const moment = typeof stamp === "number" ? new Date(stamp * 1000) : new Date(stamp ?? NaN);
  return Number.isNaN(moment.getTime()) ? null : moment;
}

function shown(moment, date) {
  // The Swedish way of writing a day is that of ISO 8601, which nobody misreads.
  const clock = moment.toLocaleTimeString("sv-SE");
  return date ? `${moment.toLocaleDateString("sv-SE")} ${clock}` : clock;
}
