// Whether a live item matches a filter: the tree comes from the server, which alone knows the language.
// The rules are those of filters/tree.py; a test runs the same cases through both.

const IDS = new Set(["event_id", "event_uuid"]);

/** Whether a text holds the parts in order, from end to end where the whole must match. */
function holds(parts, whole, original) {
  const text = original.toLowerCase();
  if (whole && parts.length === 1) return text === parts[0];
  let position = 0;
  return parts.every((part, i) => {
    const last = i === parts.length - 1;
    const found = whole && last ? text.lastIndexOf(part) : text.indexOf(part, position);
    if (found < position) return false;
    if (whole && i === 0 && found !== 0) return false;
    position = found + part.length;
    return !(whole && last) || position === text.length;
  });
}

const texts = (item, field) =>
  (field === "tags" ? (item.tags ?? []).map(([name]) => name) : [item[field] ?? ""]).map(String);

/** Whether an item matches a tree. */
export function matches([kind, ...rest], item) {
  switch (kind) {
    case "every": return rest.every((tree) => matches(tree, item));
    case "some": return rest.some((tree) => matches(tree, item));
    case "not": return !matches(rest[0], item);
    case "is": return Boolean(item.new) === rest[0];
    default: {
      const [fields, parts, whole] = rest;
      return fields.some((field) =>
        texts(item, field).some((text) => holds(parts, whole || IDS.has(field), text)));
    }
  }
}

/** A text as the language quotes it, to be matched as it is. */
export const quoted = (text) => `"${text.replace(/[*"\\]/g, "\\$&")}"`;
