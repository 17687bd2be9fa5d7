/** The arrow keys move the focus among the tiles of a grid. */

const STEPS = { ArrowLeft: () => -1, ArrowRight: () => 1, ArrowUp: (columns) => -columns, ArrowDown: (columns) => columns };

export function moveFocus(event, grid) {
  const links = [...grid.querySelectorAll("a")];
  const at = links.indexOf(document.activeElement);
  if (at < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
  let to = null;
  if (Object.hasOwn(STEPS, event.key)) to = at + STEPS[event.key](columnsOf(links));
  else if (event.key === "Home") to = 0;
  else if (event.key === "End") to = links.length - 1;
  if (to === null) return;
  event.preventDefault();
  links[Math.min(links.length - 1, Math.max(0, to))].focus();
}

function columnsOf(links) {
  const top = (link) => link.getBoundingClientRect().top;
  const second = links.findIndex((link) => top(link) !== top(links[0]));
  return second < 0 ? links.length : second;
}
