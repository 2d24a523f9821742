/** Whether labels match `selector` (`a=b,c in (d,e),f`); undefined for forms that are not understood here. */
export function parseSelector(selector: string): ((labels: { readonly [key: string]: string }) => boolean) | undefined {
  const form = /^\s*([^\s!=,()]+)(?:\s*==?\s*([^\s!=,()]*)|\s+in\s*\(([^()]*)\))?\s*$/;
  const requirements = selector === '' ? [] : selector.split(/,(?![^(]*\))/).map((text) => form.exec(text));
  if (requirements.includes(null)) return undefined;
  return (labels) =>
    requirements.every((requirement) => {
      const [, key = '', value, values] = requirement ?? [];
      const wanted = (value ?? values)?.split(',').map((entry) => entry.trim());
      return Object.hasOwn(labels, key) && wanted?.includes(labels[key] ?? '') !== false;
    });
}
