/** What can be followed of a run, by name. */
export const topic = {
  page: "page",
  root: (renderId: string) => `root ${renderId}`,
  node: (renderId: string, id: string) => `node ${renderId} ${id}`,
  input: (renderId: string, id: string) => `input ${renderId} ${id}`,
  form: (renderId: string, id: string) => `form ${renderId} ${id}`,
  table: (renderId: string, id: string) => `table ${renderId} ${id}`,
  pending: (renderId: string, id: string) => `pending ${renderId} ${id}`,
};
