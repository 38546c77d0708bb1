/** The command that the generated files name. */
export const COMMAND = 'npm run docs';

/** The first line of a page, and its heading. */
export function page(title, ...parts) {
  return `<!-- Generated from the code by \`${COMMAND}\`. Do not edit. -->\n\n# ${title}\n\n${parts.filter(Boolean).join('\n\n')}\n`;
}

/** A table; cells are Markdown, a bar in one is escaped unless it is already. */
export function table(heads, rows) {
  const line = (cells) =>
    `| ${cells.map((cell) => cell.replace(/(?<!\\)\|/g, '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n');
}

export function code(text) {
  return text === '' ? '' : `\`${text}\``;
}

/** Items under the key of each, keys in the order they first came. */
export function grouped(items, keyOf) {
  const groups = new Map();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}
