import { getMetadataArgsStorage } from 'typeorm';

interface ColumnName {
  readonly property: string;
  readonly column: string;
}

function columnNames(entity: new () => object): ColumnName[] {
  return getMetadataArgsStorage()
    .columns.filter((column) => column.target === entity)
    .map((column) => ({ property: column.propertyName, column: column.options.name ?? column.propertyName }));
}

/**
 * The columns of an entity for a hand-written SELECT or RETURNING, named as its properties:
 * `u.app_id AS "appId", …`. Keeps hand-written statements in step with the entity.
 */
export function columnsOf(entity: new () => object, alias?: string): string {
  const dot = alias === undefined ? '' : `${alias}.`;
  return columnNames(entity)
    .map(({ property, column }) => `${dot}${column} AS "${property}"`)
    .join(', ');
}
