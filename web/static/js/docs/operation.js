/** One operation as an article. */

import { el } from "../dom.js";
import { curl } from "./curl.js";
import { prose, properties, row, typeOf } from "./schema.js";

/** Every operation with its method and path, webhooks last. */
export function operationsOf(document_) {
  const listed = (paths, hook) =>
    Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ ...operation, method, path, hook })));
  return [...listed(document_.paths, false), ...listed(document_.webhooks ?? {}, true)];
}

export function operationArticle(operation, document_) {
  const method = el("span", "method", operation.method.toUpperCase());
  method.dataset.method = operation.method;
  const heading = el("h3", "", method, el("span", "path", operation.path), el("span", "", ...prose(operation.summary)));
  const article = el("article", "", heading);
  article.id = operation.operationId;
  if (operation.description) article.append(el("p", "", ...prose(operation.description)));
  if (!operation.hook) article.append(el("p", "muted", letIn(operation.security)));
  if (operation.parameters) article.append(el("h4", "", "Parameters"), parameterTable(operation.parameters));
  for (const [type, content] of Object.entries(operation.requestBody?.content ?? {})) {
    article.append(el("h4", "", `Body: ${type}`), bodyOf(content.schema));
  }
  article.append(el("h4", "", "Answers"), answerTable(operation.responses));
  if (!operation.hook) article.append(el("h4", "", "Example"), el("pre", "", curl(operation, document_, location.origin)));
  return article;
}

function letIn(security) {
  const ways = security.map((together) => Object.keys(together).join(" and ") || "nothing");
  return ways.length ? `Credentials: ${ways.join(", or ")}` : "No credentials";
}

function parameterTable(parameters) {
  const rows = parameters.map((one) =>
    row(one.name, [...typeOf(one.schema), `, in the ${one.in}`], prose(one.description), { optional: !one.required }));
  return el("table", "", ...rows);
}

function bodyOf(schema) {
  if (!schema) return el("p", "muted", "As its type says.");
  return schema.properties ? properties(schema) : el("p", "", ...typeOf(schema));
}

function answerTable(responses) {
  const rows = Object.entries(responses).map(([status, answer]) => {
    const kinds = Object.entries(answer.content ?? {});
    const shape = kinds.flatMap(([type, content]) => (content.schema?.type === "string" || !content.schema ? [type] : typeOf(content.schema)));
    return row(status, shape, prose(answer.description));
  });
  return el("table", "", ...rows);
}
