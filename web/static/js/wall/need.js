/** Which stream needs somebody most, and an order of tiles that does not fidget. Pure. */

import { isFinal, openIncident } from "../state.js";

/** A need that moved by less than this keeps its place. */
export const MARGIN = 0.15;
/** With the pointer over the wall tiles stay where they are, until it has rested for so long. */
export const PAUSE_MS = 10_000;
const SORT_EVERY_MS = 1000;
/** A stream that cannot be seen ranks with one that is moderately suspicious. */
const UNSEEN = 0.35;
const INCIDENT = 10;

/** @param rise how much prob rose over the last seconds */
export function need(stream, rise) {
  if (isFinal(stream)) return -1;
  const prob = stream.prob ?? 0;
  if (openIncident(stream)) return INCIDENT + prob;
  const seen = prob + Math.max(0, rise);
  return stream.state === "live" ? seen : Math.max(seen, UNSEEN);
}

/** The needs that tiles are ordered by: those held before, but for what moved by more than the margin or changed its kind. */
export function settled(held, needs) {
  const next = new Map();
  for (const [id, value] of needs) {
    const before = held.get(id);
    const same = before !== undefined && kind(before) === kind(value) && Math.abs(value - before) < MARGIN;
    next.set(id, same ? before : value);
  }
  return next;
}

/** Most needed first; among equals the order that there was. */
export function ordered(before, held) {
  const place = new Map(before.map((id, index) => [id, index]));
  const at = (id) => place.get(id) ?? Infinity;
  return [...held.keys()].sort((a, b) => held.get(b) - held.get(a) || (at(a) === at(b) ? 0 : at(a) - at(b)));
}

/** What stays in its order, with what is new at the end. */
export function kept(before, ids) {
  const present = new Set(ids);
  const known = new Set(before);
  return [...before.filter((id) => present.has(id)), ...ids.filter((id) => !known.has(id))];
}

/** @param at { inside, movedAtMs, sortedAtMs, nowMs }: whether the pointer or the focus is on a tile, and since when it rests */
export function maySort({ inside, movedAtMs, sortedAtMs, nowMs }) {
  if (nowMs - sortedAtMs < SORT_EVERY_MS) return false;
  return !inside || nowMs - movedAtMs >= PAUSE_MS;
}

/** @param wanted { text, show }: show is "running", "incident", "trouble" or "live" */
export function matches(stream, { text, show }) {
  if (isFinal(stream)) return false;
  if (show === "incident" && !openIncident(stream)) return false;
  if (show === "live" && stream.state !== "live") return false;
  if (show === "trouble" && stream.state === "live") return false;
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const within = `${stream.name} ${stream.url}`.toLowerCase();
  return words.every((word) => within.includes(word));
}

const kind = (value) => (value < 0 ? -1 : value >= INCIDENT ? 1 : 0);
