/** The bytes of a base64 data URI, or of bare base64; null when it is neither. */
export function bytesOfDataUri(text: string): Uint8Array | null {
  const data = /^data:[^,]*;base64,/i.exec(text);
  if (!data && text.startsWith("data:")) return null;
  try {
    const binary = atob(data ? text.slice(data[0].length) : text);
    return Uint8Array.from(binary, (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}
