/** Which incidents are wanted: as the address of the page, as a question to the service, and asked of one incident. Pure. */

import { momentOf } from "../times.js";

/** The queue: what nobody has reviewed. */
export const QUEUE = { verdict: "none", state: "any", stream: "", since: "", until: "" };
export const VERDICTS = ["none", "any", "confirmed", "dismissed"];
export const STATES = ["any", "open", "ended"];

/** What the part of the address after `?` says; a word that is none says nothing. */
export function filtersOf(query) {
  const word = (name, words) => (words.includes(query.get(name)) ? query.get(name) : QUEUE[name]);
  return { verdict: word("verdict", VERDICTS), state: word("state", STATES), stream: query.get("stream") ?? "",
    since: query.get("since") ?? "", until: query.get("until") ?? "" };
}

export function hashOf(filters) {
  const query = new URLSearchParams(Object.entries(filters).filter(([name, value]) => value !== QUEUE[name]));
  return query.size ? `#/incidents?${query}` : "#/incidents";
}

/** The path that asks the service for a page of them. */
export function pathOf(filters, { limit, cursor }) {
  const given = Object.entries({ ...filters, limit, cursor }).filter(([, value]) => value && value !== "any");
  return `/v1/incidents?${new URLSearchParams(given)}`;
}

export const isQueue = (filters) => Object.keys(QUEUE).every((name) => filters[name] === QUEUE[name]);

export function matches(incident, { verdict, state, stream, since, until }) {
  if (verdict !== "any" && (incident.review?.verdict ?? "none") !== verdict) return false;
  if (state !== "any" && incident.state !== state) return false;
  if (stream && incident.stream !== stream) return false;
  const began = Date.parse(incident.started);
  return !(since && began < moment(since)) && !(until && began >= moment(until));
}

/** A stamp as a field for local time takes it, and back. */
export function localOf(stamp) {
  const at = moment(stamp);
  return Number.isNaN(at) ? "" : new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}
export const stampOf = (local) => (local ? new Date(local).toISOString() : "");

/** In milliseconds; NaN for what is none. The service takes Unix seconds too. */
function moment(stamp) {
  return (momentOf(/^\d+(\.\d+)?$/.test(stamp) ? Number(stamp) : stamp) ?? new Date(NaN)).getTime();
}
