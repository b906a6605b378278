/**
 * What a number input takes over from a typed or pasted text, or null when it keeps what it had: digits, one leading
 * minus, one dot. A pasted "1,234.50" loses its separators; where a comma could be a decimal mark nothing is guessed.
 */
export function numberText(typed: string): string | null {
  const text = typed.trim().replace(/^[−–]/, "-");
  if (/^-?\d*\.?\d*$/.test(text)) return text;
  return /^-?\d{1,3}(?:,\d{3})+(?:\.\d*)?$/.test(text) ? text.replaceAll(",", "") : null;
}
