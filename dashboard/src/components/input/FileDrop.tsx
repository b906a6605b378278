import { type ClipboardEvent, useId, useRef, useState } from "react";
import { Button, DropZone, FileTrigger, isFileDropItem } from "react-aria-components";
import {
  acceptAttribute,
  acceptedNames,
  chooseFiles,
  formatSize,
  MAX_FILE_SIZE,
  NO_LIMIT,
  type RefusedFile,
} from "../../model/files";
import type { ChosenFile, FileDropProperties } from "../../model/types";
import { Icon } from "../../ui/Icon";
import { inputAnchor, useActions, useForm, useInput, useRenderId } from "../hooks";
import type { ComponentProps } from "../Render";
import { safeStyle } from "../style";
import { ErrorList, fieldStyles, OptionalMark } from "./Field";
import { FileRow } from "./FileRow";
import styles from "./file.module.css";
import { SendProgress } from "./SendProgress";

let keys = 0;
const newKey = () => `file-${++keys}`;

/** Files by browsing, dropping or pasting. What cannot be taken is named with its reason. */
export function FileDrop({ node }: ComponentProps<"input-file-drop">) {
  const input = useInput(node);
  const form = useForm(node.formId);
  const renderId = useRenderId();
  const actions = useActions();
  const [refused, setRefused] = useState<RefusedFile[]>([]);
  const outer = useRef<HTMLDivElement>(null);
  const id = useId();
  const { properties } = node.model;
  const sending = input.pending || (form?.submitting === true && input.value.length > 0);

  const change = (files: ChosenFile[]) => {
    input.setValue(files);
    actions.fileChange(node.model.id);
  };
  const add = (added: File[], folders = 0) => {
    const choice = chooseFiles(input.value, added, properties, newKey);
    if (folders > 0) choice.refused.push({ name: "Folder", reason: "Folders cannot be added; add their files." });
    setRefused(choice.refused);
    if (choice.files.length !== input.value.length || choice.files.some((file, at) => file !== input.value[at])) {
      change(choice.files);
    }
  };
  /** The base reads files that were copied as such, but no picture, which is what people paste most. */
  const paste = (event: ClipboardEvent) => {
    const files = [...event.clipboardData.files];
    const folder = [...event.clipboardData.items].some((item) => item.webkitGetAsEntry?.()?.isDirectory);
    if (files.length === 0 || folder) return;
    event.preventDefault();
    // Not twice.
    event.stopPropagation();
    add(files);
  };
  const remove = (key: string) => {
    setRefused([]);
    change(input.value.filter((file) => file.key !== key));
    // The pressed button goes away with its file.
    outer.current?.querySelector<HTMLElement>("[data-focus-first]")?.focus();
  };

  return (
    // biome-ignore lint/a11y/useSemanticElements: a legend cannot be laid out as the labels of the other inputs are
    <div
      ref={outer}
      {...inputAnchor(renderId, node.model.id)}
      className={fieldStyles.field}
      data-full
      role="group"
      aria-labelledby={`${id}label`}
      onPaste={paste}
      style={safeStyle(node.model.style)}
    >
      <span id={`${id}label`} className={fieldStyles.label}>
        {input.label}
        {!input.required && <OptionalMark />}
      </span>
      {input.description && (
        <span id={`${id}description`} className={fieldStyles.description}>
          {input.description}
        </span>
      )}
      <DropZone
        className={styles.zone}
        data-invalid={input.invalid || undefined}
        aria-label={`Drop or paste files: ${input.label}`}
        getDropOperation={() => "copy"}
        onDrop={async (event) => {
          const files = await Promise.all(event.items.filter(isFileDropItem).map((item) => item.getFile()));
          add(files, event.items.filter((item) => item.kind === "directory").length);
        }}
      >
        <FileTrigger
          allowsMultiple={properties.maxCount !== 1}
          acceptedFileTypes={acceptAttribute(properties.acceptedFileTypes)}
          onSelect={(list) => add([...(list ?? [])])}
        >
          <Button
            className={styles.choose}
            data-focus-first
            aria-describedby={`${id}label ${id}description ${id}limits ${id}errors`}
          >
            <Icon name="upload" />
            {properties.maxCount === 1 ? "Choose a file" : "Choose files"}
          </Button>
        </FileTrigger>
        <span className={styles.hint}>or drop or paste here</span>
        <span id={`${id}limits`} className={styles.limits}>
          {limitsText(properties)}
        </span>
      </DropZone>
      {input.value.length > 0 && (
        <ul className={styles.files} aria-label={`Files: ${input.label}`}>
          {input.value.map((chosen) => (
            <FileRow key={chosen.key} file={chosen.file} onRemove={() => remove(chosen.key)} />
          ))}
        </ul>
      )}
      {sending && <SendProgress files={input.value} />}
      <div aria-live="polite" className={styles.news}>
        {refused.map(({ name, reason }, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: two refused files may have one name; the list changes as a whole
          <span key={at} className={fieldStyles.error}>
            <Icon name="alert" size={14} />
            <span>
              <strong className={styles.name}>{name}</strong> was not added. {reason}
            </span>
          </span>
        ))}
      </div>
      <div id={`${id}errors`} className={fieldStyles.errors}>
        {input.invalid && <ErrorList errors={input.errors} />}
      </div>
    </div>
  );
}

/** "PDF, PNG · 2 files at most · 10 MB each" */
function limitsText({ acceptedFileTypes, maxCount }: FileDropProperties): string {
  const parts = [`${formatSize(MAX_FILE_SIZE)} each`];
  if (maxCount && maxCount > 1 && maxCount < NO_LIMIT) parts.unshift(`${maxCount} files at most`);
  if (acceptedFileTypes && acceptedFileTypes.length > 0) parts.unshift(acceptedNames(acceptedFileTypes));
  return parts.join(" · ");
}
