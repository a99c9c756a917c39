import { NodeOperationError, type IExecuteFunctions, type INodeParameterResourceLocator } from 'n8n-workflow';

/** A parameter as text, exactly as typed; undefined when empty. Numbers keep their digits, so amounts stay exact. */
export function optionalText(context: IExecuteFunctions, name: string, itemIndex: number): string | undefined {
  return textOf(context.getNodeParameter(name, itemIndex, ''));
}

/** The same, for a field that must be filled in. `displayName` is what the panel calls it. */
export function requiredText(context: IExecuteFunctions, name: string, displayName: string, itemIndex: number): string {
  const text = optionalText(context, name, itemIndex);
  if (text !== undefined) return text;
  throw new NodeOperationError(context.getNode(), `The field '${displayName}' is empty`, {
    description: 'Enter a value. If the field holds an expression, check that the incoming item has what it refers to.',
    itemIndex,
  });
}

/** The id that a resource locator holds, whichever way it was chosen; undefined when nothing is. */
export function locatedId(context: IExecuteFunctions, name: string, itemIndex: number): string | undefined {
  const locator = context.getNodeParameter(name, itemIndex, '') as INodeParameterResourceLocator | string | null;
  return textOf(locator !== null && typeof locator === 'object' ? locator.value : locator);
}

export function textOf(value: unknown): string | undefined {
  if (value === null || value === undefined) return undefined;
  const text = String(value).trim();
  return text === '' ? undefined : text;
}
