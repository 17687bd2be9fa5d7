/** Draws /openapi.json: operations by tag, then the schemas that they refer to. */

import { byId, el, setHidden, setText } from "../dom.js";
import { operationArticle, operationsOf } from "./operation.js";
import { prose, properties } from "./schema.js";

function link(target, text) {
  const anchor = el("a", "", ...prose(text));
  anchor.href = `#${target}`;
  return anchor;
}

function drawTag(tag, operations, document_) {
  byId("contents").append(el("h2", "", tag));
  const section = el("section", "", el("h2", "", tag));
  for (const operation of operations) {
    byId("contents").append(link(operation.operationId, operation.summary));
    section.append(operationArticle(operation, document_));
  }
  byId("operations").append(section);
}

function drawSchemas(schemas) {
  byId("contents").append(el("h2", "", "Schemas"));
  for (const [name, schema] of Object.entries(schemas)) {
    const id = `schema-${name}`;
    byId("contents").append(link(id, name));
    const article = el("article", "", el("h3", "", name), el("p", "", ...prose(schema.description ?? "")), properties(schema));
    article.id = id;
    byId("schemas").append(article);
  }
  setHidden(byId("schemas"), false);
}

function draw(document_) {
  setText(byId("version"), document_.info.version);
  byId("about").replaceChildren(...prose(document_.info.description));
  const operations = operationsOf(document_);
  for (const { name } of document_.tags) {
    drawTag(name, operations.filter((operation) => operation.tags.includes(name)), document_);
  }
  drawSchemas(document_.components.schemas);
  // What the address points at is here only now.
  if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

async function start() {
  try {
    const response = await fetch("/openapi.json");
    if (!response.ok) throw new Error(`the service answers ${response.status}`);
    draw(await response.json());
  } catch (error) {
    setText(byId("about"), `The description cannot be read: ${error.message}. Load the page again.`);
  }
}

start();
