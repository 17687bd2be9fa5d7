/** Words for people, from messages.js. Pure. */

import { language, messages } from "./messages.js";

const plurals = new Intl.PluralRules(language);
const numbers = new Intl.NumberFormat(language);

/** Whether there is a message of this key. */
export const known = (key) => find(key) !== undefined;

/** The message `section.name` with its values filled in; numbers are written as the language does. */
export function t(key, values = {}) {
  const found = find(key);
  if (found === undefined) throw new Error(`no message ${key}`);
  const text = typeof found === "string" ? found : (found[plurals.select(values.n)] ?? found.other);
  return text.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = values[name];
    return typeof value === "number" ? numbers.format(value) : (value ?? whole);
  });
}

function find(key) {
  const [section, ...rest] = key.split(".");
  const part = Object.hasOwn(messages, section) ? messages[section] : {};
  const name = rest.join(".");
  return Object.hasOwn(part, name) ? part[name] : undefined;
}
