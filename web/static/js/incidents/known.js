/** The incidents that are known: what answers and events tell of them, in any order and twice. No clock, no requests. */

/** Before all ids, and after them: they are made of letters, digits and `_`. */
const FIRST = "";
const LAST = "~";

export class Known {
  /** By id. */
  items = new Map();
  #changes = 0;
  /** By id: the number of the change that an event made last. */
  #told = new Map();

  /** What an answer that is asked for now can know. */
  mark() {
    return this.#changes;
  }

  /**
   * A page of the service's list, which has all that are wanted between `cursor` and `next`.
   * @param asked what `mark` gave before @param wanted whether an incident should be in the list
   * @returns { gone, changed }: those that are in the list no more, and those that have another review than before
   */
  page(incidents, { cursor, next, asked, wanted }) {
    const listed = new Set(incidents.map((incident) => incident.id));
    const gone = [];
    for (const [id, incident] of this.items) {
      const covered = id < (cursor ?? LAST) && id >= (next ?? FIRST);
      if (!covered || listed.has(id) || (this.#told.get(id) ?? -1) > asked) continue;
      this.drop(id);
      if (wanted(incident)) gone.push(incident);
    }
    const changed = [];
    for (const incident of incidents) {
      const before = this.items.get(incident.id);
      this.put(incident);
      if (before && newer(before.review, incident.review)) changed.push(this.items.get(incident.id));
    }
    return { gone, changed };
  }

  drop(id) {
    this.items.delete(id);
    this.#told.delete(id);
  }

  /** One as the service has it. */
  put(incident) {
    const before = this.items.get(incident.id);
    this.items.set(incident.id, before ? later(before, incident) : incident);
  }

  /** One as an event tells of it: known before, or what can be said until it is asked for. Whether it was unknown. */
  event({ data, subject, time }, { stream, name }) {
    const { id, start, end, peak, peak_position } = data.incident;
    const before = this.items.get(id);
    const told = { start, end, peak, peak_position, state: end === null ? "open" : "ended" };
    const blank = { id, stream, name, media: subject, started: time, picture: false, heat: false, review: null };
    this.items.set(id, before ? later(before, { ...before, ...told }) : { ...blank, ...told });
    this.#told.set(id, (this.#changes += 1));
    return !before;
  }
}

/** Whether the second review is one that was given after the first. */
export const newer = (before, after) => Boolean(after) && (!before || after.at > before.at);

/** What is known of one after another answer: an end stays, and so do the higher peak and the newer review. */
function later(before, told) {
  const higher = before.peak > told.peak ? { peak: before.peak, peak_position: before.peak_position } : {};
  const ended = told.end === null && before.end !== null ? { end: before.end, state: "ended" } : {};
  const review = newer(told.review, before.review) ? { review: before.review } : {};
  return { ...told, ...higher, ...ended, ...review };
}
