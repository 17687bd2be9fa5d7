/** Incidents as files: CSV (RFC 4180) and JSON. Pure. */

const COLUMNS = {
  id: (incident) => incident.id,
  stream: (incident) => incident.stream,
  name: (incident) => incident.name,
  media: (incident) => incident.media,
  state: (incident) => incident.state,
  started: (incident) => incident.started,
  start_s: (incident) => incident.start,
  end_s: (incident) => incident.end,
  peak: (incident) => incident.peak,
  peak_position_s: (incident) => incident.peak_position,
  verdict: (incident) => incident.review?.verdict,
  note: (incident) => incident.review?.note,
  reviewed_by: (incident) => incident.review?.by.name || incident.review?.by.key,
  reviewed_at: (incident) => incident.review?.at,
};

export function asCsv(incidents) {
  const rows = incidents.map((incident) => Object.values(COLUMNS).map((value) => cell(value(incident))));
  return [Object.keys(COLUMNS), ...rows].map((row) => `${row.join(",")}\r\n`).join("");
}

export const asJson = (incidents) => `${JSON.stringify(incidents, null, 2)}\n`;

function cell(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return String(value);
  // A spreadsheet would run it as a formula.
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
