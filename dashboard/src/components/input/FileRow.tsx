import { useEffect, useState } from "react";
import { Button } from "react-aria-components";
import { formatSize } from "../../model/files";
import { Icon } from "../../ui/Icon";
import { fieldStyles } from "./Field";
import styles from "./file.module.css";

/** A chosen file: picture or mark, name, size, remove. */
export function FileRow({ file, onRemove }: { file: File; onRemove: () => void }) {
  const picture = usePicture(file);
  return (
    <li className={styles.file}>
      {picture ? (
        <img className={styles.picture} src={picture} alt="" />
      ) : (
        <span className={styles.picture}>
          <Icon name="file" size={18} />
        </span>
      )}
      <span className={styles.about}>
        <span className={styles.name}>{file.name}</span>
        <span className={fieldStyles.description}>{formatSize(file.size)}</span>
      </span>
      <Button className={styles.remove} aria-label={`Remove ${file.name}`} onPress={onRemove}>
        <Icon name="cross" />
      </Button>
    </li>
  );
}

/** The address of an image file's bytes while it is shown, else null. */
function usePicture(file: File): string | null {
  const [address, setAddress] = useState<string | null>(null);
  useEffect(() => {
    if (!/^image\/(?:png|jpeg|gif|webp|avif|bmp)$/.test(file.type)) return;
    const made = URL.createObjectURL(file);
    setAddress(made);
    return () => {
      URL.revokeObjectURL(made);
      setAddress(null);
    };
  }, [file]);
  return address;
}
