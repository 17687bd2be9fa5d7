/** In which order incidents are looked at. Pure. */

/** At probability 1 an incident stands as high as one at 0.5 that began so much later. */
const WORST_COUNTS_MS = 30 * 60_000;
/** Incidents that last change places when their peaks differ by about a tenth, not with every sample. */
const STEPS = 10;

/** Those that last first, the worst on top; then the others, the newest and worst first. */
export function ordered(incidents) {
  const ranked = incidents.map((incident) => ({ incident, lasts: incident.state === "open", rank: rank(incident) }));
  ranked.sort((a, b) => b.lasts - a.lasts || b.rank - a.rank || (a.incident.id < b.incident.id ? 1 : -1));
  return ranked.map(({ incident }) => incident);
}

function rank({ state, peak, started }) {
  if (state === "open") return Math.floor(peak * STEPS);
  return Date.parse(started) + WORST_COUNTS_MS * Math.max(0, (peak - 0.5) / 0.5);
}
