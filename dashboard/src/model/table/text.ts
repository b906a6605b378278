/** Text as search and filters compare it: case and accents do not matter. */
const MARKS = /\p{M}/gu;
const ASCII = /^\p{ASCII}*$/u;

export function folded(text: string): string {
  return (ASCII.test(text) ? text : text.normalize("NFD").replace(MARKS, "")).toLowerCase();
}
