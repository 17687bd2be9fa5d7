/** What is drawn around the curves: incidents as spans, those of a policy that is tried, the lines of threshold and release. */

export const COLOURS = ["prob", "raw", "threshold", "release", "incident", "incident-fill", "grid", "muted"].map((name) => `chart-${name}`);

/** Fills under the curves, of what `marks` = { incidents, trial, policy, last } says. */
export function drawFills(plot, marks, colours) {
  spans(plot, marks.incidents, marks.last, (_incident, left, width) => {
    plot.ctx.fillStyle = colours["chart-incident-fill"];
    plot.ctx.fillRect(left, plot.bbox.top, width, plot.bbox.height);
  });
}

/** Over the curves: a solid bar above each incident, a mark at its peak; an outline of what a tried policy would raise. */
export function drawMarks(plot, marks, colours, unit) {
  const scale = devicePixelRatio * unit;
  const { ctx, bbox } = plot;
  spans(plot, marks.incidents, marks.last, (incident, left, width) => {
    ctx.fillStyle = colours["chart-incident"];
    ctx.fillRect(left, bbox.top - 4 * scale, width, 3 * scale);
    if (incident.peakPosition !== null) peak(plot, plot.valToPos(incident.peakPosition, "x", true), scale);
  });
  spans(plot, marks.trial, marks.last, (_incident, left, width) => {
    ctx.strokeStyle = colours["chart-threshold"];
    ctx.lineWidth = 2 * scale;
    ctx.setLineDash([4 * scale, 3 * scale]);
    ctx.strokeRect(left, bbox.top + scale, width, bbox.height - 2 * scale);
  });
}

/** Threshold and release as they are; the handles of what is tried are elements. */
export function drawLines(plot, { policy }, colours, unit) {
  const { ctx, bbox } = plot;
  const scale = devicePixelRatio * unit;
  const line = (value, colour, dash) => {
    const y = Math.round(plot.valToPos(value, "y", true)) + 0.5;
    ctx.strokeStyle = colour;
    ctx.setLineDash(dash.map((part) => part * scale));
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
  };
  ctx.save();
  ctx.lineWidth = 1.25 * scale;
  line(policy.release, colours["chart-release"], [1.5, 4]);
  line(policy.threshold, colours["chart-threshold"], [7, 4]);
  ctx.restore();
}

function spans(plot, incidents, last, draw) {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, 0, bbox.width, bbox.top + bbox.height);
  ctx.clip();
  for (const incident of incidents) {
    const from = plot.valToPos(incident.start, "x", true);
    const end = plot.valToPos(incident.end ?? last ?? incident.start, "x", true);
    const to = Math.max(from + 2 * devicePixelRatio, end);
    if (to >= bbox.left && from <= bbox.left + bbox.width) draw(incident, from, to - from);
  }
  ctx.restore();
}

function peak({ ctx, bbox }, x, scale) {
  const size = 4.5 * scale;
  ctx.beginPath();
  ctx.moveTo(x - size, bbox.top - 5 * scale - 1.6 * size);
  ctx.lineTo(x + size, bbox.top - 5 * scale - 1.6 * size);
  ctx.lineTo(x, bbox.top - 5 * scale);
  ctx.fill();
}
