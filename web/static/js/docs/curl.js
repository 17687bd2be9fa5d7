/** An operation as a command for a shell. Pure. */

const FORM = "multipart/form-data";
/** Addresses that are optional only because a form may bring a file in their place. */
const ADDRESSES = ["url", "stream_url"];
/** What a form says beside its file; it may stand in the query too, so that no schema requires it. */
const SAID = ["models", "workflow", "model", "class"];

/** The call with all that it needs, placeholders in capitals. */
export function curl(operation, document_, origin) {
  const words = ["curl"];
  if (operation.method !== "get") words.push("-X", operation.method.toUpperCase());
  const schemes = Object.keys(operation.security.find((together) => Object.keys(together).length) ?? {});
  const query = schemes.filter((name) => document_.components.securitySchemes[name].in === "query").map((name) => [name, name.toUpperCase()]);
  const bodies = operation.requestBody?.content ?? {};
  const form = FORM in bodies;
  for (const one of operation.parameters ?? []) {
    if (one.in === "query" && (one.required || ADDRESSES.includes(one.name))) query.push([one.name, sample(one)]);
    if (one.in === "header" && one.required) words.push("-H", quoted(`${one.name}: ${one.name.toUpperCase()}`));
  }
  if (schemes.includes("bearer")) words.push("-H", quoted("Authorization: Bearer API_USER:API_SECRET"));
  if (form) {
    words.push(...query.splice(0).flatMap(([name, value]) => ["-F", quoted(`${name}=${value}`)]));
    words.push("-F", "media=@FILE");
    const fields = bodies[FORM].schema.properties;
    for (const name of SAID.filter((one) => one in fields)) words.push("-F", `${name}=${sample({ name, schema: fields[name] })}`);
  } else {
    words.push(...bodyOf(bodies));
  }
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name) => name.toUpperCase());
  const search = query.map(([name, value]) => `${name}=${value}`).join("&");
  words.push(quoted(origin + path + (search && `?${search}`)));
  return words.join(" ");
}

function sample(parameter) {
  return parameter.schema.examples?.[0] ?? parameter.schema.enum?.[0] ?? parameter.name.toUpperCase();
}

function bodyOf(bodies) {
  const [type, content] = Object.entries(bodies)[0] ?? [];
  if (type === undefined) return [];
  const data = content.example ? quoted(JSON.stringify(content.example)) : "@FILE";
  return ["-H", quoted(`Content-Type: ${type}`), content.example ? "-d" : "--data-binary", data];
}

function quoted(text) {
  return /^[\w@=./:-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
