/** JSON schemas in words, as nodes and strings. */

import { el } from "../dom.js";

const BOUNDS = { minimum: "≥", exclusiveMinimum: ">", maximum: "≤", exclusiveMaximum: "<" };

/** Text in which backticks mark code. */
export function prose(text) {
  return text.split("`").map((part, index) => (index % 2 ? el("code", "", part) : part));
}

export function row(name, type, text, { optional = false } = {}) {
  const head = el("th", "", el("code", "", name), optional ? el("span", "optional muted", " optional") : "");
  head.scope = "row";
  return el("tr", "", head, el("td", "", ...type), el("td", "", ...text));
}

/** What a value may be. */
export function typeOf(schema) {
  if (schema.$ref) return [reference(schema.$ref.split("/").at(-1))];
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return choices.flatMap((choice, index) => (index ? [" or ", ...typeOf(choice)] : typeOf(choice)));
  if ("const" in schema) return [JSON.stringify(schema.const)];
  if (schema.enum) return [schema.enum.map((value) => JSON.stringify(value)).join(", "), ...fallback(schema)];
  if (schema.type === "array") return ["array of ", ...typeOf(schema.items ?? {})];
  const bounds = Object.entries(BOUNDS).filter(([key]) => key in schema).map(([key, sign]) => `${sign} ${schema[key]}`);
  const kind = schema.contentMediaType ? "file" : schema.format ?? schema.type ?? "anything";
  return [[kind, ...bounds].join(", "), ...fallback(schema)];
}

/** The table of an object's properties; of anything else what it may be. */
export function properties(schema) {
  if (!schema.properties) return el("p", "", ...typeOf(schema));
  const required = new Set(schema.required ?? []);
  const rows = Object.entries(schema.properties).map(([name, inner]) =>
    row(name, typeOf(inner), prose(inner.description ?? ""), { optional: !required.has(name) }));
  return el("table", "", ...rows);
}

function fallback(schema) {
  return schema.default === undefined || schema.default === null ? [] : [`, ${JSON.stringify(schema.default)} by default`];
}

function reference(name) {
  const anchor = el("a", "", name);
  anchor.href = `#schema-${name}`;
  return anchor;
}
