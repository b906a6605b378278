import { useEffect, useState } from "react";
import { ProgressBar } from "react-aria-components";
import type { ChosenFile } from "../../model/types";
import { usePageContext } from "../hooks";
import styles from "./file.module.css";

/** How often the socket is asked (milliseconds). It tells nothing by itself. */
const EVERY = 150;

/** How much of the files has left this browser. There is no word from the app until it has them all. */
export function SendProgress({ files }: { files: readonly ChosenFile[] }) {
  const { unsent } = usePageContext();
  const total = files.reduce((sum, { file }) => sum + file.size, 0);
  const [left, setLeft] = useState(unsent);
  useEffect(() => {
    const timer = setInterval(() => setLeft(unsent()), EVERY);
    return () => clearInterval(timer);
  }, [unsent]);
  const percent = total === 0 ? 100 : Math.round(100 * (1 - Math.min(1, left / total)));
  return (
    <ProgressBar className={styles.sending} value={percent} aria-label="Files sent">
      <span className={styles.track} aria-hidden="true">
        <span className={styles.bar} style={{ width: `${percent}%`, display: "block" }} />
      </span>
      {percent < 100 ? `Sending… ${percent} %` : "Sent. Waiting for the app…"}
    </ProgressBar>
  );
}
