/** Labels made from names (CM 6). */

function words(name: string): string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1 $2")
    .split(/[_\-\s]+/)
    .filter((word) => word !== "");
}

function cased(word: string, capital: boolean): string {
  const lower = word.toLowerCase();
  if (lower === "id" || lower === "uuid") return lower.toUpperCase();
  if (word.length > 1 && word === word.toUpperCase() && /[A-Z]/.test(word)) return word;
  return capital ? lower.charAt(0).toUpperCase() + lower.slice(1) : lower;
}

/** "owner_email" → "Owner email", for inputs and buttons that have no label. */
export function labelFromId(id: string): string {
  return words(id)
    .map((word, at) => cased(word, at === 0))
    .join(" ");
}

/** "owner_email" → "Owner Email", for table columns. */
export function headingFromKey(key: string): string {
  return words(key)
    .map((word) => cased(word, true))
    .join(" ");
}
