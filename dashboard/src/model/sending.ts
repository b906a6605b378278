/** The value of an input as an event carries it, and the files that go before that event. */
import type { Upload } from "../protocol/events";
import type { RenderState } from "./render";
import type { Json } from "./types";
import { type InputNode, type SentFile, wireValue } from "./values";

/** The input's files are added to `uploads`. */
export function valueToSend(render: RenderState, node: InputNode, uploads: Upload[], uuid: () => string): Json {
  const { id } = node.model;
  const value = render.inputs.get(id)?.value ?? null;
  if (node.type !== "input-file-drop") return wireValue(node, value, { page: render.tables.get(id)?.page });
  // The SDK forgets the bytes once an event has used them, so every event brings them again under new ids.
  const sentFiles: SentFile[] = (value as { file: File }[]).map(({ file }) => {
    const fileId = uuid();
    uploads.push({ fileId, file });
    return { fileId, fileName: file.name, fileSize: file.size, fileType: file.type };
  });
  return wireValue(node, value, { sentFiles });
}
